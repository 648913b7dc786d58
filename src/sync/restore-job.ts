import { cachedReader } from '../manifest/cached-reader.js';
import { findEntry, readEntries } from '../manifest/read.js';
import type { Entry } from '../model/entry.js';
import { selector } from '../model/selection.js';
import { syncFilesystem } from '../store/durable.js';
import type { Job } from '../store/job.js';
import type { Store } from '../store/store.js';
import { TreeFiles } from '../store/tree-files.js';

export interface Restored {
  readonly put: number;
  readonly deleted: number;
}

/** Does what an approved hold kept from happening: deletes its files, and brings into place what could not come beside them. */
export const releaseHold: Job<{ readonly id: string }, Restored> = {
  name: 'release-hold',
  async run(store, { id }) {
    const hold = store.holds.get(id);
    if (hold === undefined) return { put: 0, deleted: 0 };
    const paths = [...store.holds.paths(id)].map(({ path }) => path);
    const restored = await restorePaths(store, hold.repository, paths);
    store.holds.remove(id);
    return restored;
  },
};

/** Makes paths of an installation copy again what the applied manifest says, whatever stands there. */
export const restoreTree: Job<{ readonly repository: string; readonly paths: readonly string[] }, Restored> = {
  name: 'restore-tree',
  run: (store, { repository, paths }) => restorePaths(store, repository, paths),
};

export interface Mended {
  /** Files of the installation copy that were put right. */
  readonly files: number;
  /** Damaged objects that have not come back yet. */
  readonly waiting: number;
}

/**
 * After damaged objects were fetched again: puts right the files of the installation copy that were names of their old
 * inodes. Goes through the whole manifest of the copy, so it is for repositories of which damage is noted.
 */
export const mendTree: Job<{ readonly repository: string }, Mended> = {
  name: 'mend-tree',
  async run(store, { repository }) {
    const damaged = new Set(store.damage.list(repository));
    const back = new Set([...damaged].filter((object) => store.objects.has(object)));
    const tree = store.trees.get(repository);
    const paths: string[] = [];
    if (tree !== undefined && back.size > 0) {
      const selects = selector(tree.selection);
      for (const entry of readEntries(tree.root, store.pages.read)) {
        if (entry.type === 'file' && back.has(entry.object) && selects(entry.path)) paths.push(entry.path);
      }
    }
    if (paths.length > 0) await restorePaths(store, repository, paths);
    const unwanted = [...damaged].filter((object) => !store.objects.belongs(repository, object));
    store.damage.mended(repository, [...back]);
    store.damage.remove(repository, unwanted);
    return { files: paths.length, waiting: store.damage.waiting(repository).length };
  },
};

async function restorePaths(store: Store, repository: string, paths: readonly string[]): Promise<Restored> {
  const tree = store.trees.get(repository);
  if (tree === undefined) return { put: 0, deleted: 0 };
  const read = cachedReader(store.pages.read);
  const selects = selector(tree.selection);
  const entryAt = (path: string): Entry | undefined => (selects(path) ? findEntry(tree.root, path, read) : undefined);
  const files = new TreeFiles(store, repository);
  files.clearStaging();
  const puts: Entry[] = [];
  let deleted = 0;
  for (const path of paths) {
    const entry = entryAt(path);
    if (entry !== undefined) {
      // Of an object that is gone the file stays as it is until the next cycle has fetched it.
      if (entry.type !== 'file' || store.objects.has(entry.object)) puts.push(entry);
      continue;
    }
    files.remove({ type: 'link', path, target: '' });
    files.removeEmptied(path, (folder) => entryAt(folder)?.type === 'folder');
    deleted += 1;
  }
  for (const [number, entry] of puts.entries()) {
    if (entry.type !== 'folder') files.stage(number, entry);
    files.put(number, entry);
  }
  files.noteLinks();
  await syncFilesystem(store.layout.data);
  files.clearStaging();
  return { put: puts.length, deleted };
}
