import { comparePaths, type Entry } from '../model/entry.js';
import { DepotError } from '../model/errors.js';
import { quoted } from '../model/paths.js';
import type { Sha256 } from '../model/sha256.js';
import { boundaryLevel } from './boundary.js';
import { damaged, parseCount, parseEntry, parseHash, readEntry, requirePath } from './line.js';

/** Names a page: hash and length in bytes of its text in UTF-8. */
export interface PageRef {
  readonly sha256: Sha256;
  readonly length: number;
}

/** What a page and those below it hold; `files` counts files and links, `bytes` the sizes of the files. */
export interface Sums {
  readonly entries: number;
  readonly files: number;
  readonly bytes: number;
}

/** A whole manifest, by its root page. */
export interface ManifestRoot extends PageRef, Sums {}

/**
 * The text of a page whose bytes were checked against hash and length, and are valid UTF-8.
 * @throws DepotError `manifest-damaged` where they are not.
 */
export type ReadPage = (ref: PageRef) => string;

/** Keeps a page, which can be read at once; writing what is there already does nothing. */
export type WritePage = (text: string) => PageRef;

/** A line of an interior page: the page below, what it holds, and its last path. */
export interface Branch extends PageRef, Sums {
  readonly last: string;
}

interface PageFacts {
  readonly sums: Sums;
  /** The first and the last key; undefined in the empty manifest. */
  readonly first: string | undefined;
  readonly last: string | undefined;
  /** Whether the last key ends pages of this level; only the last page of a level may lack this. */
  readonly closed: boolean;
}

interface LeafPage extends PageFacts {
  readonly level: 0;
  readonly entries: readonly Entry[];
  readonly branches?: undefined;
}

export interface InteriorPage extends PageFacts {
  readonly level: number;
  readonly branches: readonly Branch[];
  readonly entries?: undefined;
}

export type Page = LeafPage | InteriorPage;

/** No page is longer, in bytes; an honest one comes to that with a chance below 10^-27. A longer one is refused before it is fetched. */
export const maxPageBytes = 64 * 1024 * 1024;

/** SHA-256 has no more zero bits than those of this level. */
const maxLevel = 41;

export function pageHeader(level: number): string {
  return `depotd-page\t1\t${level}\n`;
}

export function branchLine(branch: Branch): string {
  const { sha256, length, entries, files, bytes, last } = branch;
  return `${sha256}\t${length}\t${entries}\t${files}\t${bytes}\t${last}\n`;
}

/** The manifest that consists of a page and those below it. */
export function rootOf({ sha256, length, entries, files, bytes }: Branch): ManifestRoot {
  return { sha256, length, entries, files, bytes };
}

export function sumsOf(entry: Entry): Sums {
  return { entries: 1, files: entry.type === 'folder' ? 0 : 1, bytes: entry.type === 'file' ? entry.size : 0 };
}

/** @throws DepotError `manifest-damaged` beyond 2^53 - 1, where sums stop being exact. */
export function totalOf(parts: readonly Sums[]): Sums {
  let entries = 0;
  let files = 0;
  let bytes = 0;
  for (const part of parts) {
    entries += part.entries;
    files += part.files;
    bytes += part.bytes;
    if (bytes > Number.MAX_SAFE_INTEGER) throw damaged('the files have more than 2^53 - 1 bytes in all');
  }
  if (entries > Number.MAX_SAFE_INTEGER || files > entries)
    throw damaged('the counts of entries and files are impossible');
  return { entries, files, bytes };
}

/** Hashes of leaves that this thread has found sound: their text, which the hash names, need not be looked at that closely again. */
const sound = new Set<Sha256>();
const mostSound = 20_000;

/**
 * What a page says, in full strictness (README, 1 to 4): every text that is accepted is the one that is written for what
 * it says, so two texts never mean the same. The text must be the one that `ref` names.
 * @throws DepotError `manifest-damaged` or `path-refused`, naming the page and the line.
 */
export function parsePage(text: string, ref: PageRef): Page {
  return sound.has(ref.sha256) ? readLeaf(text) : parseStrictly(text, ref);
}

function readLeaf(text: string): LeafPage {
  const entries = text.slice(pageHeader(0).length, -1).split('\n').map(readEntry);
  return leafOf(entries);
}

function leafOf(entries: readonly Entry[]): LeafPage {
  const [first, last] = [entries[0]?.path, entries.at(-1)?.path];
  const closed = last !== undefined && boundaryLevel(last) >= 0;
  return { level: 0, entries, sums: totalOf(entries.map(sumsOf)), first, last, closed };
}

function parseStrictly(text: string, ref: PageRef): Page {
  let lineNumber = 1;
  try {
    if (ref.length > maxPageBytes) throw damaged(`${ref.length} bytes are more than a page may have`);
    const lines = text.split('\n');
    if (lines.pop() !== '') throw damaged('the last line is cut off');
    const level = parseHeader(lines[0] ?? '');
    const entries: Entry[] = [];
    const branches: Branch[] = [];
    let last: string | undefined;
    let closed = false;
    for (const line of lines.slice(1)) {
      lineNumber += 1;
      const key = level === 0 ? append(entries, parseEntry(line)).path : append(branches, parseBranch(line)).last;
      if (last !== undefined && comparePaths(last, key) >= 0) throw damaged(`${quoted(key)} follows ${quoted(last)}`);
      if (closed) throw damaged(`the page goes on behind ${quoted(String(last))}, which should end it`);
      closed = boundaryLevel(key) >= level;
      last = key;
    }
    if (level === 0) {
      const leaf = leafOf(entries);
      if (sound.size >= mostSound) sound.clear();
      if (entries.length > 0) sound.add(ref.sha256);
      return leaf;
    }
    if (branches.length === 0) throw damaged('it lists no pages');
    return { level, branches, sums: totalOf(branches), first: branches[0]?.last, last, closed };
  } catch (error) {
    if (!(error instanceof DepotError)) throw error;
    const { code, message, hint, retry } = error;
    throw new DepotError(code, `page ${ref.sha256}, line ${lineNumber}: ${message}`, {
      cause: error,
      retry,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** Whether a page lists entries, and no pages; for one that was verified. */
export function isLeaf(text: string): boolean {
  return text.startsWith('depotd-page\t1\t0\n');
}

/** The pages that a page lists, in order; none for a leaf. For fetching a manifest page by page. */
export function childPages(text: string, ref: PageRef): readonly PageRef[] {
  return parsePage(text, ref).branches ?? [];
}

function append<Item>(items: Item[], item: Item): Item {
  items.push(item);
  return item;
}

function parseHeader(line: string): number {
  const level = /^depotd-page\t1\t(0|[1-9][0-9]?)$/.exec(line)?.[1];
  if (level === undefined) throw damaged(`${quoted(line)} is not the first line of a page of format 1`);
  return parseCount(level, maxLevel);
}

function parseBranch(line: string): Branch {
  const [sha256 = '', length = '', entries = '', files = '', bytes = '', last = '', ...rest] = line.split('\t');
  if (rest.length > 0) throw damaged('a line of an interior page has six fields');
  if (entries === '0') throw damaged('a page below it is empty');
  return {
    sha256: parseHash(sha256),
    length: parseCount(length, maxPageBytes),
    entries: parseCount(entries),
    files: parseCount(files),
    bytes: parseCount(bytes),
    last: requirePath(last),
  };
}
