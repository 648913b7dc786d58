import { cachedReader } from './cached-reader.js';
import { folderAndMore, foldersOf } from './folders.js';
import { diffManifests } from './diff.js';
import type { PageRef, ReadPage } from './page.js';
import { rememberedDiff } from './remembered.js';
import { opener, seek } from './walk.js';

/**
 * Makes sure of a whole manifest at the cost of what changed: that every page is what the page above says, and that no
 * entry is also the folder of another. For pages that came one by one; `editManifest` and `readEntries` do it on the way.
 * @param from a manifest that was made sure of before; undefined where there is none, and all of `to` is read
 * @throws DepotError `manifest-damaged` or `path-refused`
 */
export function checkManifest(from: PageRef | undefined, to: PageRef, read: ReadPage): void {
  const open = cachedReader(opener(read));
  let before = '';
  const changes = from === undefined ? diffManifests(from, to, read) : rememberedDiff(from, to, read);
  for (const change of changes) {
    // Without `from` all entries go by, and those who read all of them compare each with those before it.
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
