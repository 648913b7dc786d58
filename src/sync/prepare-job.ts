import { join } from 'node:path';
import { cachedReader } from '../manifest/cached-reader.js';
import type { PageRef } from '../manifest/page.js';
import { readEntries } from '../manifest/read.js';
import type { Entry } from '../model/entry.js';
import { selector, type Selection } from '../model/selection.js';
import type { Sha256 } from '../model/sha256.js';
import type { Job } from '../store/job.js';
import type { Store } from '../store/store.js';
import { TreeFiles } from '../store/tree-files.js';
import type { TreeState } from './tree-changes.js';

export interface PrepareInput extends TreeState {
  readonly repository: string;
  /** The path up to which it was prepared before; null: from the beginning. */
  readonly after: string | null;
}

/** A first copy that is made up to a path. */
export interface Prepared {
  readonly after: string;
  readonly selection: Selection;
}

const entriesAtOnce = 500;

/** Where a first installation copy is made beside its place. */
export function preparedFolder(store: Store, repository: string): string {
  return join(store.layout.treeStaging(repository), 'whole');
}

export function preparedFiles(store: Store, repository: string): TreeFiles {
  const staging = join(store.layout.treeStaging(repository), 'parts');
  return new TreeFiles(store, repository, { root: preparedFolder(store, repository), staging });
}

/**
 * Makes the beginning of a first installation copy, in the order of paths and up to the first file whose object is not here,
 * while the others are fetched. Gives the path of the last that was made. Nothing relies on it before `applyTree` has made it
 * durable and has moved it into its place.
 */
export const prepareTree: Job<PrepareInput, string | null> = {
  name: 'prepare-tree',
  run(store, { repository, root, selection, after }, control) {
    const files = preparedFiles(store, repository);
    const from = files.isEmpty() ? null : after;
    if (from === null) clearStaging(store, repository, root, control.throwIfStopped);
    const selects = selector(selection);
    let upTo = from;
    let batch: Entry[] = [];
    let number = 0;
    /** @returns whether all of the batch was there */
    const put = (): boolean => {
      control.throwIfStopped();
      const missing = store.objects.missing(batch.flatMap(objectsOf));
      for (const entry of batch) {
        if (entry.type === 'file' && missing.has(entry.object)) break;
        number += 1;
        if (entry.type !== 'folder') files.stage(number, entry);
        files.put(number, entry);
        upTo = entry.path;
      }
      files.noteLinks();
      const isWhole = missing.size === 0;
      batch = [];
      return isWhole;
    };
    files.makeRoot();
    const range = from === null ? {} : { after: from };
    for (const entry of readEntries(root, cachedReader(store.pages.read), range)) {
      if (!selects(entry.path)) continue;
      batch.push(entry);
      if (batch.length === entriesAtOnce && !put()) return upTo;
    }
    put();
    return upTo;
  },
};

/**
 * Drops what an earlier run staged, a copy that was prepared and is not used among it: its files are names of objects, which
 * would be taken for altered, and read again, if they were just removed.
 * @param root of the manifest that it was probably made of
 */
export function clearStaging(store: Store, repository: string, root: PageRef, throwIfStopped: () => void): void {
  const files = preparedFiles(store, repository);
  let number = 0;
  for (const entry of files.isEmpty() ? [] : readEntries(root, cachedReader(store.pages.read))) {
    if (entry.type === 'file') files.letGo(entry);
    number += 1;
    if (number % entriesAtOnce !== 0) continue;
    files.noteLinks();
    throwIfStopped();
  }
  files.noteLinks();
  new TreeFiles(store, repository).clearStaging();
}

function objectsOf(entry: Entry): Sha256[] {
  return entry.type === 'file' ? [entry.object] : [];
}
