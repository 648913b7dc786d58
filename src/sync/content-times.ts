import type { SyncDepot } from './depot.js';

/** When the content of packages is fetched next, where that has an interval of its own; null where it is by each poll. */
export function contentAtMs({ board, settings }: SyncDepot, repository: string): number | null {
  const everyMs = settings().contentEveryMs(repository);
  const soughtAtMs = board.contentSoughtAtMs.get(repository);
  return everyMs === null || soughtAtMs === undefined ? null : soughtAtMs + everyMs;
}

/** Whether a cycle that begins now fetches content. The first one after a start does, and one that a person asked for. */
export function isContentTime(depot: SyncDepot, repository: string): boolean {
  return (contentAtMs(depot, repository) ?? 0) <= depot.host.now();
}

/** The next cycle fetches content. */
export function contentNow({ board }: SyncDepot, repository: string): void {
  board.contentSoughtAtMs.delete(repository);
}
