import type { PackageRecord, Release, Revision, Ring } from '../model/package.js';
import { findRevision, heldRevisions, stateOf } from '../model/revisions.js';
import { replaced, retiredAll } from './package-commands.js';
import { refusal } from './package-rules.js';

export interface ReleaseOrder {
  /** The newest distributed one where it is null. */
  readonly revision: number | null;
  readonly ring: Ring | null;
  /** When it takes effect; null at once. */
  readonly at: string | null;
  readonly commandedAt: string;
  readonly generation: number;
  /** What depots lack of it travels before all else. */
  readonly urgent?: boolean;
}

/** Makes a revision what clients see, everywhere or in a ring. An older one is a way back. */
export function release(record: PackageRecord, order: ReleaseOrder): PackageRecord {
  const { ring, commandedAt, generation, urgent = false } = order;
  const nowMs = Date.parse(commandedAt);
  const revision = revisionToRelease(record, order.revision);
  const scheduled = record.releases.find(({ at, ring: its }) => Date.parse(at) > nowMs && its?.name === ring?.name);
  if (scheduled !== undefined) {
    throw refusal(
      'one-schedule',
      `revision ${scheduled.revision} of ${record.name} will be released at ${scheduled.at}`,
      'take that back first: depot package release --cancel',
    );
  }
  const at = order.at !== null && Date.parse(order.at) > nowMs ? order.at : commandedAt;
  const last = record.releases.at(-1);
  const isSaid = last?.revision === revision.revision && last.ring?.name === ring?.name && last.urgent === urgent;
  if (isSaid && at === commandedAt) {
    throw refusal('unchanged', `revision ${revision.revision} of ${record.name} is released already`);
  }
  const added: Release = { revision: revision.revision, at, commandedAt, ring, in: generation, urgent };
  return { ...record, releases: [...record.releases, added] };
}

/** Takes back what is scheduled. @returns the record, and the revisions whose release is off */
export function cancelRelease(record: PackageRecord, nowMs: number): PackageRecord {
  const releases = record.releases.filter(({ at }) => Date.parse(at) <= nowMs);
  if (releases.length === record.releases.length) {
    throw refusal('nothing-scheduled', `no release of ${record.name} waits for its time`);
  }
  return { ...record, releases };
}

/** Takes a superseded revision away; without a number the package as a whole: clients see none of it any more. */
export function retire(record: PackageRecord, number: number | null, at: string, nowMs: number): PackageRecord {
  if (number === null) {
    if (heldRevisions(record).every((each) => /prepared|distributed/.test(stateOf(record, each, nowMs)))) {
      throw refusal('unknown-revision', `no revision of ${record.name} is released`);
    }
    const kept = heldRevisions(record).filter((each) => /prepared|distributed/.test(stateOf(record, each, nowMs)));
    const all = retiredAll(record, at);
    return { ...all, revisions: all.revisions.map((each) => kept.find((k) => k.revision === each.revision) ?? each) };
  }
  const revision = requireHeld(record, number);
  const state = stateOf(record, revision, nowMs);
  if (state === 'superseded') return withoutRevision(record, revision, at);
  if (state === 'released') {
    throw refusal(
      'released-stays',
      `clients see revision ${number} of ${record.name}`,
      'release another one first; without --revision the whole package is retired',
    );
  }
  throw refusal('distribute-first', `revision ${number} of ${record.name} was never released`, 'depot package revoke');
}

/**
 * Retires what `keep` does not keep, from the oldest on: superseded revisions that are not among the last released ones, and
 * in whose place others came more than `keep.days` ago; and those that were passed over and are as old.
 * @returns the same record where nothing is over
 */
export function expire(record: PackageRecord, nowMs: number): PackageRecord {
  const latestMs = nowMs - record.keep.days * 24 * 3600 * 1000;
  const released = [...new Set(record.releases.map((each) => each.revision).reverse())];
  const shown = released.slice(0, record.keep.releases);
  let next = record;
  for (const revision of heldRevisions(record)) {
    const state = stateOf(next, revision, nowMs);
    const isPassedOver = state === 'distributed' && released.some((each) => each > revision.revision);
    if (!isPassedOver && (state !== 'superseded' || shown.includes(revision.revision))) return next;
    const sinceMs = isPassedOver ? Date.parse(revision.preparedAt) : supersededSince(next, revision.revision);
    if (sinceMs > latestMs) return next;
    next = withoutRevision(next, revision, new Date(nowMs).toISOString());
  }
  return next;
}

/** When the first release after the last one of a revision took effect. */
function supersededSince({ releases }: PackageRecord, revision: number): number {
  const at = releases.findLastIndex((each) => each.revision === revision);
  return Math.max(...releases.slice(at, at + 2).map((each) => Date.parse(each.at)));
}

function withoutRevision(record: PackageRecord, revision: Revision, at: string): PackageRecord {
  const releases = record.releases.filter((each) => each.revision !== revision.revision);
  return { ...record, revisions: replaced(record, { ...revision, retiredAt: at }), releases };
}

function revisionToRelease(record: PackageRecord, number: number | null): Revision {
  const { name } = record;
  const revision = number === null ? heldRevisions(record).at(-1) : requireHeld(record, number);
  if (revision === undefined) {
    throw refusal('unknown-revision', `there is no revision of ${name} to release`, 'depot package prepare');
  }
  if (revision.distributedIn !== null) return revision;
  throw refusal(
    'distribute-first',
    `revision ${revision.revision} of ${name} is not distributed, so no depot would have it`,
    'depot package distribute',
  );
}

/** @throws DepotError `package-refused` */
function requireHeld(record: PackageRecord, number: number): Revision {
  const revision = findRevision(record, number);
  if (revision === undefined) throw refusal('unknown-revision', `${record.name} has no revision ${number}`);
  const gone = revision.revokedAt === null ? revision.retiredAt : revision.revokedAt;
  if (gone === null) return revision;
  const how = revision.revokedAt === null ? 'retired' : 'revoked';
  throw refusal('gone-stays-gone', `revision ${number} of ${record.name} was ${how} at ${gone}`);
}
