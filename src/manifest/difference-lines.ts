import { comparePaths, pathOf, sameEntry, type Change, type Entry } from '../model/entry.js';
import { cachedReader } from './cached-reader.js';
import { editOf } from './edit.js';
import { findFolderCopies, hasEntriesIn, type FolderCopy } from './folder-copies.js';
import type { PageRef, ReadPage } from './page.js';
import { readEntries } from './read.js';
import { opener } from './walk.js';
import type { DifferenceLine } from './stream-lines.js';

/**
 * The lines that turn one manifest into another, in their order: of folders that are copies of older ones what is not alike, of
 * folders that are gone their name, and else the changes one by one.
 * @param changes in the order of paths, all of them; gone through more than once
 */
export function* differenceLines(
  from: PageRef,
  to: PageRef,
  changes: Iterable<Change>,
  read: ReadPage,
): Generator<DifferenceLine> {
  const copies = findFolderCopies(from, changes, read);
  const gone = goneFolders(to, read);
  const rest = new Ahead(changes);
  let copy = copies.shift();
  for (let change = rest.peek(); change !== undefined; change = rest.peek()) {
    const path = pathOf(change);
    if (copy !== undefined && path.startsWith(`${copy.to}/`)) {
      yield { copyTo: copy.to, from: copy.from };
      yield* unlike(copiedEntries(from, copy, read), rest.takeIn(copy.to));
      copy = copies.shift();
      continue;
    }
    rest.next();
    const folder = change.kind === 'delete' ? gone(path) : undefined;
    const next = rest.peek();
    if (folder !== undefined && next !== undefined && pathOf(next).startsWith(`${folder}/`)) {
      yield { deleteFolder: folder };
      for (const _ of rest.takeIn(folder)) continue;
    } else {
      yield editOf(change);
    }
  }
}

/** The entries of a folder of the older manifest, under their new paths. */
export function* copiedEntries(older: PageRef, { from, to }: FolderCopy, read: ReadPage): Generator<Entry> {
  for (const entry of readEntries(older, read, { under: from })) {
    yield { ...entry, path: `${to}${entry.path.slice(from.length)}` };
  }
}

/** What turns the copied entries into those that were added. */
function* unlike(copied: Iterator<Entry, void>, added: Iterable<Change>): Generator<DifferenceLine> {
  let old = copied.next();
  const goneBefore = function* (path: string | undefined): Generator<DifferenceLine> {
    for (; old.done !== true && (path === undefined || comparePaths(old.value.path, path) < 0); old = copied.next()) {
      yield { delete: old.value.path };
    }
  };
  for (const change of added) {
    if (change.kind === 'delete') continue;
    const { entry } = change;
    yield* goneBefore(entry.path);
    if (old.done === true || old.value.path !== entry.path) {
      yield { put: entry };
      continue;
    }
    if (!sameEntry(old.value, entry)) yield editOf({ kind: 'replace', old: old.value, entry });
    old = copied.next();
  }
  yield* goneBefore(undefined);
}

/** Gives the topmost folder on the way to a path of which the newer manifest has nothing any more. */
function goneFolders(newer: PageRef, read: ReadPage): (path: string) => string | undefined {
  const known = new Map<string, boolean>();
  const open = cachedReader(opener(read));
  const isGone = (folder: string): boolean => {
    const found = known.get(folder) ?? !hasEntriesIn(newer, folder, open);
    known.set(folder, found);
    return found;
  };
  return (path) => {
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
      if (isGone(path.slice(0, end))) return path.slice(0, end);
    }
    return undefined;
  };
}

/** Changes with a look at the next one. */
class Ahead {
  private readonly changes: Iterator<Change>;
  private upcoming: Change | undefined;

  constructor(changes: Iterable<Change>) {
    this.changes = changes[Symbol.iterator]();
    this.next();
  }

  peek(): Change | undefined {
    return this.upcoming;
  }

  next(): void {
    const result = this.changes.next();
    this.upcoming = result.done === true ? undefined : result.value;
  }

  /** Those of a folder. */
  *takeIn(folder: string): Generator<Change> {
    for (let change = this.upcoming; change !== undefined; change = this.upcoming) {
      if (!pathOf(change).startsWith(`${folder}/`)) return;
      this.next();
      yield change;
    }
  }
}
