import { comparePaths, sameEntry, type Change, type Entry } from '../model/entry.js';
import type { PageRef, Page, ReadPage } from './page.js';
import { readEntries } from './read.js';
import { alone, opener, openRoot, openSubtree, subtreesOf, type OpenPage, type Place, type Subtree } from './walk.js';

/**
 * What turns one manifest into another, in the order of paths. Both are gone through side by side; where the same page
 * comes next on both sides it is stepped over, so only pages that differ are read, and those on the way to them. The strings of an entry share the memory of their
 * page: who keeps many entries keeps the texts of their pages.
 * @param from undefined stands for the empty manifest
 * @throws DepotError `manifest-damaged` or `path-refused`
 */
export function* diffManifests(from: PageRef | undefined, to: PageRef, read: ReadPage): Generator<Change> {
  if (from === undefined) {
    for (const entry of readEntries(to, read)) yield { kind: 'add', entry };
    return;
  }
  if (from.sha256 === to.sha256) return;
  const open = opener(read);
  const before = cursor(from, open);
  const after = cursor(to, open);
  for (;;) {
    const old = before.next();
    const entry = after.next();
    if (old === undefined && entry === undefined) return;
    if (isSubtree(old) || isSubtree(entry)) {
      stepThroughPages(before, after, old, entry);
      continue;
    }
    const order = old === undefined ? 1 : entry === undefined ? -1 : comparePaths(old.path, entry.path);
    if (order <= 0) before.pass();
    if (order >= 0) after.pass();
    if (entry === undefined || order < 0) {
      if (old !== undefined) yield { kind: 'delete', old };
    } else if (old === undefined || order > 0) {
      yield { kind: 'add', entry };
    } else if (!sameEntry(old, entry)) {
      yield { kind: 'replace', old, entry };
    }
  }
}

/** What comes next on one side: an entry, or a page that was not read yet. */
type Item = Entry | Subtree;

interface Cursor {
  next(): Item | undefined;
  /** Leaves out what comes next. */
  pass(): void;
  /** Puts in place of the page that comes next what it lists. */
  enter(page: Subtree): void;
}

function isSubtree(item: Item | undefined): item is Subtree {
  return item !== undefined && 'branch' in item;
}

/** Equal pages are passed; otherwise pages of the higher level are entered, so that both sides come to the same level. */
function stepThroughPages(before: Cursor, after: Cursor, old: Item | undefined, entry: Item | undefined): void {
  const oldLevel = isSubtree(old) ? old.level : -1;
  const newLevel = isSubtree(entry) ? entry.level : -1;
  if (isSubtree(old) && isSubtree(entry) && old.branch.sha256 === entry.branch.sha256) {
    before.pass();
    after.pass();
    return;
  }
  if (isSubtree(old) && oldLevel >= newLevel) before.enter(old);
  if (isSubtree(entry) && newLevel >= oldLevel) after.enter(entry);
}

function cursor(root: PageRef, open: OpenPage): Cursor {
  const lists: { items: readonly Item[]; at: number }[] = [{ items: itemsOf(openRoot(root, open), alone), at: 0 }];
  const top = () => {
    let list = lists.at(-1);
    while (list !== undefined && list.at === list.items.length) {
      lists.pop();
      list = lists.at(-1);
    }
    return list;
  };
  const pass = (): void => {
    const list = top();
    if (list !== undefined) list.at += 1;
  };
  return {
    next() {
      const list = top();
      return list?.items[list.at];
    },
    pass,
    enter(page) {
      pass();
      lists.push({ items: itemsOf(openSubtree(page, open), page), at: 0 });
    },
  };
}

function itemsOf(page: Page, place: Place): readonly Item[] {
  return page.branches === undefined ? page.entries : subtreesOf(page, place);
}
