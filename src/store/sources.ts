import type { Sha256 } from '../model/sha256.js';
import type { HeldBack } from '../model/publish-status.js';
import { distinctRepositories, inTransaction, pagedRows, toBlob, type Database } from './database.js';

/** The source folder of a repository that is published here, as it was when it was last looked through. */
export interface SourceRow {
  readonly repository: string;
  /** Absolute path. */
  readonly path: string;
  /** Of the folder itself; another pair means another disk, or an unmounted one. */
  readonly device: number;
  readonly inode: number;
  /** Type and name of the file system; '' where unknown. */
  readonly filesystem: string;
  /** Folders of the source on which another disk was mounted. */
  readonly mounts: readonly string[];
  readonly lastScanMs: number;
  /** Files and links that the last complete scan found, held back ones included: tells an emptied source. */
  readonly files: number;
  /** Names that cannot be published: the first thousand, and how many there are. They are no rows of the index. */
  readonly heldBack: readonly HeldBack[];
  readonly heldBackCount: number;
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
  /** '/'-separated, relative. */
  readonly path: string;
  /** `unknown`: it could not be looked at; what was published there and below stays as it is. */
  readonly type: 'file' | 'link' | 'folder' | 'unknown';
  readonly executable: boolean;
  /** Of a link: its target; otherwise null. */
  readonly target: string | null;
  /** Of a file: its content as of this stat; null until it was read. */
  readonly object: Sha256 | null;
  /** Why it could not be read; null when it is published. */
  readonly problem: string | null;
}

type StoredSource = Omit<SourceRow, 'mounts' | 'heldBack'> & { readonly mounts: string; readonly heldBack: string };

/** In the order of `fileColumns`; a scan reads all rows twice, and arrays with the hash as text come twice as fast as objects. */
type StoredFile = [
  path: string,
  type: SourceFile['type'],
  size: number,
  mtimeUs: number,
  ctimeUs: number,
  inode: number,
  executable: number,
  target: string | null,
  object: Sha256 | '',
  problem: string | null,
];

const fileColumns = 'path, type, size, mtime_us, ctime_us, inode, executable, target, lower(hex(object)), problem';
/** No path comes behind it: in SQLite all bytes come behind all text. */
const lastPath = Buffer.alloc(0);

/** Most of the time that a row takes goes into the text of its hash. */
const statColumns = fileColumns.replace('lower(hex(object))', "''");

/**
 * What is known of the sources, so that a scan reads only what changed. A scan of any size runs in bounded memory:
 * 1. walk the source in the order of paths, and merge the walk with `rows()` (which pages by path: other statements may
 *    run between); collect what differs, and `write` it each few hundred rows. A new or changed file is put with
 *    `object: null`;
 * 2. `unhashed` pages through the files whose content is not known or not held; read, `objects.admit`, `setObject`;
 * 3. merge `rows()` with the entries of the published manifest for the edits, or, where `SourceChanges` knows the paths
 *    that differ, the rows `at` these; build.
 * Each step may be cut at any row: the next scan finds what is left to do.
 */
export class SourceRows {
  constructor(
    private readonly db: Database,
    private readonly now: () => number,
  ) {}

  get(repository: string): SourceRow | undefined {
    const row = this.db
      .prepare<[string], StoredSource>(
        `SELECT repository, path, device, inode, filesystem, mounts, scanned_ms AS lastScanMs, files,
           held_back AS heldBack, held_back_count AS heldBackCount FROM sources WHERE repository = ?`,
      )
      .get(repository);
    if (row === undefined) return undefined;
    return { ...row, mounts: JSON.parse(row.mounts) as string[], heldBack: JSON.parse(row.heldBack) as HeldBack[] };
  }

  put(row: SourceRow): void {
    this.db
      .prepare(
        `INSERT INTO sources VALUES (@repository, @path, @device, @inode, @filesystem, @mounts, @lastScanMs, @files,
           @heldBack, @heldBackCount, NULL)
         ON CONFLICT DO UPDATE SET path = @path, device = @device, inode = @inode, filesystem = @filesystem,
           mounts = @mounts, scanned_ms = @lastScanMs, files = @files, held_back = @heldBack,
           held_back_count = @heldBackCount`,
      )
      .run({ ...row, mounts: JSON.stringify(row.mounts), heldBack: JSON.stringify(row.heldBack) });
  }

  /** What the source looked like does not matter any more; what is known of its files stays. */
  forget(repository: string): void {
    this.db.prepare('DELETE FROM sources WHERE repository = ?').run(repository);
  }

  /** All rows in the order of `comparePaths`, read by and by: what is written ahead of the position is seen. */
  rows(repository: string): Generator<SourceFile> {
    return this.paged(fileColumns, repository, { after: null, upTo: null });
  }

  /** As `rows`, twice as fast, without the content of the files; those behind a path, up to and with another. */
  stats(
    repository: string,
    range: { readonly after: string | null; readonly upTo: string | null },
  ): Generator<Omit<SourceFile, 'object'>> {
    return this.paged(statColumns, repository, range);
  }

