import type { ReportRepository, ReportRow } from './report-row.js';

/** Every depot sends its row again at least every 6 hours, and each level passes it on at its next poll. */
const silentAfterMs = 24 * 3600 * 1000;

export type DepotState = 'current' | 'late' | 'silent';

/** The newest generation of each repository that the depot which was asked knows of. */
export type Newest = ReadonlyMap<string, number>;

/** @param repositories as the depot that is asked knows them */
export function newestOf(repositories: readonly { readonly name: string; readonly newest: number | null }[]): Newest {
  return new Map(repositories.map(({ name, newest }) => [name, newest ?? 0]));
}

/** How many generations a repository of a row is behind: as the depot that was asked knows it, or the row itself. */
export function behindOf({ name, generation, newest }: ReportRepository, known: Newest): number {
  return Math.max(0, Math.max(newest ?? 0, known.get(name) ?? 0) - (generation ?? 0));
}

/** The one definition of late, for each place that counts or shows depots: there is no grace. */
export function stateOf({ at, repositories }: ReportRow, known: Newest, now: number): DepotState {
  if (now - Date.parse(at) > silentAfterMs) return 'silent';
  return repositories.some((repository) => isLate(repository, known)) ? 'late' : 'current';
}

export function isLate(repository: ReportRepository, known: Newest): boolean {
  const { generation, error, held } = repository;
  return error !== null || held > 0 || generation === null || behindOf(repository, known) > 0;
}

/** How the depots below stand, in numbers; `failed` ones are late, with an error that says why. */
export interface BelowTally {
  readonly depots: number;
  readonly current: number;
  readonly late: number;
  readonly failed: number;
  readonly silent: number;
}

export function tallyOf(rows: readonly ReportRow[], known: Newest, now: number): BelowTally {
  const states = rows.map((row) => {
    const state = stateOf(row, known, now);
    return state === 'late' && row.repositories.some(({ error }) => error !== null) ? 'failed' : state;
  });
  const countOf = (state: (typeof states)[number]): number => states.filter((each) => each === state).length;
  const failed = countOf('failed');
  return {
    depots: rows.length,
    current: countOf('current'),
    late: countOf('late') + failed,
    failed,
    silent: countOf('silent'),
  };
}
