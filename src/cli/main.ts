import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { defaultConfigPath } from '../config/location.js';
import { DepotError } from '../model/errors.js';
import { caCommand } from './ca.js';
import { certCommand } from './cert.js';
import { completionCommand, hiddenCompleteCommand } from './completion.js';
import { configCommand } from './config-check.js';
import { asShown, showError } from './errors.js';
import { exitCodeOf, exitCodeRows, exitCodes } from './exit-codes.js';
import { forecastCommand } from './forecast.js';
import { gcCommand } from './gc.js';
import { historyCommand } from './history.js';
import { approveCommand, holdsCommand } from './holds.js';
import { initCommand } from './init.js';
import { inviteCommand } from './invite.js';
import { joinCommand } from './join.js';
import { keysCommand } from './keys.js';
import { lsCommand } from './ls.js';
import { paceCommand, pauseCommand, resumeCommand } from './pace.js';
import { packageCommand } from './package.js';
import { planCommand } from './plan.js';
import { pollCommand } from './poll.js';
import { publishCommand } from './publish.js';
import { reloadCommand } from './reload.js';
import { repositoryCommand } from './repository.js';
import type { Program } from './request.js';
import { revokeCommand } from './revoke.js';
import { statusCommand } from './status.js';
import { ReaderGone, type Terminal } from './terminal.js';
import { subjectCommand } from './subject.js';
import { trustCommand } from './trust.js';
import { verifyCommand } from './verify.js';
import { windowsCommand } from './windows.js';
import { versionCommand } from './version.js';

/** Runs `depot ARGS`; nothing is thrown. @returns the exit code, of the table in exit-codes.ts */
export async function main(args: readonly string[], terminal: Terminal, env: NodeJS.ProcessEnv): Promise<number> {
  let exitCode: number = exitCodes.ok.code;
  const program: Program = { version: packageVersion(), terminal, env, endWith: (code) => void (exitCode = code) };
  const usage: string[] = [];
  const root = rootCommand(program, (text) => usage.push(text));
  try {
    await root.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (thrown) {
    if (terminal.signal.aborted && terminal.signal.reason instanceof ReaderGone) return exitCodes.ok.code;
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return exitCodes.ok.code;
    const error = thrown instanceof CommanderError ? usageError(thrown, usage) : asShown(thrown);
    if (error !== undefined) showError(terminal, error, args.includes('--json'));
    return error === undefined ? exitCodes.usage.code : exitCodeOf(error.code);
  }
}

function rootCommand(program: Program, onUsageError: (text: string) => void): Command {
  const { terminal } = program;
  const root = new Command('depot')
    .description('Looks at and steers the depot daemon of this machine.')
    .option('--config <file>', `the configuration of the daemon (default: $DEPOT_CONFIG, else ${defaultConfigPath})`)
    .option('--json', 'one JSON text on stdout, for programs')
    .version(program.version, '-V, --version', 'print the version of this command')
    .commandsGroup('To set up:')
    .helpCommand('help [command]', 'what a command does, with its options')
    .addHelpText('after', ({ error }) => (error ? '' : exitCodeHelp()));
  const groups = {
    'To look:': [
      ...[statusCommand, planCommand, forecastCommand, windowsCommand],
      ...[lsCommand, historyCommand, holdsCommand, verifyCommand],
    ],
    'To act:': [
      pollCommand,
      publishCommand,
      packageCommand,
      approveCommand,
      gcCommand,
      paceCommand,
      pauseCommand,
      resumeCommand,
      reloadCommand,
    ],
    'To trust:': [
      ...[keysCommand, certCommand, inviteCommand, subjectCommand, revokeCommand],
      ...[repositoryCommand, trustCommand],
    ],
    'To set up:': [initCommand, caCommand, joinCommand, configCommand, versionCommand, completionCommand],
  };
  for (const [title, commands] of Object.entries(groups)) {
    for (const make of commands) root.addCommand(make(program).helpGroup(title));
  }
  root.addCommand(hiddenCompleteCommand(program), { hidden: true });
  for (const command of everyCommand(root)) {
    command
      .exitOverride()
      .configureHelp({
        showGlobalOptions: true,
        helpWidth: Math.min(terminal.width, 100),
        subcommandTerm: (sub) => sub.name(),
      })
      .configureOutput({
        writeOut: (text) => void terminal.out(text).catch(() => undefined),
        writeErr: (text) => terminal.err(text),
        outputError: (text) => onUsageError(text),
      });
  }
  return root;
}

function exitCodeHelp(): string {
  const rows = exitCodeRows().map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`);
  return ['', 'Exit codes:', ...rows].join('\n');
}

function* everyCommand(command: Command): Generator<Command> {
  yield command;
  for (const sub of command.commands) yield* everyCommand(sub);
}

/** Commander's `error: …` and `(Did you mean …?)` as message and hint; undefined where it has shown the help instead. */
function usageError(thrown: CommanderError, said: readonly string[]): DepotError | undefined {
  const text = said.join('').trim();
  if (text === '') return undefined;
  const [message = thrown.message, suggestion] = text.replace(/^error: /, '').split('\n');
  const hint = suggestion?.replace(/^\((.*)\)$/, '$1') ?? 'depot help, or depot COMMAND --help';
  return new DepotError('bad-request', message, { hint, retry: 'never' });
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
