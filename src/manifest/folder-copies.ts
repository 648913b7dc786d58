import { comparePaths, type Change, type FileEntry } from '../model/entry.js';
import { checkStructure } from '../model/paths.js';
import type { Sha256 } from '../model/sha256.js';
import { cachedReader } from './cached-reader.js';
import type { PageRef, ReadPage } from './page.js';
import { readEntries, summarize } from './read.js';
import { opener, seek, type OpenPage } from './walk.js';

/** A folder that is new, and the one of the older manifest that it is a copy of, but for some entries. */
export interface FolderCopy {
  readonly to: string;
  readonly from: string;
}

/** With fewer files in common a copy is not worth its line. */
const leastFiles = 8;
/** One in so many is alike at least: what the copy has and the new folder has not costs a line, a third of what a hash does. */
const leastAlike = 4;
/** Going through a manifest of up to so many entries is always worth it; beyond, where one in a thousand is new. */
const alwaysSearched = 100_000;
/** Files that are looked for at once; where more are new, it is another tree. */
const mostSought = 100_000;
/** Pairs of folders that are looked at, those with most in common. */
const mostTried = 4_000;
/** Places of one content that are looked at, the last ones. */
const mostPlaces = 8;

/**
 * Folders of the newer manifest that are copies of older ones, such as a revision of what the one before holds, in the order of
 * what is in them; none within another. All of them together have no more entries than the older manifest.
 * @param changes as `diffManifests` gives them
 */
export function findFolderCopies(older: PageRef, changes: Iterable<Change>, read: ReadPage): FolderCopy[] {
  const added: FileEntry[] = [];
  for (const change of changes) {
    if (change.kind !== 'add' || change.entry.type !== 'file') continue;
    added.push(change.entry);
    if (added.length > mostSought) return [];
  }
  const { entries } = summarize(older, read);
  const isWorthIt = entries <= alwaysSearched || added.length * 1000 >= entries;
  if (added.length < leastFiles || !isWorthIt) return [];
  const [pages, open] = [cachedReader(read), cachedReader(opener(read))];
  const accepted = new Map<string, FolderCopy>();
  /** The folders that the accepted ones are in. */
  const above = new Set<string>();
  let room = entries;
  for (const [copy, votes] of likely(added, placesOf(added, older, read)).slice(0, mostTried)) {
    const folders = foldersOf(copy.to);
    if (above.has(copy.to) || folders.some((folder) => accepted.has(folder)) || accepted.has(copy.to)) continue;
    if (hasEntriesAt(older, copy.to, open)) continue;
    const most = Math.min(room, votes * leastAlike);
    const copied = countCopied(older, copy, most, pages);
    if (copied > most) continue;
    room -= copied;
    accepted.set(copy.to, copy);
    for (const folder of folders) above.add(folder);
  }
  return [...accepted.values()].sort((a, b) => comparePaths(`${a.to}/`, `${b.to}/`));
}

/** All folders that a path is in. */
function foldersOf(path: string): string[] {
  const folders: string[] = [];
  for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) folders.push(path.slice(0, end));
  return folders;
}

/** Where the older manifest has the contents of the files. */
function placesOf(added: readonly FileEntry[], older: PageRef, read: ReadPage): Map<Sha256, string[]> {
  const places = new Map<Sha256, string[]>(added.map(({ object }) => [object, []]));
  for (const entry of readEntries(older, read)) {
    const found = entry.type === 'file' ? places.get(entry.object) : undefined;
    if (found === undefined) continue;
    found.push(entry.path);
    if (found.length > mostPlaces) found.shift();
  }
  return places;
}

/** Pairs of folders with the number of files that they have in common, the most first; of as many the last one. */
function likely(added: readonly FileEntry[], places: ReadonlyMap<Sha256, readonly string[]>): [FolderCopy, number][] {
  const votes = new Map<string, [FolderCopy, number]>();
  for (const { path, object } of added) {
    for (const place of places.get(object) ?? []) {
      const copy = differing(place, path);
      if (copy === undefined) continue;
      const key = `${copy.from}\n${copy.to}`;
      votes.set(key, [copy, (votes.get(key)?.[1] ?? 0) + 1]);
    }
  }
  return [...votes.values()]
    .filter(([, count]) => count >= leastFiles)
    .sort(([a, ofA], [b, ofB]) => ofB - ofA || comparePaths(b.from, a.from));
}

/** The folders that are left where two paths go on alike: `a/1` and `a/2` of `a/1/b/c` and `a/2/b/c`. */
function differing(from: string, to: string): FolderCopy | undefined {
  const [before, after] = [from.split('/'), to.split('/')];
  let alike = 0;
  while (before.at(-1 - alike) === after.at(-1 - alike) && alike < before.length && alike < after.length) alike += 1;
  const [head, newHead] = [before, after].map((parts) => parts.slice(0, parts.length - alike).join('/'));
  return alike === 0 || !head || !newHead ? undefined : { from: head, to: newHead };
}

/** Whether a manifest has anything at a path, or in a folder of that name. */
export function hasEntriesAt(root: PageRef, path: string, open: OpenPage): boolean {
  return seek(root, path, open)?.path === path || hasEntriesIn(root, path, open);
}

/** Whether a manifest has anything in a folder. */
export function hasEntriesIn(root: PageRef, folder: string, open: OpenPage): boolean {
  return seek(root, `${folder}/`, open)?.path.startsWith(`${folder}/`) === true;
}

/** How many entries the copy has; too many where there are more than `most`, or where a path would be too long. */
function countCopied(root: PageRef, { from, to }: FolderCopy, most: number, read: ReadPage): number {
  let count = 0;
  for (const { path } of readEntries(root, read, { under: from })) {
    count += 1;
    const isStructured = checkStructure(`${to}${path.slice(from.length)}`) === undefined;
    if (count > most || !isStructured) return Infinity;
  }
  return count;
}
