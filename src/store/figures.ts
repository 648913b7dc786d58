import { everything, type Demand, type Selection } from '../model/selection.js';
import type { ReportRepository } from '../model/report-row.js';
import { unitName, wantedUnits } from '../model/units.js';
import type { Store } from './store.js';

export interface Lag {
  readonly generations: number;
  /** Since the oldest known head that is not applied yet was published. */
  readonly seconds: number;
}

/** How far what is applied stays behind the heads that are known here; null before a head is. */
export function lagOf(store: Store, repository: string, applied: number, nowMs: number): Lag | null {
  const newest = store.heads.newest(repository);
  if (newest === undefined) return null;
  const oldest = store.heads.oldestAfter(repository, applied);
  return {
    generations: Math.max(0, newest.head.generation - applied),
    seconds: oldest === undefined ? 0 : Math.max(0, Math.round((nowMs - oldest.publishedAtMs) / 1000)),
  };
}

/** What is applied: the generation of the installation copy, of a relay copy the newest complete one, at the master the newest. */
export function appliedGeneration(
  store: Store,
  repository: string,
  as: { readonly role: 'master' | 'child'; readonly selection: Selection | null; readonly demand: Demand },
): number | null {
  if (as.role === 'master') return store.heads.newest(repository)?.head.generation ?? null;
  if (as.selection === null) return store.heads.newestComplete(repository, as.demand)?.head.generation ?? null;
  return store.trees.get(repository)?.generation ?? null;
}

/** A depot's own line about one repository in its report. */
export function repositoryFigures(
  store: Store,
  repository: string,
  as: { readonly role: 'master' | 'child'; readonly selection: Selection | null; readonly demand: Demand },
  nowMs: number,
): ReportRepository {
  const applied = appliedGeneration(store, repository, as);
  const newest = store.heads.newest(repository)?.head.generation ?? null;
  const transfers = as.role === 'child' ? store.transfers.totals(repository) : undefined;
  const wanted = unitsOf(store, repository, as, applied);
  const held = store.holds
    .list(repository)
    .reduce((sum, hold) => sum + (hold.kind === 'deletions' ? hold.files : 1), 0);
  return {
    name: repository,
    role: as.role,
    generation: applied,
    newest,
    units: (newest === null ? 0 : 1) + wanted.all,
    unitsComplete: (newest !== null && applied === newest ? 1 : 0) + wanted.all - wanted.missing.length,
    ...(wanted.isOfPackages ? { missing: wanted.missing.length > maxNamed ? ['*'] : wanted.missing } : {}),
    bytesLeft: transfers === undefined ? 0 : transfers.wire - transfers.doneWire,
    held,
    lagSeconds: lagOf(store, repository, applied ?? 0, nowMs)?.seconds ?? 0,
    error: as.role === 'child' ? failureOf(store, repository) : null,
  };
}

/** Why the last poll failed; to wait for a window is no failure. */
function failureOf(store: Store, repository: string): string | null {
  const error = store.polls.latest(repository)?.error;
  return error == null || error.code === 'window-closed' ? null : error.message;
}

/** Units that a row names; beyond, it says `*`: many. */
const maxNamed = 200;

/** The package revisions that are asked for of what is applied, and those of them that are not whole. */
function unitsOf(
  { heads, packages, units }: Store,
  repository: string,
  as: { readonly role: 'master' | 'child'; readonly demand: Demand },
  applied: number | null,
): { readonly isOfPackages: boolean; readonly all: number; readonly missing: readonly string[] } {
  const head = applied === null ? undefined : heads.get(repository, applied);
  if (head?.head.kind !== 'packages' || head.complete === undefined) {
    return { isOfPackages: false, all: 0, missing: [] };
  }
  const wanted = wantedUnits(packages.of(head.head.root), as.role === 'master' ? [everything] : as.demand);
  const isWhole = units.whole(repository);
  return { isOfPackages: true, all: wanted.length, missing: wanted.filter((unit) => !isWhole(unit)).map(unitName) };
}
