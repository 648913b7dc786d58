import { Command } from 'commander';
import type { MoveResult, TakeOverResult } from '../model/trust-status.js';
import type { Keyboard } from './interview.js';
import { bring, passphraseOption, rootKeyOption, type BringOptions } from './key-files.js';
import { daemonOf } from './reach.js';
import { printJson, printProse, requestOf, type Program } from './request.js';

/** At the depot that is to be the master: asks for the repository. */
export function takeOverCommand(
  program: Program,
  keyboard: Keyboard = { input: process.stdin, output: process.stderr },
): Command {
  return new Command('take-over')
    .description('at a depot that holds all of it: ask its master depot to give the repository to this one')
    .argument('<repository>')
    .option('--cancel', 'do not ask any more')
    .option('--root-key <file...>', 'where the master depot is lost: its root key, or as many as must sign')
    .option(...passphraseOption)
    .action(async (repository: string, options: BringOptions & { cancel?: boolean }, command: Command) => {
      const request = requestOf(program, command);
      const { moves, keys } = await daemonOf(request);
      const take = async (): Promise<TakeOverResult> =>
        moves.takeOver(repository, await bring(keys, repository, options, keyboard, request.terminal.signal));
      const result = await (options.cancel === true ? moves.cancel(repository) : take());
      if (request.json) return printJson(request.terminal, result);
      await printProse(request.terminal, taken(result));
    });
}

/** At the master depot: gives the repository away. */
export function moveCommand(
  program: Program,
  keyboard: Keyboard = { input: process.stdin, output: process.stderr },
): Command {
  return new Command('move')
    .description('at its master depot: give the repository to a depot that asks for it; needs the root key')
    .argument('<repository>')
    .requiredOption('--to <depot>', 'the depot that asks')
    .option(...rootKeyOption)
    .option(...passphraseOption)
    .action(async (repository: string, { to, ...options }: BringOptions & { to: string }, command: Command) => {
      const request = requestOf(program, command);
      const { moves, keys } = await daemonOf(request);
      const brought = await bring(keys, repository, options, keyboard, request.terminal.signal);
      const result = await moves.move(repository, to, brought);
      if (request.json) return printJson(request.terminal, result);
      await printProse(request.terminal, moved(result));
    });
}

/** At the master depot: the repository stays. */
export function keepCommand(program: Program): Command {
  return new Command('keep')
    .description(
      'at its master depot: turn down a depot that asks for it, or take back a move that is not in the directory',
    )
    .argument('<repository>')
    .option('--from <depot>', 'the depot that asks, where several do')
    .action(async (repository: string, { from }: { from?: string }, command: Command) => {
      const request = requestOf(program, command);
      const { moves } = await daemonOf(request);
      const result = await moves.keep(repository, from ?? null);
      if (request.json) return printJson(request.terminal, result);
      await printProse(request.terminal, moved(result));
    });
}

function* taken({ repository, depot, master, generation, state }: TakeOverResult): Generator<string> {
  if (state === 'cancelled') {
    yield `this depot does not ask for ${repository} any more; ${master} stays its master depot`;
    return;
  }
  if (state === 'taken-over') {
    yield `${repository} was taken over from ${master} at generation ${generation ?? 0}; it is published here once this depot has polled`;
    yield `if ${master} comes back, it is a child for it, and what it published since is not taken by anybody`;
    return;
  }
  yield `asked for ${repository}, of which generation ${generation ?? 0} is whole here`;
  yield `its administrator decides, once ${master} has polled: there, depot repository move ${repository} --to ${depot}`;
}

function* moved({ repository, to, generation, state }: MoveResult): Generator<string> {
  if (state === 'kept') {
    yield `${repository} stays here; ${to} does not get it`;
    return;
  }
  yield `generation ${generation ?? 0} is the last one of ${repository} that was published here; ${to} goes on from it`;
  yield state === 'moved'
    ? `the directory names ${to} as the master depot now; this depot is a child for ${repository}, and its source stays as it is`
    : `the depot that holds the directory could not be reached and is told as soon as it can be; until then nobody publishes (depot status)`;
}
