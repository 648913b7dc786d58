import { DepotError } from '../model/errors.js';
import type { CycleResult } from '../model/cycle-status.js';
import type { ListedEntry } from '../model/listing.js';
import type { PlanStep } from '../model/plan-status.js';
import type { LongWork } from '../serve/control-api.js';
import { progressLine } from './progress.js';
import type { Request } from './request.js';
import type { Terminal } from './terminal.js';
import { safe } from './words.js';

/** What a command does with what arrives before the result. */
export interface Listeners {
  readonly onCycle?: (cycle: CycleResult) => Promise<void>;
  readonly onSteps?: (steps: readonly PlanStep[]) => Promise<void>;
  readonly onEntries?: (entries: readonly ListedEntry[]) => Promise<void>;
}

/** Runs long work with its progress on stderr, until it ends or Ctrl-C is pressed. */
export async function watch<Result>(
  request: Request,
  listeners: Listeners,
  work: (work: LongWork) => Promise<Result>,
): Promise<Result> {
  const { terminal, json } = request;
  const progress = progressLine(terminal, json);
  try {
    return await work({
      signal: terminal.signal,
      async onEvent(event) {
        if (event.type === 'progress') return progress.show(event);
        progress.clear();
        if (event.type === 'cycle') await listeners.onCycle?.(event.cycle);
        else if (event.type === 'steps') await listeners.onSteps?.(event.steps);
        else if (event.type === 'entries') await listeners.onEntries?.(event.entries);
        else if (!json) terminal.err(`${safe(event.text)}\n`);
      },
    });
  } finally {
    progress.clear();
  }
}

/** For work that goes on in the daemon when Ctrl-C is pressed here: says so, in place of the bare interruption. */
export function goesOn(terminal: Terminal, what: string): (thrown: unknown) => never {
  return (thrown) => {
    if (!terminal.signal.aborted) throw thrown;
    throw new DepotError('interrupted', `no longer waiting; ${what} goes on in the daemon`, {
      cause: thrown,
      hint: 'watch it: depot status',
      retry: 'never',
    });
  };
}
