import { Command, Option } from 'commander';
import { newestOf, stateOf } from '../model/report-state.js';
import type { DepotStatus } from '../model/status.js';
import { depotStatus } from '../serve/status.js';
import { attention } from './attention.js';
import { watchSeconds } from './arguments.js';
import { askOrRead } from './reach.js';
import { printJson, printProse, requestOf, type Program, type Request } from './request.js';
import { checkCode } from './status-check.js';
import { statusView } from './status-view.js';
import { treeView } from './tree-view.js';

interface Options {
  readonly tree?: boolean;
  readonly late?: boolean;
  readonly watch?: number | true;
  readonly check?: boolean;
  readonly names?: boolean;
}

const clearScreen = '\u001b[H\u001b[2J';
const defaultWatchSeconds = 2;

export function statusCommand(program: Program): Command {
  return new Command('status')
    .description('how this depot stands, and what needs a person')
    .option('--tree', 'all depots below, each with its generations and how far it is behind')
    .option('--late', 'of the tree only the depots that are late')
    .option('--watch [seconds]', 'show it again and again, until Ctrl-C', watchSeconds)
    .option('--names', 'list all names that are held back, not the first ten')
    .addOption(
      new Option('--check', 'for monitoring: only what needs a person, and the exit code of the worst of it').conflicts(
        ['tree', 'late', 'watch', 'names'],
      ),
    )
    .addHelpText(
      'after',
      '\nA depot is late when it has not applied the newest generation known here, has an error, holds something, or\nwas not heard of for a day; otherwise it is current.',
    )
    .action(async (options: Options, command: Command) => {
      const request = requestOf(program, command);
      const { terminal } = request;
      if (options.check === true) return program.endWith(await check(request));
      if (options.watch === undefined) return show(request, options);
      const everyMs = 1000 * (options.watch === true ? defaultWatchSeconds : options.watch);
      while (!terminal.signal.aborted) {
        await show(request, options, everyMs);
        // Ctrl-C is how watching ends.
        await terminal.sleep(everyMs, terminal.signal).catch(() => undefined);
      }
    });
}

/** @returns the exit code */
async function check(request: Request): Promise<number> {
  const status = await read(request, false);
  const { terminal } = request;
  if (request.json) await printJson(terminal, status);
  else await printProse(terminal, attention(status, terminal.colours, Date.parse(status.now)));
  return checkCode(status);
}

function read(request: Request, tree: boolean): Promise<DepotStatus> {
  return askOrRead(
    request,
    (api) => api.status({ tree }),
    ({ store, facts }) => depotStatus(store, facts, null, { nowMs: request.terminal.now(), tree }),
  );
}

async function show(request: Request, options: Options, everyMs?: number): Promise<void> {
  const { terminal } = request;
  const tree = options.tree === true || options.late === true;
  const status = await read(request, tree);
  if (request.json) return printJson(terminal, options.late === true ? onlyLate(status) : status);
  const text = tree
    ? treeView(status, terminal, options.late === true)
    : statusView(status, terminal, options.names === true);
  await terminal.out(`${everyMs !== undefined && terminal.isTerminal ? clearScreen : ''}${text}`);
}

function onlyLate(status: DepotStatus): DepotStatus {
  const now = Date.parse(status.now);
  const known = newestOf(status.repositories);
  return { ...status, below: status.below?.filter((row) => stateOf(row, known, now) !== 'current') ?? null };
}
