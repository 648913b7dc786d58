import { missedTooOften } from '../model/missed-windows.js';
import { lastClosing } from '../model/closings.js';
import { asDepotError } from '../model/errors.js';
import type { Host } from '../host.js';
import type { LeftBatch } from '../model/left.js';
import type { Log } from '../model/log.js';
import type { Store } from '../store/store.js';
import type { OwnLine } from './own-line.js';

export interface MissedDeps {
  readonly store: Store;
  readonly host: Pick<Host, 'now'>;
  readonly log: Log;
  /** Those that are polled for. */
  readonly repositories: () => readonly string[];
  /** What is missing of one. */
  readonly left: (repository: string) => Promise<readonly LeftBatch[]>;
}

/**
 * Counts, for each repository, the windows that closed one after the other while something of it was still to come, and
 * says so once where that happens again and again. A window that closed while the daemon was down counts when it is back.
 */
export class MissedWindows {
  private looking: Promise<void> = Promise.resolve();

  constructor(
    private readonly deps: MissedDeps,
    private readonly line: Pick<OwnLine, 'plan'>,
  ) {}

  /** To be called when the line has closed, and after cycles. */
  look(): Promise<void> {
    const look = this.looking.then(() => this.lookNow());
    this.looking = look.catch((thrown: unknown) => {
      const { code, message } = asDepotError(thrown, 'count the windows that were too small');
      this.deps.log.debug({ code }, message);
    });
    return this.looking;
  }

  private async lookNow(): Promise<void> {
    const { windows, order } = this.line.plan();
    const closedMs = order === null ? (lastClosing(windows, this.deps.host.now()) ?? 0) : 0;
    for (const repository of this.deps.repositories()) await this.count(repository, closedMs);
  }

  private async count(repository: string, closedMs: number): Promise<void> {
    const { store, left, host, log } = this.deps;
    const batches = await left(repository);
    const known = store.missedWindows.get(repository);
    if (batches.length === 0) {
      if (known !== undefined) store.missedWindows.remove(repository);
      return;
    }
    if (known === undefined) {
      store.missedWindows.put({ repository, windows: 0, closedMs: 0, sinceMs: host.now() });
      return;
    }
    // What is missing only since it closed is for the next one.
    if (closedMs <= known.closedMs || closedMs <= known.sinceMs) return;
    const missed = { ...known, windows: known.windows + 1, closedMs };
    store.missedWindows.put(missed);
    if (missed.windows !== missedTooOften) return;
    const bytes = batches.reduce((sum, batch) => sum + batch.bytes, 0);
    log.warn(
      { repository, windows: missed.windows, bytesLeft: bytes, hint: 'depot status says how much a window carries' },
      `${repository}: not all of it had come when its window closed, ${missed.windows} times running`,
    );
  }
}
