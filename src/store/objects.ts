import { readdirSync, readFileSync, statSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { DepotError } from '../model/errors.js';
import { isSha256, type Sha256 } from '../model/sha256.js';
import { admitObjects, announcedObjects, type AdmittedObject } from './admission.js';
import { batches, fromBlob, inTransaction, sortedBatches, toBlob, type Database } from './database.js';
import { countReference } from './facts.js';
import { hashFile } from './hash-file.js';
import { isUnchanged, readAsHashed, type HashedAs } from './hashed-as.js';
import type { RunJob } from './job.js';
import type { Layout } from './layout.js';
import { setAside } from './quarantine.js';
import { rehash, type Rehashed } from './rehash.js';
import { fileStat, statFile, type FileStat } from './stat.js';
import { isCode } from './system-error.js';

/** An object whose file is as it was when it was hashed. */
export interface CheckedObject {
  readonly file: string;
  readonly size: number;
  /** Of the inode; a file of an installation copy may share it only where its entry says the same. */
  readonly mtimeMs: number;
  readonly executable: boolean;
  /** Names of the inode. */
  readonly links: number;
}

interface StoredObject extends HashedAs {
  readonly executable: number;
}

/** The content-addressed files and their catalogue. */
export class Objects {
  private readonly select;
  private readonly selectMissing;
  private readonly selectMember;
  private readonly selectNamed;
  private readonly note;
  private readonly rehashing = new Map<Sha256, Promise<Rehashed>>();

  constructor(
    private readonly layout: Layout,
    private readonly db: Database,
    private readonly now: () => number,
  ) {
    this.select = db.prepare<[Buffer], StoredObject>(
      'SELECT size, mtime_ms, ctime_us, executable FROM objects WHERE sha256 = ?',
    );
    this.selectMissing = db
      .prepare<[string], Sha256>(
        'SELECT value FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM objects WHERE sha256 = unhex(value))',
      )
      .pluck();
    this.selectMember = db.prepare<[string, Buffer], unknown>(
      'SELECT 1 FROM membership WHERE repository = ? AND sha256 = ?',
    );
    const [zeros, fs] = ['0'.repeat(48), 'f'.repeat(48)];
    this.selectNamed = db
      .prepare<[string, string], Buffer | null>(
        `SELECT (SELECT sha256 FROM membership WHERE repository = ?
           AND sha256 BETWEEN unhex(value || '${zeros}') AND unhex(value || '${fs}') LIMIT 1) FROM json_each(?)`,
      )
      .pluck();
    this.note = db.prepare('UPDATE objects SET ctime_us = ? WHERE sha256 = ? AND size = ? AND mtime_ms = ?');
  }

  has(sha256: Sha256): boolean {
    return this.stored(sha256) !== undefined;
  }

  /** Those that are not held; one question for hundreds of them. */
  missing(shas: readonly Sha256[]): Set<Sha256> {
    return new Set(this.selectMissing.all(JSON.stringify(shas)));
  }

  /** In bytes; undefined where it is not held. */
  size(sha256: Sha256): number | undefined {
    return this.stored(sha256)?.size;
  }

  /**
   * Takes verified objects over: when it resolves, they are durable, read-only and in the catalogue. An object that is held
   * already stays as it is, and a file given for it is dropped. After an error the files that were not taken are where
   * they were. Keep a batch to a thousand.
   * @throws DepotError `object-damaged` where a file has not the promised size; what the system or SQLite threw (disk full)
   */
  async admit(batch: readonly AdmittedObject[]): Promise<void> {
    await admitObjects(this.layout, this.db, this.now, batch);
  }

  /**
   * Opens an object for serving. A file whose size, mtime or ctime is not the catalogue's is re-hashed (by a job) first.
   * @throws DepotError `object-missing`, `object-damaged` (it is in quarantine then); both clear completeness
   */
  async open(sha256: Sha256, run: RunJob): Promise<{ readonly handle: FileHandle; readonly size: number }> {
    for (;;) {
      const row = this.stored(sha256);
      if (row === undefined) throw missingObject(sha256);
      const handle = await this.openFile(sha256);
      try {
        const stat = fileStat(await handle.stat({ bigint: true }));
        if (isUnchanged(row, stat)) return { handle, size: row.size };
      } catch (error) {
        await handle.close();
        throw error;
      }
      await handle.close();
      requireIntact(sha256, await this.rehashOnce(sha256, run));
    }
  }

  /**
   * For worker threads: an object that may be linked or copied. A changed file is re-hashed here and now.
   * @throws DepotError `object-missing`, `object-damaged` (it is in quarantine then); both clear completeness
   */
  checked(sha256: Sha256): CheckedObject {
    const row = this.stored(sha256);
    if (row === undefined) throw missingObject(sha256);
    const seen = this.statOf(sha256);
    const { size, mtimeMs, executable, links } = isUnchanged(row, seen)
      ? seen
      : requireIntact(sha256, this.rehash(sha256));
    return { file: this.layout.objectFile(sha256), size, mtimeMs, executable, links };
  }

  /**
   * For worker threads: the bytes of an object, undefined where there are more than `most`. A changed file is re-hashed.
   * @throws as `checked`
   */
  read(sha256: Sha256, most: number): Uint8Array | undefined {
    const row = this.stored(sha256);
    if (row === undefined) throw missingObject(sha256);
    if (row.size > most) return undefined;
    return readAsHashed(this.layout.objectFile(sha256), row) ?? readFileSync(this.checked(sha256).file);
  }

  fileOf(sha256: Sha256): string {
    return this.layout.objectFile(sha256);
  }

  /**
   * Our own link(), rename() or unlink() changed the ctime of these objects, which were `checked` before: so that they are
   * not taken for altered. One that is gone is left for who needs it to find out.
   */
  noteLinked(shas: readonly Sha256[]): void {
    for (const batch of batches(shas)) {
      inTransaction(this.db, () => {
        for (const sha256 of batch) {
          const stats = statSync(this.layout.objectFile(sha256), { bigint: true, throwIfNoEntry: false });
          if (stats === undefined) continue;
          const { ctimeUs, size, mtimeMs } = fileStat(stats);
          this.note.run(ctimeUs, toBlob(sha256), size, mtimeMs);
        }
      });
    }
  }

  /**
   * For worker threads: hashes an object's file and acts on what it finds: an intact one is entered in the catalogue with
   * its stat, a damaged one goes to quarantine, a missing one is forgotten. `onBytes` is told of each step and may throw.
   */
  rehash(sha256: Sha256, onBytes?: (bytes: number) => void): Rehashed {
    const file = this.layout.objectFile(sha256);
    try {
      const hashed = hashFile(file, onBytes);
      if (hashed.sha256 === sha256) {
        this.enter(sha256, hashed.stat);
        return { found: 'intact', stat: hashed.stat };
      }
      this.quarantine(sha256);
      return { found: 'damaged' };
    } catch (error) {
      if (!isCode(error, 'ENOENT')) throw error;
      this.forget(sha256);
      return { found: 'missing' };
    }
  }

  /** The row of an object whose file was hashed at this stat. */
  enter(sha256: Sha256, stat: FileStat): void {
    this.db
      .prepare('INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?)')
      .run(toBlob(sha256), stat.size, stat.mtimeMs, stat.ctimeUs, Number(stat.executable), this.now());
  }

  /** Moves the file away and forgets the object; the repositories that reference it are not complete any more. */
  quarantine(sha256: Sha256): void {
    this.forget(sha256);
    setAside(this.layout, this.layout.objectFile(sha256));
  }

  /** The file is not there: forgets the object; the repositories that reference it are not complete any more. */
  forget(sha256: Sha256): void {
    const blob = toBlob(sha256);
    inTransaction(this.db, () => {
      this.db.prepare('DELETE FROM objects WHERE sha256 = ?').run(blob);
      this.db
        .prepare('INSERT OR IGNORE INTO damage SELECT repository, sha256 FROM membership WHERE sha256 = ?')
        .run(blob);
      this.db
        .prepare(
          `UPDATE heads SET complete = NULL WHERE complete IS NOT NULL AND EXISTS
             (SELECT 1 FROM membership WHERE membership.repository = heads.repository AND sha256 = ?)`,
        )
        .run(blob);
      // Which of them reference it is not known here; the next cycle finds out which are still whole.
      this.db
        .prepare('DELETE FROM units WHERE repository IN (SELECT repository FROM membership WHERE sha256 = ?)')
        .run(blob);
    });
  }

  /** Records that retained manifests of the repository reference these objects, held or not. Many at a time cost less. */
  enlist(repository: string, shas: Iterable<Sha256>): void {
    const insert = this.db.prepare('INSERT OR IGNORE INTO membership (repository, sha256) VALUES (?, ?)');
    for (const batch of sortedBatches(shas, (sha256) => sha256)) {
      inTransaction(this.db, () => {
        countReference(this.db);
        for (const sha256 of batch) insert.run(repository, toBlob(sha256));
      });
    }
  }

  belongs(repository: string, sha256: Sha256): boolean {
    return this.selectMember.get(repository, toBlob(sha256)) !== undefined;
  }

  /** Objects of the repository by the beginnings of their names, 16 hexadecimal digits each; undefined where there is none. */
  named(repository: string, beginnings: readonly string[]): (Sha256 | undefined)[] {
    return this.selectNamed
      .all(repository, JSON.stringify(beginnings))
      .map((blob) => (blob === null ? undefined : fromBlob(blob)));
  }

  /** Files in objects/ that have no row and are not on their way in. Lists the folder by and by. */
  *unknown(): Generator<Sha256> {
    const read = this.db.prepare<[Buffer, Buffer], { sha256: Buffer }>(
      'SELECT sha256 FROM objects WHERE sha256 BETWEEN ? AND ?',
    );
    for (const folder of readdirSync(this.layout.objects)) {
      const names = readdirSync(join(this.layout.objects, folder)).filter(isSha256);
      const first = Buffer.from(folder.padEnd(64, '0'), 'hex');
      const last = Buffer.from(folder.padEnd(64, 'f'), 'hex');
      // An announcement ends as the rows come, so it is looked at first.
      const announced = announcedObjects(this.db);
      const known = new Set(read.all(first, last).map(({ sha256 }) => fromBlob(sha256)));
      yield* names.filter((sha256) => !known.has(sha256) && !announced.has(sha256));
    }
  }

  private stored(sha256: Sha256): StoredObject | undefined {
    return this.select.get(toBlob(sha256));
  }

  private statOf(sha256: Sha256): FileStat {
    try {
      return statFile(this.layout.objectFile(sha256));
    } catch (error) {
      throw this.asMissing(sha256, error);
    }
  }

  private async openFile(sha256: Sha256): Promise<FileHandle> {
    try {
      return await open(this.layout.objectFile(sha256), 'r');
    } catch (error) {
      throw this.asMissing(sha256, error);
    }
  }

  private asMissing(sha256: Sha256, error: unknown): unknown {
    if (!isCode(error, 'ENOENT')) return error;
    this.forget(sha256);
    return missingObject(sha256, error);
  }

  /** Requests for the same object share one job. */
  private async rehashOnce(sha256: Sha256, run: RunJob): Promise<Rehashed> {
    const running = this.rehashing.get(sha256) ?? run(rehash, { sha256 });
    this.rehashing.set(sha256, running);
    try {
      return await running;
    } finally {
      this.rehashing.delete(sha256);
    }
  }
}

function requireIntact(sha256: Sha256, rehashed: Rehashed): FileStat {
  if (rehashed.found === 'intact') return rehashed.stat;
  if (rehashed.found === 'missing') throw missingObject(sha256);
  throw new DepotError('object-damaged', `object ${sha256} does not hash to its name; it is in quarantine`, {
    hint: 'it is fetched again at the next poll; a disk that damages files should be replaced',
  });
}

function missingObject(sha256: Sha256, cause?: unknown): DepotError {
  return new DepotError('object-missing', `object ${sha256} is not in the store`, { cause });
}
