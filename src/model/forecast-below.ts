import type { ForecastBelow } from './forecast-status.js';
import type { ReportRepository, ReportRow } from './report-row.js';

/** When a depot has what those below it wait for. */
interface Ready {
  readonly depot: string;
  /** Milliseconds; null where nobody knows. */
  readonly atMs: number | null;
}

/**
 * When the depots below will be done, by what each of them reported of itself: not before the depots between are, whose
 * content it gets.
 * @param newest the newest generation of each repository that is known here
 * @param own when this depot will be done with those that are not here yet
 */
export function forecastsBelow(
  rows: readonly ReportRow[],
  newest: ReadonlyMap<string, number>,
  own: { readonly depot: string; readonly doneAtMs: ReadonlyMap<string, number | null> },
): ForecastBelow[] {
  const byName = new Map(rows.map((row) => [row.depot, row]));
  const chain = (depot: string | null, repository: string, seen: ReadonlySet<string>): Ready | undefined => {
    if (depot === null || seen.has(depot)) return undefined;
    if (depot === own.depot) {
      const atMs = own.doneAtMs.get(repository);
      return atMs === undefined ? undefined : { depot, atMs };
    }
    const row = byName.get(depot);
    const figures = row?.repositories.find(({ name }) => name === repository);
    if (row === undefined || figures === undefined) return undefined;
    const above = chain(row.parent, repository, new Set([...seen, depot]));
    const itself = readyAt(figures, newest.get(repository));
    if (itself === undefined) return above;
    return later({ depot, atMs: itself }, above);
  };
  return rows.flatMap((row) =>
    row.repositories
      .filter(({ role, name }) => role === 'child' && newest.has(name))
      .map((figures): ForecastBelow => {
        const { depot, site, parent, at } = row;
        const { name: repository } = figures;
        const state = stateOf(figures, newest.get(repository));
        const shown = { depot, site, parent, repository, at, state };
        const { forecast } = figures;
        if (state === 'done') return { ...shown, bytesLeft: 0, doneAt: null, reason: null, waitsFor: null };
        const above = chain(parent, repository, new Set([depot]));
        const itself = readyAt(figures, newest.get(repository)) ?? null;
        const ready = state === 'under-way' ? later({ depot, atMs: itself }, above) : { depot, atMs: null };
        return {
          ...shown,
          bytesLeft: forecast?.bytesLeft ?? null,
          doneAt: ready.atMs === null ? null : new Date(ready.atMs).toISOString(),
          reason: forecast?.reason ?? null,
          waitsFor: ready.depot !== depot ? ready.depot : (forecast?.waitsFor ?? null),
        };
      }),
  );
}

/** The later of two; what nobody knows comes last, and of two such the one that is further up. */
function later(ready: Ready, above: Ready | undefined): Ready {
  if (above === undefined) return ready;
  if (above.atMs === null) return above;
  return ready.atMs === null || ready.atMs >= above.atMs ? ready : above;
}

function stateOf(figures: ReportRepository, newest: number | undefined): ForecastBelow['state'] {
  if ((figures.newest ?? 0) < (newest ?? 0)) return 'not-heard';
  const isWhole = figures.unitsComplete === figures.units && figures.bytesLeft === 0;
  if (isWhole && figures.forecast === undefined) return 'done';
  return figures.forecast === undefined ? 'not-told' : 'under-way';
}

/** Milliseconds; null: not known; undefined: it is done. */
function readyAt(figures: ReportRepository, newest: number | undefined): number | null | undefined {
  const state = stateOf(figures, newest);
  if (state === 'done') return undefined;
  const doneAt = figures.forecast?.doneAt ?? null;
  return doneAt === null ? null : Date.parse(doneAt);
}
