import type { Entry } from '../model/entry.js';
import { assembly } from './assembly.js';
import { folderGuard } from './folders.js';
import type { ManifestRoot, WritePage } from './page.js';

/**
 * Cuts entries into pages, in one pass that holds one unfinished page a level. The pages depend on the entries alone.
 * @param entries sorted by `comparePaths`, no path twice, none of them the folder of another
 * @throws DepotError `manifest-damaged` where they are not so, `path-refused` for a path or target that no manifest holds
 */
export function buildManifest(entries: Iterable<Entry>, write: WritePage): ManifestRoot {
  const pages = assembly(write);
  const guard = folderGuard();
  for (const entry of entries) {
    guard(entry.path);
    pages.append(entry);
  }
  return pages.finish(write);
}
