import { comparePaths } from '../model/entry.js';
import type { SourceFile, SourceRows } from '../store/sources.js';
import { isTooFresh, sameFingerprint, untrusted } from './fingerprint.js';
import { allPaths, type PathRange } from './path-range.js';
import type { Found, FoundFile } from './walk.js';

/** What a walk finds, as far as it has a place in the order of paths. */
export type Indexed = Exclude<Found, { readonly kind: 'held-back' | 'mount' }>;

export interface IndexUpdate {
  /** In the order of paths. What lies before the range, and could not be looked at, keeps the rows below it. */
  take(found: Indexed): void;
  /** All was taken: what was not is gone. */
  finish(): void;
}

type KnownFile = Omit<SourceFile, 'object'>;

const batchRows = 400;

/**
 * Merges a walk of a range into the index of the last one. Rows of files that did not change stay as they are; what is gone is
 * dropped, unless it lies below something that could not be looked at.
 */
export function indexUpdate(
  sources: SourceRows,
  repository: string,
  nowMs: number,
  range: PathRange = allPaths,
): IndexUpdate {
  const unknown = new Set<string>();
  const rows = sources.stats(repository, range);
  let puts: SourceFile[] = [];
  let deletes: string[] = [];
  let row = nextRow();

  function nextRow(): KnownFile | undefined {
    const next = rows.next();
    return next.done === true ? undefined : next.value;
  }
  function write(): void {
    sources.write(repository, { puts, deletes });
    puts = [];
    deletes = [];
  }
  function dropRowsBefore(path: string | undefined): void {
    while (row !== undefined && (path === undefined || comparePaths(row.path, path) < 0)) {
      if (unknown.size === 0 || !liesBelow(row.path, unknown)) deletes.push(row.path);
      if (deletes.length >= batchRows) write();
      row = nextRow();
    }
  }

  return {
    take(found) {
      dropRowsBefore(found.path);
      const known = row?.path === found.path ? row : undefined;
      if (found.kind === 'unknown') unknown.add(found.path);
      if (known === undefined || !describes(known, found)) puts.push(rowOf(found, nowMs));
      if (known !== undefined) row = nextRow();
      if (puts.length >= batchRows) write();
    },
    finish() {
      dropRowsBefore(undefined);
      write();
    },
  };
}

/** Whether one of the folders above a path is in the set. */
export function liesBelow(path: string, folders: ReadonlySet<string>): boolean {
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
    if (folders.has(path.slice(0, slash))) return true;
  }
  return false;
}

function describes(row: KnownFile, found: Indexed): boolean {
  switch (found.kind) {
    case 'file':
      return row.type === 'file' && row.problem === null && sameFingerprint(row, found);
    case 'link':
      return row.type === 'link' && row.target === found.target;
    case 'folder':
      return row.type === 'folder';
    case 'unknown':
      return row.type === 'unknown' && row.problem === found.reason;
  }
}

const nothing = {
  size: 0,
  mtimeUs: 0,
  ctimeUs: 0,
  inode: 0,
  executable: false,
  target: null,
  object: null,
  problem: null,
};

function rowOf(found: Indexed, nowMs: number): SourceFile {
  switch (found.kind) {
    case 'file':
      return { ...nothing, ...fileFields(found), ctimeUs: isTooFresh(found, nowMs) ? untrusted : found.ctimeUs };
    case 'link':
      return { ...nothing, path: found.path, type: 'link', target: found.target };
    case 'folder':
      return { ...nothing, path: found.path, type: 'folder' };
    case 'unknown':
      return { ...nothing, path: found.path, type: 'unknown', problem: found.reason };
  }
}

function fileFields({ path, size, mtimeUs, inode, executable }: FoundFile) {
  return { path, type: 'file', size, mtimeUs, inode, executable } as const;
}
