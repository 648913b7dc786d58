import { quoted } from '../model/paths.js';
import { damaged } from './line.js';

const slash = 0x2f;

/**
 * Watches the paths of a manifest go by in order and throws when one of them is also the folder of another (`a` and
 * `a/b`). The two need not be neighbours: `a-b` and `a.b` stand between them, because `-` and `.` come before `/`.
 * So the paths that can still turn out to be folders are kept: those that begin the current one, each beginning the
 * next; there are never more of them than characters in a path.
 * @throws DepotError `manifest-damaged`.
 */
export function folderGuard(): (path: string) => void {
  const possible: string[] = [];
  return (path) => {
    for (let folder = possible.at(-1); folder !== undefined; folder = possible.at(-1)) {
      const next = path.startsWith(folder) ? path.charCodeAt(folder.length) : Infinity;
      if (next === slash) throw folderAndMore(folder, path);
      if (next < slash) break;
      possible.pop();
    }
    possible.push(path);
  };
}

export function folderAndMore(folder: string, below: string): Error {
  return damaged(`${quoted(folder)} is an entry, and also the folder of ${quoted(below)}`);
}

/** The folders that a path lies in, outermost first. */
export function foldersOf(path: string): string[] {
  const folders: string[] = [];
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) folders.push(path.slice(0, at));
  return folders;
}
