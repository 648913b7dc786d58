import { Command } from 'commander';
import type { DepotStatus } from '../model/status.js';
import { depotStatus } from '../serve/status.js';
import { watchSeconds } from './arguments.js';
import { askOrRead } from './reach.js';
import { printJson, requestOf, type Program, type Request } from './request.js';
import { statusView } from './status-view.js';
import { newestKnown, stateOf } from './tree-order.js';
import { treeView } from './tree-view.js';

interface Options {
  readonly tree?: boolean;
  readonly late?: boolean;
  readonly watch?: number | true;
}

const clearScreen = '\u001b[H\u001b[2J';
const defaultWatchSeconds = 2;

export function statusCommand(program: Program): Command {
  return new Command('status')
    .description('how this depot stands, and what needs a person')
    .option('--tree', 'all depots below, each with its generations and how far it is behind')
    .option('--late', 'of the tree only the depots that are late')
    .option('--watch [seconds]', 'show it again and again, until Ctrl-C', watchSeconds)
    .addHelpText(
      'after',
      '\nA depot is late when it has not applied the newest generation known here, has an error, holds something, or\nwas not heard of for a day; otherwise it is current.',
    )
    .action(async (options: Options, command: Command) => {
      const request = requestOf(program, command);
      const { terminal } = request;
      if (options.watch === undefined) return show(request, options);
      const everyMs = 1000 * (options.watch === true ? defaultWatchSeconds : options.watch);
      while (!terminal.signal.aborted) {
        await show(request, options, everyMs);
        // Ctrl-C is how watching ends.
        await terminal.sleep(everyMs, terminal.signal).catch(() => undefined);
      }
    });
}

async function show(request: Request, options: Options, everyMs?: number): Promise<void> {
  const { terminal } = request;
  const tree = options.tree === true || options.late === true;
  const status = await askOrRead(
    request,
    (api) => api.status({ tree }),
    ({ store, facts }) => depotStatus(store, facts, null, { nowMs: terminal.now(), tree }),
  );
  if (request.json) return printJson(terminal, options.late === true ? onlyLate(status) : status);
  const text = tree ? treeView(status, terminal, options.late === true) : statusView(status, terminal);
  await terminal.out(`${everyMs !== undefined && terminal.isTerminal ? clearScreen : ''}${text}`);
}

function onlyLate(status: DepotStatus): DepotStatus {
  const now = Date.parse(status.now);
  const known = newestKnown(status);
  return { ...status, below: status.below?.filter((row) => stateOf(row, known, now) !== 'current') ?? null };
}
