import { buildManifest } from '../manifest/build.js';
import { editManifest, editOf, type Edit } from '../manifest/edit.js';
import type { ManifestRoot, PageRef } from '../manifest/page.js';
import { entriesAt, readEntries } from '../manifest/read.js';
import type { Change, Entry } from '../model/entry.js';
import type { Sha256 } from '../model/sha256.js';
import type { FileCount } from '../model/plan-status.js';
import type { Job } from '../store/job.js';
import type { Store } from '../store/store.js';
import { mergeIndex, type Merged } from './merge-index.js';

export interface ComposeInput {
  readonly repository: string;
  /** The manifest of the newest generation, if there is one. */
  readonly root: PageRef | null;
  /** Only counts what would change. */
  readonly dryRun: boolean;
  /** The newest generation was not finished: all its objects are enlisted again, not only those that are new. */
  readonly enlistAll: boolean;
}

export interface Composition {
  /** The new manifest, durable with its pages; null where it is the published one, and in a dry run. */
  readonly root: ManifestRoot | null;
  readonly add: FileCount;
  readonly replace: FileCount;
  readonly delete: FileCount;
  /** Entries that stay because their files cannot be read, although their objects were lost. */
  readonly missing: number;
  /** Paths at which the index and the new manifest still differ; null where they are not all known. */
  readonly unsettled: readonly string[] | null;
}

/** Of so many paths it is remembered that they are unsettled. */
const maxUnsettled = 1000;

/** Makes the manifest of what the index says, from the published one; only pages that differ are written. */
export const compose: Job<ComposeInput, Composition> = {
  name: 'compose',
  background: true,
  async run(store, { repository, root, dryRun, enlistAll }, control) {
    const counts = tally();
    const members = enlisting(store, repository);
    let missing = 0;
    const unsettled: string[] = [];

    function* changes(): Generator<Change> {
      let seen = 0;
      for (const merged of compare(store, repository, root)) {
        seen += 1;
        if (seen % 1000 === 0) control.throwIfStopped();
        if (merged.kind === 'stays') {
          if (unsettled.length <= maxUnsettled) unsettled.push(merged.entry.path);
          if (merged.entry.type === 'file' && !store.objects.has(merged.entry.object)) missing += 1;
          continue;
        }
        counts.add(merged);
        if (!dryRun && merged.kind !== 'delete') members.add(merged.entry);
        yield merged;
      }
    }

    if (dryRun) {
      for (const _ of changes());
      return { root: null, ...counts.sums(), missing, unsettled: null };
    }
    if (enlistAll && root !== null) {
      for (const entry of readEntries(root, store.pages.read)) members.add(entry);
    }
    const composed =
      root === null ? buildManifest(entriesOf(changes()), store.pages.write) : edited(store, root, changes());
    members.finish();
    await store.pages.flush();
    const isKnown = unsettled.length <= maxUnsettled;
    return { root: composed, ...counts.sums(), missing, unsettled: isKnown ? unsettled : null };
  },
};

/** What leads from the published entries to those of the index; only at paths that may differ, where these are known. */
function compare(store: Store, repository: string, root: PageRef | null): Generator<Merged> {
  const { sources, sourceChanges, pages } = store;
  if (root === null) return mergeIndex(sources.rows(repository), []);
  const paths = sourceChanges.since(repository, root.sha256);
  return paths === undefined
    ? mergeIndex(sources.rows(repository), readEntries(root, pages.read))
    : mergeIndex(sources.at(repository, paths), entriesAt(root, paths, pages.read));
}

function edited(store: Store, root: PageRef, changes: Generator<Change>): ManifestRoot | null {
  const first = changes.next();
  if (first.done === true) return null;
  function* edits(change: Change): Generator<Edit> {
    yield editOf(change);
    for (const following of changes) yield editOf(following);
  }
  return editManifest(root, edits(first.value), store.pages.read, store.pages.write);
}

function* entriesOf(changes: Iterable<Change>): Generator<Entry> {
  for (const change of changes) if (change.kind !== 'delete') yield change.entry;
}

/** Counts files and links; a replaced one with what takes its place. */
function tally() {
  const counts = { add: { files: 0, bytes: 0 }, replace: { files: 0, bytes: 0 }, delete: { files: 0, bytes: 0 } };
  return {
    add(change: Change): void {
      const entry = change.kind === 'delete' ? change.old : change.entry;
      if (entry.type === 'folder') return;
      counts[change.kind].files += 1;
      if (entry.type === 'file') counts[change.kind].bytes += entry.size;
    },
    sums: (): Pick<Composition, 'add' | 'replace' | 'delete'> => counts,
  };
}

/** Records objects as the repository's, before any head names them: children may fetch them from then on. */
function enlisting(store: Store, repository: string) {
  const atOnce = 400;
  let objects: Sha256[] = [];
  const finish = (): void => {
    if (objects.length > 0) store.objects.enlist(repository, objects);
    objects = [];
  };
  return {
    add(entry: Entry): void {
      if (entry.type !== 'file') return;
      objects.push(entry.object);
      if (objects.length >= atOnce) finish();
    },
    finish,
  };
}
