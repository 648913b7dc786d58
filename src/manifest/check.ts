import { diffManifests } from './diff.js';
import { folderAndMore, foldersOf } from './folders.js';
import type { PageRef, ReadPage } from './page.js';
import { rememberingOpener, seek } from './walk.js';

/**
 * Makes sure that no entry of a manifest is also the folder of another, as `readEntries` does on its way, but at the
 * cost of what changed: only what `to` has more than `from` is looked up. `from` was made sure of before.
 * @throws DepotError `manifest-damaged`
 */
export function checkFolders(from: PageRef | undefined, to: PageRef, read: ReadPage): void {
  const open = rememberingOpener(read);
  let before = '';
  for (const change of diffManifests(from, to, read)) {
    if (change.kind !== 'add' || from === undefined) continue;
    const { path } = change.entry;
    const below = seek(to, `${path}/`, open);
    if (below?.path.startsWith(`${path}/`) === true) throw folderAndMore(path, below.path);
    for (const folder of foldersOf(path)) {
      if (before.startsWith(`${folder}/`)) continue;
      if (seek(to, folder, open)?.path === folder) throw folderAndMore(folder, path);
    }
    before = path;
  }
}
