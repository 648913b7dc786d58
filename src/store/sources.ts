import type { PageRef } from '../manifest/page.js';
import type { Sha256 } from '../model/sha256.js';
import type { Database } from './database.js';

/** The source folder of a repository that is published here, as it was when it was last looked through. */
export interface SourceRow {
  readonly repository: string;
  /** Absolute path. */
  readonly path: string;
  /** Of the folder itself; another pair means another disk, or an unmounted one. */
  readonly device: number;
  readonly inode: number;
  readonly lastScanMs: number;
  /** Files and links that the last complete scan found, held back ones included: tells an emptied source. */
  readonly files: number;
}

/** What identifies a state of a file without reading it. Times in microseconds since 1970. */
export interface SourceStat {
  readonly size: number;
  readonly mtimeUs: number;
  readonly ctimeUs: number;
  readonly inode: number;
}

/** A row of the index of a source: one file, link or empty folder. */
export interface SourceFile extends SourceStat {
  /** '/'-separated, relative; of a name that cannot be published: its escaped form. */
  readonly path: string;
  readonly type: 'file' | 'link' | 'folder';
  readonly executable: boolean;
  /** Of a link: its target; otherwise null. */
  readonly target: string | null;
  /** Of a file: its content as of this stat; null until it was read. */
  readonly object: Sha256 | null;
  /** Why it is held back or could not be read; null when it is published. */
  readonly problem: string | null;
}

/** The manifest that was published last. */
export interface Published {
  readonly generation: number;
  readonly root: PageRef;
}

/**
 * What is known of the sources, so that a scan reads only what changed. A scan of any size runs in bounded memory:
 * 1. walk the source in the order of paths, and merge the walk with `rows()` (which pages by path: other statements may run
 *    between); collect what differs, and `write` it each few hundred rows. A new or changed file is put with `object: null`;
 * 2. `unhashed` pages through the files whose content is not known or not held; read, `objects.admit`, `setObject`;
 * 3. merge `rows()` with the entries of the published manifest for the edits; build; `setPublished`.
 * Each step may be cut at any row: the next scan finds what is left to do.
 */
export class SourceRows {
  constructor(readonly db: Database) {}
  get(_repository: string): SourceRow | undefined {
    throw new Error('soon');
  }
  put(_row: SourceRow): void {
    throw new Error('soon');
  }
  list(): SourceRow[] {
    throw new Error('soon');
  }
  /** At most `limit` rows behind `after` (from the start when undefined), in the order of `comparePaths`. */
  rowsAfter(_repository: string, _after: string | undefined, _limit: number): SourceFile[] {
    throw new Error('soon');
  }
  /** All rows in the order of `comparePaths`, read by and by: rows written behind the position meanwhile are seen. */
  rows(_repository: string): Generator<SourceFile> {
    throw new Error('soon');
  }
  row(_repository: string, _path: string): SourceFile | undefined {
    throw new Error('soon');
  }
  /** One transaction; keep it to some hundred rows. A put replaces the row of its path. */
  write(
    _repository: string,
    _changes: { readonly puts?: readonly SourceFile[]; readonly deletes?: readonly string[] },
  ): void {
    throw new Error('soon');
  }
  /** Files without a problem whose content is not known, or not held (any more): they are to be read. By path. */
  unhashed(_repository: string, _after: string | undefined, _limit: number): SourceFile[] {
    throw new Error('soon');
  }
  /**
   * Records the content of files, where the row still has the stat that was read; gives how many rows took it. One
   * transaction. The objects count as used now, so that no collection drops them before they are published.
   */
  setObject(_repository: string, _rows: readonly (SourceStat & { path: string; object: Sha256 })[]): number {
    throw new Error('soon');
  }
  /** Rows with a problem, by path; all of them, or those behind `after`. */
  problems(_repository: string, _after?: string, _limit?: number): { path: string; problem: string }[] {
    throw new Error('soon');
  }
  counts(_repository: string): { readonly files: number; readonly bytes: number; readonly problems: number } {
    throw new Error('soon');
  }
  published(_repository: string): Published | undefined {
    throw new Error('soon');
  }
  setPublished(_repository: string, _published: Published): void {
    throw new Error('soon');
  }
  /** Forgets the source and its index. In transactions of some hundred rows. */
  clear(_repository: string): void {
    throw new Error('soon');
  }
}
