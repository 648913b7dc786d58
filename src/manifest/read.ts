import { comparePaths, type Entry, type FileEntry, type LinkEntry } from '../model/entry.js';
import { folderGuard } from './folders.js';
import { sumsOf, totalOf, type ManifestRoot, type PageRef, type ReadPage, type Sums } from './page.js';
import { opener, openRoot, seek, walk, type Piece, type Subtree } from './walk.js';

/**
 * The entries in the order of paths; with `under` only those in that folder, at any depth, with `after` only those behind that
 * path, reading only their pages.
 * The strings of an entry share the memory of their page: who keeps many entries keeps the texts of their pages.
 * @throws DepotError `manifest-damaged`, also where the path of one entry is the folder of another; `path-refused`
 */
export function* readEntries(
  root: PageRef,
  read: ReadPage,
  { under = '', after }: { readonly under?: string; readonly after?: string } = {},
): Generator<Entry> {
  const folder = folderRange(under);
  const isBehind = (path: string): boolean => after === undefined || comparePaths(path, after) > 0;
  const guard = folderGuard();
  const meets = (subtree: Subtree): boolean => isBehind(subtree.branch.last) && folder.meets(subtree);
  for (const piece of walk(root, opener(read), meets)) {
    if ('skipped' in piece) continue;
    for (const entry of piece.entries) {
      if (!folder.has(entry.path) || !isBehind(entry.path)) continue;
      guard(entry.path);
      yield entry;
    }
  }
}

/** Reads one page a level. */
export function findEntry(root: PageRef, path: string, read: ReadPage): Entry | undefined {
  const entry = seek(root, path, opener(read));
  return entry?.path === path ? entry : undefined;
}

/** The entries that the manifest has of these paths, which are in order; reads only pages that can hold one. */
export function* entriesAt(root: PageRef, paths: readonly string[], read: ReadPage): Generator<Entry> {
  let at = 0;
  const isWanted = (path: string): boolean => {
    for (let next = paths[at]; next !== undefined && comparePaths(next, path) < 0; next = paths[at]) at += 1;
    return paths[at] === path;
  };
  const holdsWanted = ({ after, branch }: Subtree): boolean => {
    for (let next = paths[at]; next !== undefined; next = paths[at]) {
      if (after === undefined || comparePaths(next, after) > 0) return comparePaths(next, branch.last) <= 0;
      at += 1;
    }
    return false;
  };
  for (const piece of walk(root, opener(read), holdsWanted)) {
    if ('skipped' in piece) continue;
    for (const entry of piece.entries) if (isWanted(entry.path)) yield entry;
  }
}

/** A folder with the sums of all that lies in it at any depth; all zero for an empty folder, which is an entry itself. */
export interface FolderListing extends Sums {
  readonly type: 'folder';
  readonly path: string;
}

export type Listed = FileEntry | LinkEntry | FolderListing;

/**
 * What lies directly in a folder ('' is the whole repository), folders placed as if their paths ended with `/`. Nothing
 * where there is no such folder. Pages that lie within one subfolder are not read: their sums are known from above.
 */
export function* listFolder(root: PageRef, folder: string, read: ReadPage): Generator<Listed> {
  const range = folderRange(folder);
  const depth = folder === '' ? 0 : folder.length + 1;
  const subfolderOf = (path: string): string | undefined => {
    const slash = path.indexOf('/', depth);
    return slash === -1 ? undefined : path.slice(0, slash);
  };
  const withinOne = ({ after, branch }: Subtree): boolean =>
    range.has(branch.last) &&
    after !== undefined &&
    subfolderOf(after) !== undefined &&
    subfolderOf(after) === subfolderOf(branch.last);

  let current: FolderListing | undefined;
  for (const piece of walk(root, opener(read), (subtree) => range.meets(subtree) && !withinOne(subtree))) {
    for (const { path, entry, sums } of partsOf(piece)) {
      if (!range.has(path)) continue;
      const subfolder = subfolderOf(path);
      if (current !== undefined && current.path !== subfolder) {
        yield current;
        current = undefined;
      }
      if (subfolder !== undefined) {
        current = { type: 'folder', path: subfolder, ...totalOf(current === undefined ? [sums] : [current, sums]) };
      } else if (entry !== undefined) {
        yield entry.type === 'folder' ? { ...entry, ...totalOf([]) } : entry;
      }
    }
  }
  if (current !== undefined) yield current;
}

function* partsOf(piece: Piece): Generator<{ path: string; entry?: Entry; sums: Sums }> {
  if ('skipped' in piece) yield { path: piece.skipped.branch.last, sums: piece.skipped.branch };
  else for (const entry of piece.entries) yield { path: entry.path, entry, sums: sumsOf(entry) };
}

interface FolderRange {
  readonly has: (path: string) => boolean;
  /** Whether a page can hold such paths. */
  readonly meets: (subtree: Subtree) => boolean;
}

/** The paths in a folder at any depth; all paths for ''. They are neighbours, since `0` is what comes after `/`. */
function folderRange(folder: string): FolderRange {
  if (folder === '') return { has: () => true, meets: () => true };
  const begin = `${folder}/`;
  const end = `${folder}0`;
  return {
    has: (path) => path.startsWith(begin),
    meets: ({ after, branch }) =>
      comparePaths(branch.last, begin) > 0 && (after === undefined || comparePaths(after, end) < 0),
  };
}

/** What a manifest holds in all, from its root page alone. */
export function summarize(root: PageRef, read: ReadPage): ManifestRoot {
  return { sha256: root.sha256, length: root.length, ...openRoot(root, opener(read)).sums };
}
