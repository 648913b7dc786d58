import {
  chmodSync,
  closeSync,
  fchmodSync,
  fstatSync,
  futimesSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { threadId } from 'node:worker_threads';
import { DepotError } from '../model/errors.js';
import type { Sha256 } from '../model/sha256.js';
import { fromBlob, inTransaction, toBlob, type Database } from './database.js';
import { syncMany } from './durable.js';
import type { Layout } from './layout.js';
import { unpack } from './packed-hashes.js';
import { fileStat, statFile, utimesSeconds, type FileStat } from './stat.js';
import { isCode } from './system-error.js';

export interface AdmittedObject {
  readonly sha256: Sha256;
  readonly size: number;
  readonly mtimeMs: number;
  readonly executable: boolean;
  /** Verified to be the object: its bytes, or a file on the filesystem of the data directory, which is moved. */
  readonly from: Uint8Array | string;
}

/**
 * Takes a batch of verified objects into objects/. For worker threads: it turns to the event loop for the barrier only, since
 * a turn for each file would take longer than all the rest.
 *
 * 1. Announce the batch in `admissions`: a collection that runs meanwhile leaves its files alone, and after a crash `relist`
 *    knows where to look.
 * 2. Write bytes, or rename a file, into place, with mode and mtime. What stands there without a row is a leftover, and
 *    replaced. Nobody reads a file without a row, so it need not come into place as a whole.
 * 3. One barrier: files and folders are durable.
 * 4. One transaction: the rows, and the end of the announcement.
 * A crash between 2 and 4 leaves files without rows, never rows without files.
 */
export async function admitObjects(
  layout: Layout,
  db: Database,
  now: () => number,
  batch: readonly AdmittedObject[],
): Promise<void> {
  for (const object of batch) requireSize(object);
  const { id, fresh } = announce(layout, db, now(), batch);
  const placed = new Map<AdmittedObject, FileStat>();
  try {
    for (const object of fresh) placed.set(object, place(layout, object));
    await syncMany(
      layout.data,
      fresh.map(({ sha256 }) => layout.objectFile(sha256)),
    );
    enter(db, now(), placed, id);
  } catch (error) {
    giveBack(layout, db, placed, id);
    throw error;
  }
  const kept = new Set(fresh);
  for (const object of batch) {
    if (typeof object.from === 'string' && !kept.has(object)) rmSync(object.from, { force: true });
  }
}

/** The objects of the batches that are on their way in, or that a crash left half in. */
export function announcedObjects(db: Database): Set<Sha256> {
  const announced = new Set<Sha256>();
  for (const { hashes } of db.prepare<[], { hashes: Buffer }>('SELECT hashes FROM admissions').all()) {
    for (const blobs of unpack(hashes, 1000)) for (const blob of blobs) announced.add(fromBlob(blob));
  }
  return announced;
}

/** A lie about the size would otherwise only be found when the object is served. */
function requireSize({ sha256, size, from }: AdmittedObject): void {
  const seen = typeof from === 'string' ? statSync(from).size : from.length;
  if (seen !== size) throw new DepotError('object-damaged', `object ${sha256} has ${seen} bytes instead of ${size}`);
}

/** Gives those that are not held yet, each once, and the number of their announcement. */
function announce(
  layout: Layout,
  db: Database,
  nowMs: number,
  batch: readonly AdmittedObject[],
): { readonly id: number | bigint; readonly fresh: readonly AdmittedObject[] } {
  const use = db.prepare<[number, string], { sha256: Buffer; size: number }>(
    `UPDATE objects SET used_ms = ? WHERE sha256 IN (SELECT unhex(value) FROM json_each(?)) RETURNING sha256, size`,
  );
  return inTransaction(db, () => {
    const sizes = new Map<Sha256, number>();
    for (const { sha256, size } of use.all(nowMs, JSON.stringify(batch.map(({ sha256 }) => sha256)))) {
      sizes.set(fromBlob(sha256), size);
    }
    const fresh = new Map<Sha256, AdmittedObject>();
    for (const object of batch) {
      const size = sizes.get(object.sha256);
      if (size !== undefined && sizeOf(layout.objectFile(object.sha256)) === size) continue;
      if (!fresh.has(object.sha256)) fresh.set(object.sha256, object);
    }
    const hashes = Buffer.from([...fresh.keys()].join(''), 'hex');
    const { lastInsertRowid } = db.prepare('INSERT INTO admissions (hashes) VALUES (?)').run(hashes);
    return { id: lastInsertRowid, fresh: [...fresh.values()] };
  });
}

function sizeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}

