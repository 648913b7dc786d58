import { createRequire } from 'node:module';
import type BetterSqlite3 from 'better-sqlite3';
import type { Sha256 } from '../model/sha256.js';

export type Database = BetterSqlite3.Database;

/**
 * The same library in two versions: 12 is the last for Node 20, and compiled for Node 24.19 or later it aborts; 13 needs
 * Node 22.14 or later.
 */
const Sqlite = createRequire(import.meta.url)(
  Number(process.versions.node.split('.')[0]) >= 24 ? 'better-sqlite3-13' : 'better-sqlite3',
) as typeof BetterSqlite3;

/** How long a statement waits for the write lock of another thread. */
const busyMs = 30_000;

/**
 * The one door to SQLite. `prepare` gives the same statement for the same text, so its modes (`pluck`, `raw`) are nobody's
 * to change; one whose rows are being iterated is not shared meanwhile.
 * @throws SqliteError
 */
export function openSqlite(
  file: string,
  options: { readonly readOnly?: boolean; readonly busyMs?: number } = {},
): Database {
  const { readOnly = false } = options;
  const timeout = options.busyMs ?? busyMs;
  const db = new Sqlite(file, { readonly: readOnly, fileMustExist: readOnly, timeout });
  const prepare = db.prepare.bind(db);
  const prepared = new Map<string, BetterSqlite3.Statement>();
  const prepareOnce = (sql: string): BetterSqlite3.Statement => {
    const known = prepared.get(sql);
    if (known !== undefined && !known.busy) return known;
    const statement = prepare(sql);
    prepared.set(sql, statement);
    return statement;
  };
  return Object.defineProperty(db, 'prepare', { value: prepareOnce });
}

/** The code of an error that SQLite threw, `SQLITE_...`. */
export function sqliteCode(error: unknown): string | undefined {
  return error instanceof Sqlite.SqliteError ? error.code : undefined;
}

/** One write transaction that takes the lock at its begin; within another one a savepoint. */
export function inTransaction<T>(db: Database, work: () => T): T {
  return db.transaction(work).immediate();
}

/**
 * `inTransaction`, and on disk when it returns, with all that this and other threads committed before. Costs an fsync;
 * not to be called within a transaction.
 */
export function inDurableTransaction<T>(db: Database, work: () => T): T {
  db.pragma('synchronous = FULL');
  try {
    return inTransaction(db, work);
  } finally {
    db.pragma('synchronous = NORMAL');
  }
}

/** Rows a transaction, so that no thread waits long for another. */
export const batchRows = 500;

/** The items in arrays of `size`. */
export function* batches<Item>(items: Iterable<Item>, size = batchRows): Generator<Item[]> {
  let batch: Item[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/**
 * The items in arrays of `batchRows`, sorted within windows: rows whose keys are hashes then touch few pages of a large
 * table in each transaction, instead of one page each.
 */
export function* sortedBatches<Item>(items: Iterable<Item>, keyOf: (item: Item) => string): Generator<Item[]> {
  for (const window of batches(items, 100_000)) {
    window.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    yield* batches(window);
  }
}

/**
 * Reads rows page by page, each beginning behind the last row of the one before: no statement stays open, so others may
 * run between.
 */
export function* pagedRows<Row, Key>(
  read: (after: Key | undefined, limit: number) => readonly Row[],
  keyOf: (row: Row) => Key,
  after?: Key,
): Generator<Row> {
  const limit = 1000;
  for (let key = after; ;) {
    const rows = read(key, limit);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < limit) return;
    key = keyOf(last);
  }
}

/** The repositories that a table with the key (repository, ...) has rows of, without reading all of them. */
export function* distinctRepositories(db: Database, table: 'membership' | 'source_files'): Generator<string> {
  const read = db.prepare<[string], { next: string | null }>(
    `SELECT min(repository) AS next FROM ${table} WHERE repository > ?`,
  );
  for (let name = read.get('')?.next ?? null; name !== null; name = read.get(name)?.next ?? null) yield name;
}

export function toBlob(sha256: Sha256): Buffer {
  return Buffer.from(sha256, 'hex');
}

export function fromBlob(blob: Uint8Array): Sha256 {
  return Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength).toString('hex') as Sha256;
}
