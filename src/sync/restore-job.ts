import { cachedReader } from '../manifest/cached-reader.js';
import { findEntry } from '../manifest/read.js';
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
      puts.push(entry);
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
