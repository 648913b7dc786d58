import { comparePaths, type Entry } from '../model/entry.js';
import { quoted } from '../model/paths.js';
import { damaged } from './line.js';
import { parsePage, type Branch, type InteriorPage, type Page, type PageRef, type ReadPage } from './page.js';

/** Gives pages parsed. */
export type OpenPage = (ref: PageRef) => Page;

/** Where a page stands among the pages of its level. */
export interface Place {
  /** The last path before the page; undefined for the first page. */
  readonly after: string | undefined;
  readonly isLast: boolean;
}

/** A page that was not read yet, with what the page above says of it. */
export interface Subtree extends Place {
  readonly branch: Branch;
  readonly level: number;
}

/** Of the root: alone on its level. */
export const alone: Place = { after: undefined, isLast: true };

export function opener(read: ReadPage): OpenPage {
  return (ref) => parsePage(read(ref), ref);
}

/** @throws DepotError `manifest-damaged` where the page lists a single one, which would be the root then. */
export function openRoot(root: PageRef, open: OpenPage): Page {
  const page = open(root);
  if (page.branches?.length === 1) throw damaged(`page ${root.sha256} is a root that lists a single page`);
  return page;
}

export function subtreesOf(page: InteriorPage, place: Place): Subtree[] {
  return page.branches.map((branch, at) => subtreeOf(page, place, branch, at));
}

function subtreeOf(page: InteriorPage, place: Place, branch: Branch, at: number): Subtree {
  const after = at === 0 ? place.after : page.branches[at - 1]?.last;
  return { branch, level: page.level - 1, after, isLast: place.isLast && at === page.branches.length - 1 };
}

/** @throws DepotError `manifest-damaged` where the page is not what the page above says of it. */
export function openSubtree(subtree: Subtree, open: OpenPage): Page {
  const { branch, level, after, isLast } = subtree;
  const page = open(branch);
  const { sums, first, last } = page;
  const wrong = (what: string) => damaged(`page ${branch.sha256} ${what}, unlike the page above it says`);
  if (page.level !== level) throw wrong(`is of level ${page.level}`);
  if (last !== branch.last) throw wrong(`ends with ${quoted(String(last))}`);
  if (sums.entries !== branch.entries || sums.files !== branch.files || sums.bytes !== branch.bytes) {
    throw wrong(`holds ${sums.entries} entries, ${sums.files} files and ${sums.bytes} bytes`);
  }
  if (after !== undefined && first !== undefined && comparePaths(after, first) >= 0) {
    throw wrong(`begins with ${quoted(first)} although ${quoted(after)} stands before it`);
  }
  if (!page.closed && !isLast) {
    throw damaged(`page ${branch.sha256} ends with ${quoted(last)}, which ends no page of its level`);
  }
  return page;
}

/** The entries of a leaf, or a page that was not descended into. */
export type Piece = { readonly entries: readonly Entry[] } | { readonly skipped: Subtree };

/** All of a manifest in order, reading only the pages that `descend` asks for. */
export function* walk(root: PageRef, open: OpenPage, descend: (subtree: Subtree) => boolean): Generator<Piece> {
  yield* walkPage(openRoot(root, open), alone, open, descend);
}

function* walkPage(page: Page, place: Place, open: OpenPage, descend: (subtree: Subtree) => boolean): Generator<Piece> {
  if (page.branches === undefined) {
    yield { entries: page.entries };
    return;
  }
  for (const subtree of subtreesOf(page, place)) {
    if (descend(subtree)) yield* walkPage(openSubtree(subtree, open), subtree, open, descend);
    else yield { skipped: subtree };
  }
}

/** The first entry at or behind a path. Reads one page a level. */
export function seek(root: PageRef, path: string, open: OpenPage): Entry | undefined {
  let page = openRoot(root, open);
  let place = alone;
  while (page.branches !== undefined) {
    const at = firstNotBefore(page.branches, path, (branch) => branch.last);
    const branch = page.branches[at];
    if (branch === undefined) return undefined;
    const subtree = subtreeOf(page, place, branch, at);
    page = openSubtree(subtree, open);
    place = subtree;
  }
  return page.entries[firstNotBefore(page.entries, path, (entry) => entry.path)];
}

function firstNotBefore<Item>(items: readonly Item[], path: string, pathOf: (item: Item) => string): number {
  let from = 0;
  let to = items.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    const item = items[middle];
    if (item !== undefined && comparePaths(pathOf(item), path) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}
