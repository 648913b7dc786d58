import { cachedReader } from '../manifest/cached-reader.js';
import { diffManifests } from '../manifest/diff.js';
import type { PageRef } from '../manifest/page.js';
import { readEntries } from '../manifest/read.js';
import type { Entry } from '../model/entry.js';
import { asDepotError, type DepotError } from '../model/errors.js';
import type { PackageRecord, Release, Revision } from '../model/package.js';
import { nextDueMs, shownRevisions, type Place } from '../model/revisions.js';
import type { Selection } from '../model/selection.js';
import { follows, unitName, unitOf } from '../model/units.js';
import { syncFilesystem } from '../store/durable.js';
import type { Job } from '../store/job.js';
import { PackageCopies } from '../store/package-copies.js';
import type { Store } from '../store/store.js';
import type { ApplyResult } from './apply-job.js';

export interface ApplyPackagesInput {
  readonly repository: string;
  readonly generation: number;
  readonly root: PageRef;
  readonly place: Place;
  /** With the site. */
  readonly selection: Selection;
  readonly nowMs: number;
}

export interface PackagesApplied extends ApplyResult {
  /** When a scheduled release is due here; null where none is. */
  readonly nextDueMs: number | null;
}

/** A package as it is to stand: the first of its revisions is the current one. */
interface Copy {
  readonly record: PackageRecord;
  readonly shown: readonly { readonly revision: Revision; readonly release: Release }[];
}

/**
 * Brings the installation copies of packages to what the records of a generation say at this depot and this time:
 * 1. Make the revisions that are shown and do not stand yet, beside the tree; one barrier makes them durable.
 * 2. Package by package: bring them into place, switch `current`, write the descriptor, take away what is not shown.
 * 3. Take away the packages that are not for this depot, and write down what stands.
 * Each step can be repeated, and looks at what stands: after a crash the next run ends the same. A package that fails keeps
 * what it had, and does not stop the others.
 */
export const applyPackages: Job<ApplyPackagesInput, PackagesApplied> = {
  name: 'apply-packages',
  async run(store, input, control) {
    const { repository, root, place, selection, generation, nowMs } = input;
    const records = store.packages.of(root);
    const isFollowed = follows(selection);
    const files = new PackageCopies(store, repository);
    const altered = alteredUnits(store, repository, root);
    const isWhole = store.units.whole(repository);
    const isStanding = standingRevisions(files, altered);
    const own = records.filter((record) => record.deletedAt === null && isFollowed(record));
    const copies = own
      .map((record): Copy => {
        const isThere = (revision: Revision): boolean =>
          isWhole(unitOf(record, revision)) || isStanding(record, revision);
        const shown = shownRevisions(record, place, nowMs, isThere);
        return { record, shown };
      })
      .filter(({ shown }) => shown.length > 0);

    const failures: DepotError[] = [];
    const count = { added: 0, replaced: 0, deleted: 0, held: 0 };
    const staged = new Map<string, (() => void)[]>();
    for (const copy of copies) {
      control.throwIfStopped();
      try {
        staged.set(copy.record.name, stageRevisions(store, files, root, copy, altered, count));
      } catch (thrown) {
        failures.push(asDepotError(thrown, `installation copy of ${repository}/${copy.record.name}`));
      }
    }
    if ([...staged.values()].some((steps) => steps.length > 0)) await syncFilesystem(store.layout.data);

    const standing: Copy[] = [];
    for (const copy of copies) {
      const steps = staged.get(copy.record.name);
      if (steps === undefined) continue;
      for (const bringIntoPlace of steps) bringIntoPlace();
      show(files, copy, count);
      standing.push(copy);
    }
    const names = new Set(copies.map(({ record }) => record.name));
    for (const name of files.names()) {
      if (names.has(name)) continue;
      count.deleted += files.revisions(name).reduce((sum, number) => sum + filesOf(records, name, number), 0);
      files.remove(name);
    }
    await syncFilesystem(store.layout.data);
    files.finish();
    store.trees.put({ repository, generation, root, ...whatStands(standing) });
    const [failure] = failures;
    if (failure !== undefined) throw failure;
    const due = own.flatMap((record) => nextDueMs(record, place, nowMs) ?? []);
    return { ...count, nextDueMs: due.length === 0 ? null : Math.min(...due) };
  },
};

