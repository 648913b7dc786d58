import { buildManifest } from '../manifest/build.js';
import { editManifest, type Edit } from '../manifest/edit.js';
import type { ManifestRoot, PageRef } from '../manifest/page.js';
import { readEntries } from '../manifest/read.js';
import { comparePaths, type Entry } from '../model/entry.js';
import { formatPackage, recordName, type PackageRecord } from '../model/package.js';
import { heldRevisions } from '../model/revisions.js';
import { sha256 } from '../model/sha256.js';
import { unitOf } from '../model/units.js';
import type { Job } from '../store/job.js';
import type { Store } from '../store/store.js';
import { newScratch } from './scratch.js';

export interface ComposePackageInput {
  readonly repository: string;
  /** The manifest of the newest generation; null where there is none. */
  readonly root: PageRef | null;
  /** What the package is to be from now on. */
  readonly record: PackageRecord;
  /** What it was; null where it is new. */
  readonly before: PackageRecord | null;
  readonly nowMs: number;
}

/**
 * The manifest in which a package is what its record says: the record, the files of a revision that is new, and not those
 * of one that is gone. What it names is held, and the repository's.
 */
export const composePackage: Job<ComposePackageInput, ManifestRoot> = {
  name: 'compose-package',
  async run(store, input, control) {
    const { repository, root, record } = input;
    const objects = new Set<Entry & { type: 'file' }>();
    function* edits(): Generator<Edit> {
      for (const edit of editsOf(store, input)) {
        control.throwIfStopped();
        if ('put' in edit && edit.put.type === 'file') objects.add(edit.put);
        yield edit;
      }
    }
    await admitRecord(store, record, input.nowMs);
    const composed =
      root === null
        ? buildManifest(entriesOf(edits()), store.pages.write)
        : editManifest(root, edits(), store.pages.read, store.pages.write);
    store.objects.enlist(
      repository,
      [...objects].map(({ object }) => object),
    );
    await store.pages.flush();
    const fresh = newRevisions(input).map((revision) => unitOf(record, revision));
    store.units.markWhole(repository, fresh);
    return composed;
  },
};

function newRevisions({ record, before }: ComposePackageInput) {
  const known = new Set(before === null ? [] : heldRevisions(before).map(({ revision }) => revision));
  return heldRevisions(record).filter(({ revision }) => !known.has(revision));
}

/** In the order of paths. */
function* editsOf(store: Store, input: ComposePackageInput): Generator<Edit> {
  const { root, record, before, nowMs } = input;
  yield { put: recordEntry(record, nowMs) };
  const stays = new Set(heldRevisions(record).map(({ revision }) => revision));
  const gone = (before === null ? [] : heldRevisions(before)).filter(({ revision }) => !stays.has(revision));
  const steps = [
    ...newRevisions(input).map(({ revision, manifest }) => ({ folder: `${record.name}/${revision}`, manifest })),
    ...gone.map(({ revision }) => ({ folder: `${record.name}/${revision}`, manifest: null })),
  ];
  for (const { folder, manifest } of steps.sort((a, b) => comparePaths(`${a.folder}/`, `${b.folder}/`))) {
    if (manifest === null) {
      if (root === null) continue;
      for (const { path } of readEntries(root, store.pages.read, { under: folder })) yield { delete: path };
    } else {
      for (const entry of readEntries(manifest, store.pages.read)) {
        yield { put: { ...entry, path: `${folder}/${entry.path}` } };
      }
    }
  }
}

function* entriesOf(edits: Iterable<Edit>): Generator<Entry> {
  for (const edit of edits) if ('put' in edit) yield edit.put;
}

function recordEntry(record: PackageRecord, nowMs: number): Entry & { type: 'file' } {
  const text = formatPackage(record);
  const [object, size] = [sha256(text), Buffer.byteLength(text)];
  const path = `${record.name}/${recordName}`;
  return { type: 'file', path, object, size, mtimeMs: nowMs, executable: false };
}

async function admitRecord(store: Store, record: PackageRecord, nowMs: number): Promise<void> {
  const { object, size, mtimeMs, executable } = recordEntry(record, nowMs);
  const scratch = newScratch(store.layout);
  scratch.write(Buffer.from(formatPackage(record)));
  await store.objects.admit([{ sha256: object, size, mtimeMs, executable, from: scratch.path }]);
}
