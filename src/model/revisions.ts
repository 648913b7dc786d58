import type { PackageRecord, Release, Revision } from './package.js';
import { isInRing } from './targets.js';

/** `work` is the state of the work copy, which is no revision yet. */
export type RevisionState = 'prepared' | 'distributed' | 'released' | 'superseded' | 'revoked' | 'retired';

/** The state of a revision. What is scheduled counts as released when it is commanded. */
export function stateOf(record: PackageRecord, revision: Revision, nowMs: number): RevisionState {
  if (revision.revokedAt !== null) return 'revoked';
  if (revision.retiredAt !== null) return 'retired';
  if (record.releases.some((release) => release.revision === revision.revision)) {
    return seenSomewhere(record, nowMs).has(revision.revision) ? 'released' : 'superseded';
  }
  return revision.distributedIn === null ? 'prepared' : 'distributed';
}

/** Revisions whose files are in the manifest. */
export function heldRevisions({ revisions }: PackageRecord): Revision[] {
  return revisions.filter(({ revokedAt, retiredAt }) => revokedAt === null && retiredAt === null);
}

/** Revisions that depots of the targets get. */
export function distributedRevisions(record: PackageRecord): Revision[] {
  return heldRevisions(record).filter(({ distributedIn }) => distributedIn !== null);
}

export function findRevision(record: PackageRecord, revision: number): Revision | undefined {
  return record.revisions.find((each) => each.revision === revision);
}

/** The revisions that clients of some depot see, or will see once a scheduled release is due. */
function seenSomewhere(record: PackageRecord, nowMs: number): Set<number> {
  return new Set(standingReleases(record, nowMs).map(({ revision }) => revision));
}

/** The releases that no other one has superseded everywhere, those that are scheduled among them; the latest first. */
function standingReleases({ releases }: PackageRecord, nowMs: number): Release[] {
  const standing: Release[] = [];
  const rings = new Set<string>();
  for (const release of latestFirst(releases)) {
    const { ring, at } = release;
    if (ring === null || !rings.has(ring.name)) standing.push(release);
    // What is scheduled takes nobody's place yet.
    if (Date.parse(at) > nowMs) continue;
    if (ring === null) break;
    rings.add(ring.name);
  }
  return standing;
}

/** The revisions that an urgent release makes those of clients, now or at its time, at one of these places at least. */
export function urgentRevisions(record: PackageRecord, places: readonly Place[], nowMs: number): Set<number> {
  const urgent = standingReleases(record, nowMs).filter(
    (release) => release.urgent && places.some((place) => isInRing(release.ring, place)),
  );
  return new Set(urgent.map(({ revision }) => revision));
}

/** A release supersedes those that take effect before it, and of those at one time those commanded before it. */
function latestFirst(releases: readonly Release[]): Release[] {
  return releases
    .map((release, index) => ({ release, index, atMs: Date.parse(release.at) }))
    .sort((a, b) => b.atMs - a.atMs || b.index - a.index)
    .map(({ release }) => release);
}

export interface Place {
  readonly depot: string;
  readonly site: string;
}

/**
 * The revisions that a depot shows to its clients, the one they get by default first: the latest release that is due and
 * whose revision is whole there, then those that it supersedes, `keep.releases` in all.
 */
export function shownRevisions(
  record: PackageRecord,
  place: Place,
  nowMs: number,
  isWhole: (revision: Revision) => boolean,
): { readonly revision: Revision; readonly release: Release }[] {
  const shown = new Map<number, { revision: Revision; release: Release }>();
  const held = new Map(heldRevisions(record).map((revision) => [revision.revision, revision]));
  for (const release of latestFirst(record.releases)) {
    if (shown.size >= record.keep.releases) break;
    const revision = held.get(release.revision);
    if (revision === undefined || shown.has(release.revision)) continue;
    if (Date.parse(release.at) > nowMs || !isInRing(release.ring, place) || !isWhole(revision)) continue;
    shown.set(release.revision, { revision, release });
  }
  return [...shown.values()];
}

/** When the next scheduled release is due at a depot; undefined where none is. */
export function nextDueMs(record: PackageRecord, place: Place, nowMs: number): number | undefined {
  const due = record.releases
    .filter(({ ring }) => isInRing(ring, place))
    .map(({ at }) => Date.parse(at))
    .filter((atMs) => atMs > nowMs);
  return due.length === 0 ? undefined : Math.min(...due);
}