  /** Paths that part the rows into so many runs of about the same length; none where there are fewer than `least`. */
  cuts(repository: string, parts: number, least: number): string[] {
    const count = this.db.prepare<[string], number>('SELECT count(*) FROM source_files WHERE repository = ?').pluck();
    const rows = count.get(repository) ?? 0;
    if (rows < least) return [];
    const nth = this.db
      .prepare<[string, number], string>(
        'SELECT path FROM source_files WHERE repository = ? ORDER BY path LIMIT 1 OFFSET ?',
      )
      .pluck();
    const places = Array.from({ length: parts - 1 }, (_, at) => Math.floor((rows * (at + 1)) / parts));
    return places.flatMap((place) => nth.get(repository, place) ?? []);
  }

  /** The rows of those of the paths that have one, in their order. */
  *at(repository: string, paths: readonly string[]): Generator<SourceFile> {
    const read = this.db
      .prepare<[string, string], StoredFile>(
        `SELECT ${fileColumns} FROM source_files WHERE repository = ? AND path = ?`,
      )
      .raw(true);
    for (const path of paths) {
      const row = read.get(repository, path);
      if (row !== undefined) yield fileOf(row);
    }
  }

  private paged(
    columns: string,
    repository: string,
    { after, upTo }: { readonly after: string | null; readonly upTo: string | null },
  ): Generator<SourceFile> {
    const read = this.db
      .prepare<[string, string, string | Buffer, number], StoredFile>(
        `SELECT ${columns} FROM source_files WHERE repository = ? AND path > ? AND path <= ? ORDER BY path LIMIT ?`,
      )
      .raw(true);
    return pagedRows<SourceFile, string>(
      (last, limit) => read.all(repository, last ?? after ?? '', upTo ?? lastPath, limit).map(fileOf),
      ({ path }) => path,
    );
  }

  /** One transaction; keep it to some hundred rows. A put replaces the row of its path. */
  write(
    repository: string,
    changes: { readonly puts?: readonly SourceFile[]; readonly deletes?: readonly string[] },
  ): void {
    const drop = this.db.prepare('DELETE FROM source_files WHERE repository = ? AND path = ?');
    const put = this.db.prepare(
      `INSERT OR REPLACE INTO source_files VALUES (@repository, @path, @type, @size, @mtimeUs, @ctimeUs, @inode,
         @executable, @target, @object, @problem)`,
    );
    inTransaction(this.db, () => {
      for (const path of changes.deletes ?? []) drop.run(repository, path);
      for (const file of changes.puts ?? []) {
        const object = file.object === null ? null : toBlob(file.object);
        put.run({ ...file, repository, executable: Number(file.executable), object });
      }
    });
  }

  /** Files without a problem whose content is not known, or not held (any more): they are to be read. By path. */
  unhashed(repository: string, after: string | undefined, limit: number): SourceFile[] {
    return this.db
      .prepare<[string, string, number], StoredFile>(
        `SELECT ${fileColumns} FROM source_files
         WHERE repository = ? AND path > ? AND type = 'file' AND problem IS NULL
           AND (object IS NULL OR NOT EXISTS (SELECT 1 FROM objects WHERE sha256 = object))
         ORDER BY path LIMIT ?`,
      )
      .raw(true)
      .all(repository, after ?? '', limit)
      .map(fileOf);
  }

  /**
   * Records the content of files, where the row still has the stat that was read; gives how many rows took it. One
   * transaction. The objects count as used now, so that no collection drops them before they are published.
   */
  setObject(
    repository: string,
    rows: readonly (SourceStat & { readonly path: string; readonly object: Sha256 })[],
  ): number {
    const set = this.db.prepare(
      `UPDATE source_files SET object = @object WHERE repository = @repository AND path = @path AND type = 'file'
         AND size = @size AND mtime_us = @mtimeUs AND ctime_us = @ctimeUs AND inode = @inode`,
    );
    const use = this.db.prepare('UPDATE objects SET used_ms = ? WHERE sha256 = ?');
    const now = this.now();
    return inTransaction(this.db, () => {
      let taken = 0;
      for (const row of rows) {
        const object = toBlob(row.object);
        taken += set.run({ ...row, repository, object }).changes;
        use.run(now, object);
      }
      return taken;
    });
  }

  /** At most `limit` rows with a problem, by path, behind `after`. */
  problems(repository: string, after: string | undefined, limit: number): { path: string; problem: string }[] {
    return this.db
      .prepare<[string, string, number], { path: string; problem: string }>(
        `SELECT path, problem FROM source_files WHERE repository = ? AND path > ? AND problem IS NOT NULL
         ORDER BY path LIMIT ?`,
      )
      .all(repository, after ?? '', limit);
  }

  countProblems(repository: string): number {
    return (
      this.db
        .prepare<[string], { count: number }>(
          'SELECT count(*) AS count FROM source_files WHERE repository = ? AND problem IS NOT NULL',
        )
        .get(repository)?.count ?? 0
    );
  }

  /** The content of all files of all sources; an object may come several times. */
  *objects(): Generator<Sha256> {
    for (const repository of distinctRepositories(this.db, 'source_files')) {
      for (const { object } of this.rows(repository)) if (object !== null) yield object;
    }
  }
}

function fileOf([
  path,
  type,
  size,
  mtimeUs,
  ctimeUs,
  inode,
  executable,
  target,
  object,
  problem,
]: StoredFile): SourceFile {
  return {
    path,
    type,
    size,
    mtimeUs,
    ctimeUs,
    inode,
    executable: executable === 1,
    target,
    object: object === '' ? null : object,
    problem,
  };
}
