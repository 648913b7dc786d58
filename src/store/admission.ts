import { chmodSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { DepotError } from '../model/errors.js';
import type { Sha256 } from '../model/sha256.js';
import { inTransaction, toBlob, type Database } from './database.js';
import { syncMany } from './durable.js';
import type { Layout } from './layout.js';
import { statFile, utimesSeconds } from './stat.js';
import { isCode } from './system-error.js';

export interface AdmittedObject {
  readonly sha256: Sha256;
  readonly size: number;
  readonly mtimeMs: number;
  readonly executable: boolean;
  /** A file on the filesystem of the data directory, verified to be the object; it is moved. */
  readonly from: string;
}

/**
 * Takes a batch of verified files into objects/. For worker threads: it turns to the event loop for the barrier only, since
 * a turn for each file would take longer than all the rest.
 *
 * 1. Announce the objects in `admissions`: a collection that runs meanwhile leaves their files alone, and after a crash
 *    `relist` knows where to look.
 * 2. Set mode and mtime, rename into place. A file that stands there without a row is a leftover, and replaced.
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
  const fresh = announce(layout, db, now(), batch);
  const moved: AdmittedObject[] = [];
  try {
    for (const object of fresh) {
      moveIn(layout, object);
      moved.push(object);
    }
    await syncMany(
      layout.data,
      moved.map(({ sha256 }) => layout.objectFile(sha256)),
    );
    enter(layout, db, now(), fresh);
  } catch (error) {
    giveBack(layout, db, fresh, moved);
    throw error;
  }
  const kept = new Set(fresh.map(({ from }) => from));
  for (const { from } of batch) if (!kept.has(from)) rmSync(from, { force: true });
}

/** A lie about the size would otherwise only be found when the object is served. */
function requireSize({ sha256, size, from }: AdmittedObject): void {
  const seen = statSync(from).size;
  if (seen !== size) throw new DepotError('object-damaged', `object ${sha256} has ${seen} bytes instead of ${size}`);
}

/** Gives those that are not held yet, each once. */
function announce(layout: Layout, db: Database, nowMs: number, batch: readonly AdmittedObject[]): AdmittedObject[] {
  const use = db.prepare<[number, Buffer], { size: number }>(
    'UPDATE objects SET used_ms = ? WHERE sha256 = ? RETURNING size',
  );
  const announcement = db.prepare('INSERT OR IGNORE INTO admissions VALUES (?)');
  return inTransaction(db, () => {
    const fresh = new Map<Sha256, AdmittedObject>();
    for (const object of batch) {
      const blob = toBlob(object.sha256);
      const held = use.get(nowMs, blob);
      const seen = statSync(layout.objectFile(object.sha256), { throwIfNoEntry: false });
      if (held !== undefined && seen?.size === held.size) continue;
      announcement.run(blob);
      fresh.set(object.sha256, object);
    }
    return [...fresh.values()];
  });
}

function moveIn(layout: Layout, { sha256, mtimeMs, executable, from }: AdmittedObject): void {
  chmodSync(from, executable ? 0o555 : 0o444);
  utimesSync(from, utimesSeconds(mtimeMs), utimesSeconds(mtimeMs));
  try {
    renameSync(from, layout.objectFile(sha256));
  } catch (error) {
    if (!isCode(error, 'EXDEV')) throw error;
    const message = `object ${sha256} was made on another filesystem than ${layout.objects}: ${from}`;
    throw new DepotError('internal', message, { cause: error });
  }
}

/** The mtime of the row is what the filesystem made of the one that was asked for. */
function enter(layout: Layout, db: Database, nowMs: number, fresh: readonly AdmittedObject[]): void {
  const insert = db.prepare('INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?)');
  inTransaction(db, () => {
    for (const { sha256 } of fresh) {
      const seen = statFile(layout.objectFile(sha256));
      insert.run(toBlob(sha256), seen.size, seen.mtimeMs, seen.ctimeUs, Number(seen.executable), nowMs);
    }
    withdraw(db, fresh);
  });
}

/** Files that have got no row go back to where they came from, so that nothing that was fetched is lost to a full disk. */
function giveBack(
  layout: Layout,
  db: Database,
  fresh: readonly AdmittedObject[],
  moved: readonly AdmittedObject[],
): void {
  const held = db.prepare<[Buffer], unknown>('SELECT 1 FROM objects WHERE sha256 = ?');
  try {
    inTransaction(db, () => {
      for (const { sha256, from } of moved) {
        if (held.get(toBlob(sha256)) !== undefined) continue;
        renameSync(layout.objectFile(sha256), from);
        chmodSync(from, 0o644);
      }
      withdraw(db, fresh);
    });
  } catch {
    // The first error is the one to report. What is left is announced still: `relist` takes it up at the next start.
  }
}

function withdraw(db: Database, fresh: readonly AdmittedObject[]): void {
  const withdrawal = db.prepare('DELETE FROM admissions WHERE sha256 = ?');
  for (const { sha256 } of fresh) withdrawal.run(toBlob(sha256));
}
