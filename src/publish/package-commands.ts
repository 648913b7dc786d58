import { isWithin } from '../model/names.js';
import type { PackageRecord, Revision, Ring, Targets } from '../model/package.js';
import type { Priority } from '../model/priority.js';
import { heldRevisions, stateOf } from '../model/revisions.js';
import { refusal } from './package-rules.js';

/*
 * Each command as a function from a record to the next one; those after release are in package-releases.ts. They change
 * nothing, and throw `package-refused` with the rule. `at` is now, in ISO 8601; `generation` the one that will say so.
 */

/** What people say of a package. */
export interface PackageFacts {
  readonly type: string;
  readonly title: string;
  readonly vendor: string | null;
  readonly version: string | null;
  /** Left out: `normal`. */
  readonly priority?: Priority;
}

export interface PackageTerms {
  readonly compress: boolean;
  readonly delta: boolean;
  readonly keep: PackageRecord['keep'];
}

/** @param before the record of a package of that name, which may have been deleted: its numbers go on */
export function create(
  name: string,
  before: PackageRecord | undefined,
  facts: PackageFacts,
  terms: PackageTerms,
): PackageRecord {
  if (before !== undefined && before.deletedAt === null) {
    throw refusal('name-taken', `there is a package ${name} already`);
  }
  const revisions = before?.revisions ?? [];
  const said = { priority: 'normal' as const, ...facts, ...terms };
  return { schema: 1, name, ...said, targets: null, revisions, releases: [], deletedAt: null };
}

/** The work copy as it was frozen. */
export type Frozen = Pick<Revision, 'files' | 'bytes' | 'manifest' | 'note' | 'version'>;

/** Whether a further revision may be made; asked before the work copy is read. */
export function requirePreparable(record: PackageRecord, repository: string): void {
  const last = heldRevisions(record).at(-1);
  if (last === undefined || last.distributedIn !== null) return;
  throw refusal(
    'base-first',
    `revision ${last.revision} of ${record.name} is not distributed yet, so depots would have nothing that another one could be the difference to`,
    `depot package distribute ${repository}/${record.name}, or take it back: depot package revoke ${repository}/${record.name}`,
  );
}

/** The next revision. Its number is one more than that of any revision there ever was. */
export function prepare(record: PackageRecord, frozen: Frozen, at: string, repository: string): PackageRecord {
  const last = heldRevisions(record).at(-1);
  if (last?.manifest.sha256 === frozen.manifest.sha256) {
    throw refusal('unchanged', `the work copy of ${record.name} is what revision ${last.revision} is`);
  }
  requirePreparable(record, repository);
  const revision = (record.revisions.at(-1)?.revision ?? 0) + 1;
  const added: Revision = {
    revision,
    preparedAt: at,
    ...frozen,
    distributedIn: null,
    revokedAt: null,
    retiredAt: null,
  };
  return { ...record, version: frozen.version, revisions: [...record.revisions, added] };
}

/** Distributes what is prepared, and says to which sites the package goes. @param targets null: as before */
export function distribute(
  record: PackageRecord,
  targets: Targets | null,
  context: string,
  generation: number,
): PackageRecord {
  const { name } = record;
  if (heldRevisions(record).length === 0) {
    throw refusal('unknown-revision', `there is no revision of ${name} to distribute`, 'depot package prepare');
  }
  const next = targets ?? record.targets;
  if (next === null || next.to.length === 0) {
    throw refusal('targets-first', `nothing says yet which sites get ${name}`, 'name them: --to SITE');
  }
  for (const site of [...next.to, ...next.except]) {
    if (isWithin(site, context)) continue;
    throw refusal('within-context', `${site} is not in the scope of the repository, which is ${context} and below`);
  }
  const revisions = record.revisions.map((revision) =>
    heldRevisions(record).includes(revision) && revision.distributedIn === null
      ? { ...revision, distributedIn: generation }
      : revision,
  );
  return { ...record, targets: next, revisions };
}

/** Takes back the last revision, which was never released. Its number stays used. */
export function revoke(record: PackageRecord, at: string, nowMs: number): PackageRecord {
  const last = heldRevisions(record).at(-1);
  if (last === undefined) throw refusal('unknown-revision', `there is no revision of ${record.name} to revoke`);
  const state = stateOf(record, last, nowMs);
  if (state === 'released' || state === 'superseded') {
    throw refusal(
      'released-stays',
      `revision ${last.revision} of ${record.name} was released, and what was released is never taken back`,
      'release another revision, or: depot package retire',
    );
  }
  return { ...record, revisions: replaced(record, { ...last, revokedAt: at }) };
}

/** What people say of it, its terms; a revision that is frozen keeps the version that it was prepared with. */
export function edit(record: PackageRecord, facts: Partial<PackageFacts>, terms: Partial<PackageTerms>): PackageRecord {
  const next = { ...record, ...facts, ...terms };
  if (JSON.stringify(next) === JSON.stringify(record)) {
    throw refusal('unchanged', `this is what ${record.name} says already`);
  }
  return next;
}

/** Only its numbers are remembered from now on. What clients see must have been retired before. */
export function remove(record: PackageRecord, at: string, nowMs: number): PackageRecord {
  const seen = heldRevisions(record).find((revision) => stateOf(record, revision, nowMs) === 'released');
  if (seen !== undefined) {
    throw refusal(
      'released-stays',
      `clients see revision ${seen.revision} of ${record.name}`,
      'take it from them first: depot package retire',
    );
  }
  return retiredAll({ ...record, targets: null, deletedAt: at }, at);
}

/** Without its releases and the files of all revisions. */
export function retiredAll(record: PackageRecord, at: string): PackageRecord {
  const held = heldRevisions(record);
  const revisions = record.revisions.map((each) => (held.includes(each) ? { ...each, retiredAt: at } : each));
  return { ...record, revisions, releases: [] };
}

/** Rings as releases name them keep the members that the settings give them. @returns the same record where nothing changes */
export function withRings(record: PackageRecord, rings: readonly Ring[]): PackageRecord {
  const now = new Map(rings.map((ring) => [ring.name, ring]));
  const releases = record.releases.map((release) => {
    const ring = release.ring === null ? undefined : now.get(release.ring.name);
    return ring === undefined ? release : { ...release, ring };
  });
  return JSON.stringify(releases) === JSON.stringify(record.releases) ? record : { ...record, releases };
}

export function replaced(record: PackageRecord, by: Revision): Revision[] {
  return record.revisions.map((each) => (each.revision === by.revision ? by : each));
}
