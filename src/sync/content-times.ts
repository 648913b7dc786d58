import type { SyncDepot } from './depot.js';

/** When the content of packages is fetched next, where that has an interval of its own; null where it is by each poll. */
export function contentAtMs({ board, settings }: SyncDepot, repository: string): number | null {
  const everyMs = settings().contentEveryMs(repository);
  const soughtAtMs = board.contentSoughtAtMs.get(repository);
  return everyMs === null || soughtAtMs === undefined ? null : soughtAtMs + everyMs;
}

/**
 * Whether a cycle that begins now fetches content. The first one after a start does, one that a person asked for, and one for
 * which the last that did is still to come: the clock was set back.
 */
export function isContentTime(depot: SyncDepot, repository: string): boolean {
  const now = depot.host.now();
  const soughtAtMs = depot.board.contentSoughtAtMs.get(repository) ?? 0;
  return (contentAtMs(depot, repository) ?? 0) <= now || soughtAtMs > now;
}

/** The next cycle fetches content. */
export function contentNow({ board }: SyncDepot, repository: string): void {
  board.contentSoughtAtMs.delete(repository);
}
