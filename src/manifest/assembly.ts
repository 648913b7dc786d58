import { comparePaths, type Entry } from '../model/entry.js';
import { quoted } from '../model/paths.js';
import { boundaryLevel } from './boundary.js';
import { damaged, entryLine } from './line.js';
import {
  branchLine,
  maxPageBytes,
  pageHeader,
  rootOf,
  sumsOf,
  totalOf,
  type Branch,
  type ManifestRoot,
  type Sums,
  type WritePage,
} from './page.js';

/** Makes the pages of a manifest from what is appended in the order of paths; holds one unfinished page a level. */
export interface Assembly {
  append(entry: Entry): void;
  /** Whether a page of that level begins here, so that one that is finished can be appended whole. */
  fits(level: number): boolean;
  /** Only where it fits. */
  appendPage(page: Branch, level: number): void;
  /** Of several pages the one that holds them all, written by `writeRoot`; otherwise the only one, which may have come whole. */
  finish(writeRoot: WritePage): ManifestRoot;
}

export function assembly(write: WritePage): Assembly {
  const leaf: { lines: string[]; sums: Sums[] } = { lines: [], sums: [] };
  /** By level; of the pages of level 0 the unfinished page of level 1 consists, and so on. */
  const finished: Branch[][] = [];
  let last = '';
  /** The highest level on which a page ends behind the last key. Before the first key, all begin. */
  let ends = Infinity;

  const store = (level: number, lines: readonly string[], sums: Sums, writePage: WritePage): Branch => {
    const { sha256, length } = writePage(pageHeader(level) + lines.join(''));
    if (length > maxPageBytes) throw damaged(`a page that ends with ${quoted(last)} would have ${length} bytes`);
    return { sha256, length, ...sums, last };
  };
  const storeLeaf = (writePage = write): Branch =>
    store(0, leaf.lines.splice(0), totalOf(leaf.sums.splice(0)), writePage);
  const storeAbove = (pages: Branch[], level: number, writePage = write): Branch =>
    store(level, pages.map(branchLine), totalOf(pages.splice(0)), writePage);
  const keep = (page: Branch, level: number): void => {
    while (finished.length <= level) finished.push([]);
    finished[level]?.push(page);
  };
  /** Ends the pages that the last key ends. Only when another key follows, so that no level gets a page too many. */
  const endPages = (): void => {
    if (ends >= 0 && leaf.lines.length > 0) keep(storeLeaf(), 0);
    for (let level = 1; level <= ends && level <= finished.length; level += 1) {
      const pages = finished[level - 1] ?? [];
      if (pages.length > 0) keep(storeAbove(pages, level), level);
    }
  };
  const moveTo = (key: string): void => {
    last = key;
    ends = boundaryLevel(key);
  };

  return {
    append(entry) {
      const line = entryLine(entry);
      if (comparePaths(last, entry.path) >= 0) throw damaged(`${quoted(entry.path)} follows ${quoted(last)}`);
      endPages();
      leaf.lines.push(line);
      leaf.sums.push(sumsOf(entry));
      moveTo(entry.path);
    },
    fits: (level) => ends >= level,
    appendPage(page, level) {
      endPages();
      keep(page, level);
      moveTo(page.last);
    },
    finish(writeRoot) {
      if (finished.length === 0) return rootOf(storeLeaf(writeRoot));
      if (leaf.lines.length > 0) keep(storeLeaf(), 0);
      for (let level = 1; ; level += 1) {
        const pages = finished[level - 1] ?? [];
        const [only] = pages;
        if (level === finished.length && only !== undefined) {
          return rootOf(pages.length === 1 ? only : storeAbove(pages, level, writeRoot));
        }
        if (only !== undefined) keep(storeAbove(pages, level), level);
      }
    },
  };
}
