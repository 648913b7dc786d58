import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import type { Settings } from '../config/settings.js';
import { defaultData } from '../config/shape.js';
import { configText } from '../config/write.js';
import { realHost } from '../host.js';
import { DepotError } from '../model/errors.js';
import { isSha256 } from '../model/sha256.js';
import type { DepotIdentity } from '../trust/identity.js';
import { parseToken } from '../trust/invitation.js';
import { answeredSettings } from './init-answers.js';
import { configHeader, refuseExisting, startCommands, writeConfig } from './init.js';
import type { Keyboard } from './interview.js';
import { printJson, printLines, requestOf, type Program } from './request.js';

interface JoinOptions {
  readonly tokenFile?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly directory?: string;
  readonly parent?: readonly string[];
  readonly listen: string;
  readonly data: string;
  readonly force?: true;
}

/** From a bare machine to a depot that can poll: certificate, trusted roots and configuration. */
export function joinCommand(
  program: Program,
  keyboard: Keyboard = { input: process.stdin, output: process.stderr },
): Command {
  return new Command('join')
    .description(
      "become a depot of the company, with a token that depot invite gave, or a certificate of the company's PKI",
    )
    .option(
      '--token-file <file>',
      'read the token from this file (default: it is asked for, or read from standard input)',
    )
    .option('--certificate <file>', "in place of a token: what the company's own PKI issued for this depot, PEM")
    .option('--key <file>', 'with it: its private key, PEM')
    .option('--directory <sha256>', 'with it: the hash that depot ca init --anchors printed, as depot cert does')
    .option('--parent <url...>', 'with it: the depot above, or several in the order in which they are asked')
    .option('--listen <url>', 'where this depot listens', 'https://0.0.0.0:8443')
    .option('--data <folder>', 'where it keeps everything', defaultData)
    .option('--force', 'overwrite the configuration if there is one')
    .addHelpText('after', '\nThe token is a secret, so it is never an argument: others can see those.')
    .action(async (options: JoinOptions, command: Command) => {
      const { terminal, configFile: file, json, version } = requestOf(program, command);
      await refuseExisting(file, options.force === true);
      const settings = isWithCertificate(options)
        ? await withCertificate(options, file, version, terminal.signal)
        : await withToken(options, file, version, terminal.signal, keyboard);
      const { depot, site } = settings;
      await writeConfig(file, configText(settings, configHeader('depot join')));
      if (json) return printJson(terminal, { file, depot, site, data: settings.data });
      await printLines(terminal, [
        `${depot} at ${site} has joined; wrote ${file}`,
        '',
        'next:',
        ...(await startCommands(file)),
      ]);
    });
}

function isWithCertificate(options: JoinOptions): boolean {
  return [options.certificate, options.key, options.directory, options.parent].some((each) => each !== undefined);
}

async function withToken(
  { tokenFile, listen, data }: JoinOptions,
  file: string,
  version: string,
  signal: AbortSignal,
  keyboard: Keyboard,
): Promise<Settings> {
  const invitation = parseToken(await readToken(tokenFile, keyboard, signal));
  const { depot, site, urls } = invitation;
  const settings = answeredSettings({ depot, site, listen, data, parent: urls }, file);
  const { joinCompany } = await import('../daemon/joining.js');
  await joinCompany({ invitation, data: settings.data, version, host: realHost, signal });
  return settings;
}

/** The directory says who this depot is; the rest of the settings are held against their rules before it is asked. */
async function withCertificate(
  { tokenFile, certificate, key, directory, parent, listen, data }: JoinOptions,
  file: string,
  version: string,
  signal: AbortSignal,
): Promise<Settings> {
  if (certificate === undefined || key === undefined || directory === undefined || parent === undefined) {
    throw refusal('--certificate, --key, --directory and --parent belong together');
  }
  if (tokenFile !== undefined) throw refusal('--token-file and --certificate exclude each other');
  if (!isSha256(directory)) throw refusal('--directory is a SHA-256: 64 hexadecimal digits in lower case');
  const files = { file: resolve(certificate), key: resolve(key) };
  const settingsOf = (self: DepotIdentity): Settings =>
    answeredSettings({ ...self, listen, data, parent, certificate: files }, file);
  const trial = settingsOf({ depot: 'trial', site: 'trial' });
  const urls = trial.parents.map(({ url }) => url);
  const how = { certificate: files, directory, parents: urls, data: trial.data, version, host: realHost, signal };
  const { joinWithCertificate } = await import('../daemon/joining-provided.js');
  return settingsOf(await joinWithCertificate(how));
}

function refusal(message: string): DepotError {
  return new DepotError('bad-request', message, { hint: 'depot join --help', retry: 'never' });
}

async function readToken(file: string | undefined, { input, output }: Keyboard, signal: AbortSignal): Promise<string> {
  if (file !== undefined) {
    return readFile(file, 'utf8').catch((cause: unknown) => {
      throw new DepotError('bad-request', `the token file ${file} cannot be read`, { cause, retry: 'never' });
    });
  }
  if (input.isTTY !== true) {
    const chunks: Buffer[] = [];
    for await (const chunk of input) chunks.push(Buffer.from(chunk as Uint8Array | string));
    return Buffer.concat(chunks).toString('utf8');
  }
  const reader = createInterface({ input, output, terminal: false, signal });
  try {
    return await reader.question('Token: ');
  } finally {
    reader.close();
  }
}