/** What stands was whole when it was made, and stays with clients while an object that was damaged since is fetched again. */
function standingRevisions(files: PackageCopies, altered: ReadonlySet<string>) {
  const standing = new Map<string, ReadonlySet<number>>();
  return ({ name }: PackageRecord, { revision }: Revision): boolean => {
    const numbers = standing.get(name) ?? new Set(files.revisions(name));
    standing.set(name, numbers);
    return numbers.has(revision) && !altered.has(unitName({ package: name, revision }));
  };
}

function stageRevisions(
  store: Store,
  files: PackageCopies,
  root: PageRef,
  { record, shown }: Copy,
  altered: ReadonlySet<string>,
  count: { added: number },
): (() => void)[] {
  const standing = new Set(files.revisions(record.name));
  const steps: (() => void)[] = [];
  for (const { revision } of shown) {
    const { revision: number } = revision;
    const folder = unitName({ package: record.name, revision: number });
    if (standing.has(number) && !altered.has(folder)) continue;
    steps.push(files.stage(record.name, number, entriesIn(store, root, folder)));
    count.added += revision.files;
  }
  return steps;
}

function show(files: PackageCopies, { record, shown }: Copy, count: { replaced: number; deleted: number }): void {
  const [first] = shown;
  if (first === undefined) return;
  const { name } = record;
  if (files.switchTo(name, first.revision.revision)) count.replaced += 1;
  files.describe(name, descriptor(record, first.revision, first.release));
  const kept = new Set(shown.map(({ revision }) => revision.revision));
  for (const number of files.revisions(name)) {
    if (kept.has(number)) continue;
    files.removeRevision(name, number);
    count.deleted += filesOf([record], name, number);
  }
}

function* entriesIn(store: Store, root: PageRef, folder: string): Generator<Entry> {
  for (const entry of readEntries(root, cachedReader(store.pages.read), { under: folder })) {
    yield { ...entry, path: entry.path.slice(folder.length + 1) };
  }
}

/** Revisions that stand and are something else now: after a master depot began anew, a number can mean other files. */
function alteredUnits(store: Store, repository: string, root: PageRef): Set<string> {
  const before = store.trees.get(repository);
  const altered = new Set<string>();
  if (before === undefined || before.root.sha256 === root.sha256) return altered;
  for (const change of diffManifests(before.root, root, cachedReader(store.pages.read))) {
    const path = change.kind === 'delete' ? change.old.path : change.entry.path;
    altered.add(path.split('/', 2).join('/'));
  }
  return altered;
}

function filesOf(records: readonly PackageRecord[], name: string, number: number): number {
  const record = records.find((each) => each.name === name);
  return record?.revisions.find(({ revision }) => revision === number)?.files ?? 0;
}

/** For clients and scripts. */
function descriptor(record: PackageRecord, revision: Revision, release: Release): string {
  const { name, type, title, vendor } = record;
  const { files, bytes, manifest, version } = revision;
  const text = {
    name,
    type,
    title,
    vendor,
    version,
    revision: revision.revision,
    releasedAt: release.at,
    files,
    bytes,
  };
  return `${JSON.stringify({ ...text, manifest: manifest.sha256 }, undefined, 2)}\n`;
}

/** In the words of a selection, so that whoever looks at the copy knows which files of the manifest it shows. */
function whatStands(copies: readonly Copy[]): { selection: Selection; files: number; bytes: number } {
  const revisions = copies.flatMap(({ record, shown }) => shown.map(({ revision }) => ({ record, revision })));
  const include = revisions.map(({ record, revision }) => `${unitName(unitOf(record, revision))}/**`);
  return {
    selection: include.length === 0 ? { include: [], exclude: ['**'] } : { include, exclude: [] },
    files: revisions.reduce((sum, { revision }) => sum + revision.files, 0),
    bytes: revisions.reduce((sum, { revision }) => sum + revision.bytes, 0),
  };
}
