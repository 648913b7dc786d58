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

/** Keeps the pages used last parsed, for look-ups that come back to the same places. */
export function rememberingOpener(read: ReadPage, pages = 64): OpenPage {
  const open = opener(read);
  const kept = new Map<string, Page>();
  return (ref) => {
    const page = kept.get(ref.sha256) ?? open(ref);
    kept.delete(ref.sha256);
    kept.set(ref.sha256, page);
    const [oldest] = kept.keys();
    if (kept.size > pages && oldest !== undefined) kept.delete(oldest);
    return page;
  };
}

/** @throws DepotError `manifest-damaged` where the page lists a single one, which would be the root then. */
export function openRoot(root: PageRef, open: OpenPage): Page {
  const page = open(root);
  if (page.branches?.length === 1) throw damaged(`page ${root.sha256} is a root that lists a single page`);
  return page;
}

export function subtreesOf(page: InteriorPage, place: Place): Subtree[] {
  const level = page.level - 1;
  const end = page.branches.length - 1;
  let after = place.after;
  return page.branches.map((branch, at) => {
    const subtree = { branch, level, after, isLast: place.isLast && at === end };
    after = branch.last;
    return subtree;
  });
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
  if (!page.closed && !isLast)
    throw damaged(`page ${branch.sha256} ends with ${quoted(last)}, which ends no page of its level`);
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
    const subtree = subtreesOf(page, place).find(({ branch }) => comparePaths(branch.last, path) >= 0);
    if (subtree === undefined) return undefined;
    page = openSubtree(subtree, open);
    place = subtree;
  }
  return page.entries.find((entry) => comparePaths(entry.path, path) >= 0);
}
