import type { FileEntry } from '../model/entry.js';
import type { PageRef, ReadPage } from './page.js';
import { readEntries, summarize } from './read.js';
import { rememberedDiff } from './remembered.js';
import { repeatable } from './repeatable.js';

/** A file that is new or changed, and the one of the older manifest that it continues. */
export interface ContinuedFile {
  readonly entry: FileEntry;
  readonly before: FileEntry | undefined;
}

/** Going through a manifest of up to so many entries is always worth it; beyond, where one in a thousand is new. */
const alwaysSearched = 100_000;
/** Files that are looked for at once; where more are new, it is another tree. */
const mostSought = 100_000;
/** What differs more in size resembles too little. */
const sizeFactor = 4;

/**
 * The files that a newer manifest adds or replaces, in the order of their paths, with those that they continue: the file of
 * the same path; else one of the same path but for its numbers (`typescript-5.9.2/lib/tsc.js` for
 * `typescript-5.9.3/lib/tsc.js`), or of the same name in another folder, the nearest in size. The latter are guesses: where
 * one is wrong, what is made on it does not pay.
 * @param isSought whether it is worth to look for what an added file continues
 */
export function* continuedFiles(
  older: PageRef,
  newer: PageRef,
  read: ReadPage,
  isSought: (added: FileEntry) => boolean,
): Generator<ContinuedFile> {
  const added: FileEntry[] = [];
  const changed = repeatable(() => changedFiles(older, newer, read));
  for (const { entry, before } of changed) {
    if (before === undefined && isSought(entry) && added.length <= mostSought) added.push(entry);
  }
  const find = findPredecessors(added, older, read);
  for (const { entry, before } of changed) yield { entry, before: before ?? find(entry) };
}

function* changedFiles(older: PageRef, newer: PageRef, read: ReadPage): Generator<ContinuedFile> {
  for (const change of rememberedDiff(older, newer, read)) {
    if (change.kind === 'delete' || change.entry.type !== 'file') continue;
    const isFile = change.kind === 'replace' && change.old.type === 'file';
    yield { entry: change.entry, before: isFile ? change.old : undefined };
  }
}

function findPredecessors(
  added: readonly FileEntry[],
  older: PageRef,
  read: ReadPage,
): (added: FileEntry) => FileEntry | undefined {
  const { entries } = summarize(older, read);
  const isWorthIt = entries <= alwaysSearched || added.length * 1000 >= entries;
  if (added.length === 0 || added.length > mostSought || !isWorthIt) return () => undefined;
  const candidates = new Map<string, FileEntry[]>();
  for (const { path } of added) for (const key of keysOf(path)) candidates.set(key, []);
  for (const entry of readEntries(older, read)) {
    if (entry.type !== 'file') continue;
    for (const key of keysOf(entry.path)) candidates.get(key)?.push(entry);
  }
  return ({ path, size }) => {
    const [alike, named] = keysOf(path).map((key) => nearestInSize(candidates.get(key) ?? [], size));
    return alike ?? named;
  };
}

/** The path without its numbers, and the name; no path begins with a slash. */
function keysOf(path: string): readonly [string, string] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return [path.replace(/\d+/g, '#'), `/${name}`];
}

/** Of several as near the last one: with numbered folders that is the newest. */
function nearestInSize(candidates: readonly FileEntry[], size: number): FileEntry | undefined {
  let nearest: FileEntry | undefined;
  for (const candidate of candidates) {
    const [less, more] = candidate.size < size ? [candidate.size, size] : [size, candidate.size];
    if (less * sizeFactor < more) continue;
    if (nearest === undefined || Math.abs(candidate.size - size) <= Math.abs(nearest.size - size)) nearest = candidate;
  }
  return nearest;
}
