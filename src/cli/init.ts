import { chown, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { defaultConfigPath } from '../config/location.js';
import { configText } from '../config/write.js';
import { asDepotError, DepotError } from '../model/errors.js';
import { writeFileDurably } from '../store/durable.js';
import { answeredSettings, answerProblems, type Answers, type Question } from './init-answers.js';
import { interview, type Keyboard } from './interview.js';
import { printJson, printLines, requestOf, type Program } from './request.js';

interface InitOptions extends Omit<Answers, 'certificate'> {
  readonly certificate?: string;
  readonly key?: string;
  readonly origin?: true;
  readonly force?: true;
}

/** Writes a commented configuration, asking for what the options do not say. */
export function initCommand(
  program: Program,
  keyboard: Keyboard = { input: process.stdin, output: process.stderr },
): Command {
  return new Command('init')
    .description('write a configuration, by a few questions or by these options')
    .option('--depot <name>', 'the name of this depot')
    .option('--site <site>', 'where it stands, such as enterprise/germany/munich')
    .option('--origin', 'it has no parent')
    .option('--parent <url...>', 'the depot above, or several in the order in which they are asked')
    .option('--listen <url>', 'where it listens')
    .option('--data <folder>', 'where it keeps everything')
    .option('--repository <name>', 'a repository that is published here')
    .option('--source <folder>', 'the folder that is published')
    .option('--context <site>', 'the site that gets it, with all sites below')
    .option(
      '--certificate <file>',
      "what the company's own PKI issued for this depot, PEM, with --key; no other company has it",
    )
    .option('--key <file>', 'its private key, PEM')
    .option('--force', 'overwrite the file if there is one')
    .addHelpText('after', '\nNothing is asked when --depot, --site, and --origin or --parent are given.')
    .action(async (options: InitOptions, command: Command) => {
      const { terminal, configFile: file, json } = requestOf(program, command);
      const given = givenAnswers(options);
      await refuseExisting(file, options.force === true);
      const missing = missingOptions(given);
      const asks = missing.length > 0 && keyboard.input.isTTY === true && keyboard.output.isTTY === true;
      if (missing.length > 0 && !asks) {
        throw refusal(`missing: ${missing.join(', ')}`, 'give these options, or run this on a terminal to be asked');
      }
      const answers = asks ? await interview(given, keyboard, file, terminal.signal) : given;
      const settings = answeredSettings(answers, file);
      await writeConfig(file, configText(settings, configHeader('depot init')));
      if (json) return printJson(terminal, { file, depot: settings.depot, site: settings.site, data: settings.data });
      await printLines(terminal, [`wrote ${file}`, '', 'next:', ...(await startCommands(file))]);
    });
}

/** @throws DepotError `bad-request` with all that is wrong with the options */
function givenAnswers({ origin, force, certificate, key, ...options }: InitOptions): Answers {
  if ((certificate === undefined) !== (key === undefined)) throw refusal('--certificate and --key belong together');
  if (origin === true && options.parent !== undefined) {
    throw refusal('--origin and --parent exclude each other', 'an origin has no parent; leave one of them out');
  }
  if (options.repository === undefined && (options.source ?? options.context) !== undefined) {
    throw refusal('--source and --context need --repository', 'name the repository that is published from there');
  }
  const given: Answers = {
    ...options,
    ...(origin === true ? { parent: [] } : {}),
    ...(certificate === undefined || key === undefined
      ? {}
      : { certificate: { file: resolve(certificate), key: resolve(key) } }),
  };
  const wrong = answerProblems(given).filter(({ question }) => given[question] !== undefined);
  if (wrong.length > 0) throw refusal(wrong.map(({ question, message }) => `--${question}: ${message}`).join('\n'));
  return given;
}

function missingOptions(given: Answers): string[] {
  const published: Question[] = given.repository === undefined ? [] : ['source', 'context'];
  const needed: Question[] = ['depot', 'site', 'parent', ...published];
  const missing = needed.filter((question) => given[question] === undefined);
  return missing.map((question) => (question === 'parent' ? '--parent (or --origin)' : `--${question}`));
}

function refusal(message: string, hint = 'depot init --help'): DepotError {
  return new DepotError('bad-request', message, { hint, retry: 'never' });
}

/** @throws DepotError `bad-request` */
export async function refuseExisting(file: string, force: boolean): Promise<void> {
  const there = await stat(file).catch(() => undefined);
  if (there === undefined) return;
  if (!there.isFile()) throw refusal(`${file} is not a file`, 'name the file to write with --config');
  if (!force)
    throw refusal(
      `${file} exists already`,
      `look at it: depot config check ${quoted(file)}; or overwrite it with --force`,
    );
}

/** @throws DepotError `no-permission` */
export async function writeConfig(file: string, text: string): Promise<void> {
  try {
    await writeFileDurably(file, text, { mode: 0o640 });
    const { gid } = await stat(dirname(file));
    // The folder's group is that of the service, which has to read what root writes.
    if (process.getuid?.() === 0 && gid !== 0) await chown(file, 0, gid);
  } catch (cause) {
    const system = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (system !== 'EACCES' && system !== 'EPERM') throw asDepotError(cause, `cannot write ${file}`);
    const hint = 'use sudo, or write to another place with --config FILE';
    throw new DepotError('no-permission', `this user may not write ${file}`, { cause, hint, retry: 'never' });
  }
}

/** What stands above all settings. */
export function configHeader(by: string): string[] {
  const schema = fileURLToPath(new URL('../../config/depot.schema.json', import.meta.url));
  return [`yaml-language-server: $schema=${schema}`, '', `Written by ${by}. What it comes to: depot config check`];
}

/** As a person would type them. Root's file has to be opened to the group that the service runs as. */
export async function startCommands(file: string): Promise<string[]> {
  const usual = file === defaultConfigPath;
  const name = quoted(file);
  const unreadable = usual && process.getuid?.() === 0 && (await stat(file)).gid === 0;
  return [
    ...(unreadable ? [`  chgrp depotd ${name}`] : []),
    `  depot config check${usual ? '' : ` ${name}`}`,
    usual ? '  systemctl enable --now depotd' : `  depotd --config ${name}`,
    `  depot${usual ? '' : ` --config ${name}`} status`,
  ];
}

function quoted(file: string): string {
  return /^[\w./+-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;
}