/** Gives the stat that the file has then: its mtime is what the filesystem made of the one that was asked for. */
function place(layout: Layout, object: AdmittedObject): FileStat {
  const file = layout.objectFile(object.sha256);
  return typeof object.from === 'string'
    ? moveIn(object, object.from, file)
    : writeIn(layout, object, object.from, file);
}

function modeOf({ executable }: AdmittedObject): number {
  return executable ? 0o555 : 0o444;
}

function writeIn(layout: Layout, object: AdmittedObject, bytes: Uint8Array, file: string): FileStat {
  try {
    return write(object, bytes, file);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  }
  // A leftover, or another thread's, which may have a row by now: only a whole file takes its place.
  const beside = layout.scratchFile(`admitted-${object.sha256}-${threadId}`);
  rmSync(beside, { force: true });
  write(object, bytes, beside);
  renameSync(beside, file);
  return statFile(file);
}

/** @throws `EEXIST` */
function write(object: AdmittedObject, bytes: Uint8Array, file: string): FileStat {
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
    fchmodSync(descriptor, modeOf(object));
    const mtime = utimesSeconds(object.mtimeMs);
    futimesSync(descriptor, mtime, mtime);
    return fileStat(fstatSync(descriptor, { bigint: true }));
  } finally {
    closeSync(descriptor);
  }
}

function moveIn(object: AdmittedObject, from: string, file: string): FileStat {
  chmodSync(from, modeOf(object));
  const mtime = utimesSeconds(object.mtimeMs);
  utimesSync(from, mtime, mtime);
  try {
    renameSync(from, file);
  } catch (error) {
    if (!isCode(error, 'EXDEV')) throw error;
    const message = `object ${object.sha256} was made on another filesystem than ${file}: ${from}`;
    throw new DepotError('internal', message, { cause: error });
  }
  return statFile(file);
}

/** In the order of the hashes: the rows of a batch then touch few pages of a large table. */
function enter(db: Database, nowMs: number, placed: ReadonlyMap<AdmittedObject, FileStat>, id: number | bigint): void {
  const insert = db.prepare('INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?)');
  const rows = Array.from(placed, ([{ sha256 }, seen]) => ({ sha256, seen }));
  rows.sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
  inTransaction(db, () => {
    for (const { sha256, seen } of rows) {
      insert.run(toBlob(sha256), seen.size, seen.mtimeMs, seen.ctimeUs, Number(seen.executable), nowMs);
    }
    withdraw(db, id);
  });
}

/**
 * Files that have got no row go back to where they came from, so that nothing that was fetched is lost to a full disk; what
 * was written of bytes is dropped.
 */
function giveBack(
  layout: Layout,
  db: Database,
  placed: ReadonlyMap<AdmittedObject, FileStat>,
  id: number | bigint,
): void {
  const held = db.prepare<[Buffer], unknown>('SELECT 1 FROM objects WHERE sha256 = ?');
  try {
    inTransaction(db, () => {
      for (const [{ sha256, from }, seen] of placed) {
        if (held.get(toBlob(sha256)) !== undefined) continue;
        if (typeof from !== 'string') {
          // Another thread may have put its own there, on the way to a row.
          const file = layout.objectFile(sha256);
          if (statSync(file, { throwIfNoEntry: false })?.ino === seen.inode) rmSync(file, { force: true });
          continue;
        }
        renameSync(layout.objectFile(sha256), from);
        chmodSync(from, 0o644);
      }
      withdraw(db, id);
    });
  } catch {
    // The first error is the one to report. What is left is announced still: `relist` takes it up at the next start.
  }
}

function withdraw(db: Database, id: number | bigint): void {
  db.prepare('DELETE FROM admissions WHERE id = ?').run(id);
}
