import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { defaultData } from '../config/shape.js';
import { configText } from '../config/write.js';
import { joinCompany } from '../daemon/joining.js';
import { realHost } from '../host.js';
import { DepotError } from '../model/errors.js';
import { parseToken } from '../trust/invitation.js';
import { answeredSettings } from './init-answers.js';
import { configHeader, refuseExisting, startCommands, writeConfig } from './init.js';
import type { Keyboard } from './interview.js';
import { printJson, printLines, requestOf, type Program } from './request.js';

interface JoinOptions {
  readonly tokenFile?: string;
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
    .description('become a depot of the company, with a token that depot invite gave')
    .option(
      '--token-file <file>',
      'read the token from this file (default: it is asked for, or read from standard input)',
    )
    .option('--listen <url>', 'where this depot listens', 'https://0.0.0.0:8443')
    .option('--data <folder>', 'where it keeps everything', defaultData)
    .option('--force', 'overwrite the configuration if there is one')
    .addHelpText('after', '\nThe token is a secret, so it is never an argument: others can see those.')
    .action(async (options: JoinOptions, command: Command) => {
      const { terminal, configFile: file, json, version } = requestOf(program, command);
      await refuseExisting(file, options.force === true);
      const invitation = parseToken(await readToken(options.tokenFile, keyboard, terminal.signal));
      const { depot, site, urls } = invitation;
      const { listen, data } = options;
      const settings = answeredSettings({ depot, site, listen, data, parent: urls }, file);
      await joinCompany({ invitation, data: settings.data, version, host: realHost, signal: terminal.signal });
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
