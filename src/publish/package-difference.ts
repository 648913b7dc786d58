import { readFileSync, statSync } from 'node:fs';
import { compressSolid, prefixOf } from '../encoding/solid.js';
import { diffManifests } from '../manifest/diff.js';
import type { PageRef } from '../manifest/page.js';
import { continuedFiles, type ContinuedFile } from '../manifest/predecessors.js';
import { readEntries } from '../manifest/read.js';
import { subfolder } from '../manifest/subfolder.js';
import type { Change } from '../model/entry.js';
import { largeBytes } from '../model/encoding.js';
import type { RevisionChange } from '../model/package-status.js';
import type { Sha256 } from '../model/sha256.js';
import type { Job, JobControl } from '../store/job.js';
import { encodeObject } from '../store/make-encoding.js';
import type { Store } from '../store/store.js';

export interface DifferenceInput {
  /** The manifest of the files of the new revision. */
  readonly manifest: PageRef;
  /** Where the files of the revision before it stand; null for the first. */
  readonly before: { readonly root: PageRef; readonly folder: string } | null;
  readonly compress: boolean;
  readonly delta: boolean;
}

/** Small files travel in bundles of about so many bytes. */
const bundleBytes = 4 * 1024 ** 2;
const bundleLevel = 3;

/**
 * What differs between two revisions, and what of it travels; makes the encodings of large files on the way, so that they
 * are there when depots ask.
 */
export const packageDifference: Job<DifferenceInput, RevisionChange> = {
  name: 'package-difference',
  background: true,
  async run(store, { manifest, before, compress, delta }, control) {
    const count = { added: 0, changed: 0, removed: 0 };
    const full = { files: 0, bytes: 0 };
    let wireBytes = 0;
    let small: ContinuedFile[] = [];
    const bundle = (): void => {
      wireBytes += bundledBytes(store, small);
      small = [];
    };
    const seen = new Set<Sha256>();
    for (const { entry, before: base } of newFiles(store, manifest, before, (change) => tally(count, change))) {
      control.throwIfStopped();
      if (seen.has(entry.object)) continue;
      seen.add(entry.object);
      full.files += 1;
      full.bytes += entry.size;
      const isLarge = entry.size > largeBytes;
      if (isLarge && (compress || delta)) {
        const bases = [...(compress ? [null] : []), ...(base === undefined ? [] : [base.object])];
        wireBytes += await encoded(store, entry, bases, control);
      } else if (!compress) wireBytes += entry.size;
      else small.push({ entry, before: base });
      if (small.reduce((bytes, file) => bytes + file.entry.size, 0) > bundleBytes) bundle();
    }
    bundle();
    return { ...count, full, wireBytes };
  },
};

/** Files with objects that the revision before does not have. */
function* newFiles(
  { pages }: Store,
  manifest: PageRef,
  before: DifferenceInput['before'],
  onChange: (change: Change) => void,
): Generator<ContinuedFile> {
  if (before === null) {
    for (const entry of readEntries(manifest, pages.read)) {
      onChange({ kind: 'add', entry });
      if (entry.type === 'file') yield { entry, before: undefined };
    }
    return;
  }
  const { root, read } = subfolder(before.root, before.folder, pages.read);
  const held = new Set<Sha256>();
  for (const entry of readEntries(root, read)) if (entry.type === 'file') held.add(entry.object);
  for (const change of diffManifests(root, manifest, read)) onChange(change);
  for (const continued of continuedFiles(root, manifest, read, () => true)) {
    if (!held.has(continued.entry.object)) yield continued;
  }
}

function tally(count: { added: number; changed: number; removed: number }, { kind }: Change): void {
  count[kind === 'add' ? 'added' : kind === 'replace' ? 'changed' : 'removed'] += 1;
}

/** Bytes of the cheapest form of a large file. */
async function encoded(
  store: Store,
  { object, size }: { readonly object: Sha256; readonly size: number },
  bases: readonly (Sha256 | null)[],
  control: JobControl,
): Promise<number> {
  let least = size;
  for (const on of bases) {
    if (on === object) continue;
    const name = { sha256: object, base: on };
    if ((await encodeObject(store, name, control)) !== 'ready') continue;
    least = Math.min(least, statSync(store.layout.encodingFile(name), { throwIfNoEntry: false })?.size ?? size);
  }
  return least;
}

/** What small files come to as one bundle on what they were before. */
function bundledBytes(store: Store, files: readonly ContinuedFile[]): number {
  if (files.length === 0) return 0;
  const read = (object: Sha256): Buffer => readFileSync(store.objects.checked(object).file);
  const bases = new Set(files.flatMap(({ before }) => (before === undefined ? [] : [before.object])));
  const contents = Buffer.concat(files.map(({ entry }) => read(entry.object)));
  return compressSolid(prefixOf([...bases].map(read)), contents, bundleLevel).length;
}
