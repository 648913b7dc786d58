import { iso } from '../model/moment.js';
import { DepotError } from '../model/errors.js';
import { quoted } from '../model/paths.js';
import type { HistoryRow } from '../model/cycle-status.js';
import type { HoldStatus } from '../model/status.js';
import type { CycleRow } from '../store/cycles.js';
import type { HeadRow } from '../store/heads.js';
import type { HoldRow } from '../store/holds.js';
import type { Store } from '../store/store.js';

/** @throws DepotError `not-found`, naming what there is. */
export function requireRepository(name: string, names: readonly string[]): void {
  if (names.includes(name)) return;
  const most = 10;
  const listed =
    names.length > most ? `${names.slice(0, most).join(', ')} and ${names.length - most} more` : names.join(', ');
  throw new DepotError('not-found', `there is no repository ${quoted(name)} here`, {
    hint: names.length === 0 ? 'depot status' : `known here: ${listed}`,
    retry: 'never',
  });
}

/** What waits for approval, oldest first; of one repository, or of all. */
export function holdStatuses(store: Store, repository?: string): HoldStatus[] {
  return store.holds.list(repository).map(holdStatus);
}

/** @throws DepotError `not-found` */
export function requireHold(store: Store, id: string): HoldStatus {
  const hold = store.holds.get(id);
  if (hold !== undefined) return holdStatus(hold);
  throw new DepotError('not-found', `no hold has the id ${quoted(id)} here`, {
    hint: 'depot holds lists them; one that was approved, or whose files have come back, is gone',
    retry: 'never',
  });
}

function holdStatus(hold: HoldRow): HoldStatus {
  const { id, repository, kind, reason, files, bytes, generation, sinceMs } = hold;
  return { id, repository, kind, reason, files, bytes, generation, since: iso(sinceMs) };
}

/** What happened to the repositories, newest first: cycles that did something, and what was published here. */
export function historyRows(
  store: Store,
  repositories: readonly string[],
  published: readonly string[],
  limit: number,
): HistoryRow[] {
  const rows = repositories.flatMap((name) => [
    ...store.cycles.list(name, limit).map((cycle) => cycleRow(store, cycle)),
    ...(published.includes(name) ? store.heads.list(name).slice(0, limit).map(publishedRow) : []),
  ]);
  return rows.sort((a, b) => (a.endedAt < b.endedAt ? 1 : -1)).slice(0, limit);
}

function cycleRow(store: Store, cycle: CycleRow): HistoryRow {
  const { repository, outcome, startedAtMs, endedAtMs, fromGeneration, toGeneration, error } = cycle;
  const head = toGeneration === null ? undefined : store.heads.get(repository, toGeneration)?.head;
  return {
    repository,
    outcome,
    startedAt: iso(startedAtMs),
    endedAt: iso(endedAtMs),
    fromGeneration,
    toGeneration,
    added: cycle.addedFiles,
    replaced: cycle.replacedFiles,
    deleted: cycle.deletedFiles,
    fetched: { files: cycle.fetchedFiles, bytes: cycle.fetchedBytes },
    total: head === undefined ? null : { files: head.files, bytes: head.bytes },
    error: error === null ? null : { ...error, at: iso(endedAtMs) },
  };
}

function publishedRow({ head }: HeadRow): HistoryRow {
  return {
    repository: head.repository,
    outcome: 'published',
    startedAt: head.publishedAt,
    endedAt: head.publishedAt,
    fromGeneration: head.generation === 1 ? null : head.generation - 1,
    toGeneration: head.generation,
    added: null,
    replaced: null,
    deleted: null,
    fetched: null,
    total: { files: head.files, bytes: head.bytes },
    error: null,
  };
}
