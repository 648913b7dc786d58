import type { DepotReadiness } from '../model/package-status.js';
import type { PackageRecord } from '../model/package.js';
import { distributedRevisions, shownRevisions } from '../model/revisions.js';
import type { ReportRepository, ReportRow } from '../model/report-row.js';
import { isTargeted } from '../model/targets.js';
import { unionDemand } from '../model/selection.js';
import { unitName } from '../model/units.js';
import type { Store } from '../store/store.js';
import { repositoryFigures } from '../store/figures.js';
import { selectionOf, type DepotFacts } from './status-facts.js';

/**
 * Where the revisions of a package are ready, told from what the depots below reported: the generation that they have, and
 * what they lack of it.
 */
export function readinessOf(
  store: Store,
  facts: DepotFacts,
  repository: string,
  name: string,
  nowMs: number,
): DepotReadiness[] {
  const isPublished = facts.published.some((each) => each.name === repository);
  const newest = isPublished ? store.heads.newest(repository) : store.heads.newestComplete(repository, []);
  const record = newest && store.packages.of(newest.head.root).find((each) => each.name === name);
  if (newest === undefined || record === undefined) return [];
  const own = { depot: facts.depot, site: facts.site };
  const isTold = isPublished
    ? { generation: newest.head.generation, missing: [] }
    : heldByChild(store, facts, repository, nowMs);
  const here = readiness(record, own, isTold, nowMs);
  const below = store.reports.below().flatMap((row) => {
    const reported = row.repositories.find((each) => each.name === repository);
    return reported === undefined ? [] : [ofRow(record, row, reported, nowMs)];
  });
  return [{ ...here, reportedAt: new Date(nowMs).toISOString() }, ...below];
}

/** What its own row tells its parent. A master depot holds all. */
function heldByChild(
  store: Store,
  facts: DepotFacts,
  repository: string,
  nowMs: number,
): { readonly generation: number; readonly missing: readonly string[] } {
  const selection = selectionOf(facts, repository);
  const demand = unionDemand([
    selection === null ? [] : [{ ...selection, site: facts.site }],
    store.demands.union(repository),
  ]);
  const { generation, missing = [] } = repositoryFigures(
    store,
    repository,
    { role: 'child', selection, demand },
    nowMs,
  );
  return { generation: generation ?? 0, missing };
}

function ofRow(record: PackageRecord, row: ReportRow, { generation, missing }: ReportRepository, nowMs: number) {
  const { depot, site, at } = row;
  const isTold = { generation: generation ?? 0, missing: missing ?? [] };
  return { ...readiness(record, { depot, site }, isTold, nowMs), reportedAt: at };
}

function readiness(
  record: PackageRecord,
  place: { readonly depot: string; readonly site: string },
  { generation, missing }: { readonly generation: number; readonly missing: readonly string[] },
  nowMs: number,
): Omit<DepotReadiness, 'reportedAt'> {
  const targeted = isTargeted(record.targets, place.site);
  const lacks = new Set(missing);
  const revisions = targeted ? distributedRevisions(record) : [];
  const isReady = ({ revision, distributedIn }: PackageRecord['revisions'][number]): boolean =>
    (distributedIn ?? Infinity) <= generation &&
    !lacks.has('*') &&
    !lacks.has(unitName({ package: record.name, revision }));
  const known = { ...record, releases: record.releases.filter((release) => release.in <= generation) };
  const [current] = targeted ? shownRevisions(known, place, nowMs, isReady) : [];
  return {
    ...place,
    targeted,
    ready: revisions.filter(isReady).map(({ revision }) => revision),
    missing: revisions.filter((each) => !isReady(each)).map(({ revision }) => revision),
    current: current?.revision.revision ?? null,
  };
}
