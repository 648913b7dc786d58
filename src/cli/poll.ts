import { Command } from 'commander';
import type { CycleResult } from '../model/cycle-status.js';
import { exitCodeOf, exitCodes } from './exit-codes.js';
import { daemonOf } from './reach.js';
import { printJson, printProse, requestOf, type Program } from './request.js';
import type { Terminal } from './terminal.js';
import { goesOn, watch } from './watching.js';
import { changes, generations, onTheLine, plural, safe, size } from './words.js';

export function pollCommand(program: Program): Command {
  return new Command('poll')
    .description('ask the parent now, and take over what is new')
    .argument('[repository...]', 'only these')
    .option('--wait', 'wait for the end, and say for each repository what came of it')
    .action(async (repositories: string[], options: { wait?: boolean }, command: Command) => {
      const request = requestOf(program, command);
      const { terminal, json } = request;
      const printed = new Set<string>();
      const print = async (cycle: CycleResult): Promise<void> => {
        if (json || printed.has(cycle.repository)) return;
        printed.add(cycle.repository);
        await printProse(terminal, cycleLines(cycle, terminal.colours));
      };
      const api = await daemonOf(request);
      const names = repositories.length === 0 ? null : repositories;
      const polling = watch(request, { onCycle: print }, (work) =>
        api.poll(names, { ...work, wait: options.wait === true }),
      );
      const result = await polling.catch(goesOn(terminal, 'the cycle'));
      if (json) await printJson(terminal, result);
      for (const cycle of result.cycles ?? []) await print(cycle);
      if (!json && result.cycles === null) await printProse(terminal, [startedLine(result.repositories)]);
      if (!json && result.repositories.length === 0)
        await printProse(terminal, ['nothing to poll: the parent has named no repository that is for this depot']);
      program.endWith(exitOf(result.cycles ?? []));
    });
}

function startedLine(repositories: readonly string[]): string {
  return `polls ${repositories.join(', ')}; how far it is: depot status`;
}

/** A failure outweighs what is held, and that an interruption. */
function exitOf(cycles: readonly CycleResult[]): number {
  const failed = cycles.find(({ outcome }) => outcome === 'failed');
  if (failed !== undefined) return failed.error === null ? exitCodes.failed.code : exitCodeOf(failed.error.code);
  if (cycles.some(({ outcome, held }) => outcome === 'held' || held > 0)) return exitCodes.held.code;
  return cycles.some(({ outcome }) => outcome === 'interrupted') ? exitCodes.interrupted.code : exitCodes.ok.code;
}

/** What came of one cycle, in a line, and the command that helps where one does. */
function* cycleLines(cycle: CycleResult, { green, yellow, red }: Terminal['colours']): Generator<string> {
  const { repository, outcome, fromGeneration, toGeneration, fetched, held, error } = cycle;
  const crossed = cycle.wire === 0 ? '' : `, ${onTheLine({ bytes: cycle.wire, exact: true })}`;
  const fetchedWords = `fetched ${plural(fetched.files, 'file')}, ${size(fetched.bytes)}${crossed}`;
  const change = changes(cycle.added, cycle.replaced, cycle.deleted);
  const step = generations(fromGeneration, toGeneration);
  switch (outcome) {
    case 'unchanged':
      yield `${repository}: nothing new${toGeneration === null ? '' : ` since generation ${toGeneration}`}`;
      break;
    case 'applied':
      yield `${repository}: ${green(step)}, ${fetchedWords}; ${change}`;
      if (error !== null) yield `  ${safe(error.message)}`;
      break;
    case 'waiting':
      if (error?.code === 'window-closed') {
        yield `${repository}: ${yellow('waits')}: ${safe(error.message)}`;
        break;
      }
      yield `${repository}: ${yellow('waits')} for the parent to have a newer generation complete`;
      break;
    case 'interrupted':
      yield `${repository}: ${yellow('interrupted')}, ${fetchedWords}; the next poll goes on from there`;
      break;
    case 'held':
      yield `${repository}: ${yellow('held')}, ${step}, ${fetchedWords}; ${change}`;
      break;
    case 'failed':
      yield `${repository}: ${red('failed')}: ${error === null ? 'no reason was given' : safe(error.message)}`;
      if (error?.hint != null) yield `  ${safe(error.hint)}`;
  }
  if (held > 0) yield `  the deletion of ${plural(held, 'file')} waits for approval: depot holds`;
  else if (outcome === 'held') yield '  it waits for approval: depot holds';
}
