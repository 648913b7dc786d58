import type { FileHandle } from 'node:fs/promises';
import type { Sha256 } from '../model/sha256.js';
import type { Database } from './database.js';
import type { RunJob } from './job.js';
import type { Layout } from './layout.js';
import type { FileStat } from './stat.js';

export interface ObjectRow {
  readonly size: number;
  /** Of the inode in objects/; a file of an installation copy may share it only where its entry says the same. */
  readonly mtimeMs: number;
  readonly executable: boolean;
}

export interface AdmittedObject {
  readonly sha256: Sha256;
  readonly size: number;
  readonly mtimeMs: number;
  readonly executable: boolean;
  /** A file on the filesystem of the data directory, verified to be the object; it is moved. */
  readonly from: string;
}

/** The content-addressed files and their catalogue. */
export class Objects {
  constructor(
    readonly layout: Layout,
    readonly db: Database,
  ) {}
  has(_sha256: Sha256): boolean {
    throw new Error('soon');
  }
  get(_sha256: Sha256): ObjectRow | undefined {
    throw new Error('soon');
  }
  /** Those not held with the wanted size, in the order given. */
  missing<Wanted extends { readonly sha256: Sha256; readonly size: number }>(_wanted: readonly Wanted[]): Wanted[] {
    throw new Error('soon');
  }
  /**
   * Takes verified files over: when it resolves, they are durable, read-only and in the catalogue. An object that is held
   * already stays as it is, and the file given for it is dropped. Keep a batch to some hundred.
   * @throws DepotError `disk-full`; `object-damaged` where a file has not the promised size
   */
  admit(_batch: readonly AdmittedObject[]): Promise<void> {
    throw new Error('soon');
  }
  /**
   * Opens an object for serving. A file whose size, mtime or ctime is not the catalogue's is re-hashed (by a job) first.
   * @throws DepotError `object-missing`, `object-damaged` (it is in quarantine then); both clear completeness
   */
  open(_sha256: Sha256, _run: RunJob): Promise<{ readonly handle: FileHandle; readonly size: number }> {
    throw new Error('soon');
  }
  /** Moves the file away and forgets the object; the repositories that reference it are not complete any more. */
  quarantine(_sha256: Sha256): void {
    throw new Error('soon');
  }
  /** The file is gone: forgets the object; the repositories that reference it are not complete any more. */
  forget(_sha256: Sha256): void {
    throw new Error('soon');
  }
  /** Records that retained manifests of the repository reference these objects, held or not. Some hundred a transaction. */
  enlist(_repository: string, _shas: readonly Sha256[]): void {
    throw new Error('soon');
  }
  belongs(_repository: string, _sha256: Sha256): boolean {
    throw new Error('soon');
  }
  /**
   * Our own link(), unlink() or chmod() changed the inode's ctime: `before` and `after` are `statFile(objectFile)` around
   * it. Does nothing where `before` was not what the catalogue has. Call it in `store.transaction` for many.
   */
  noteStat(_sha256: Sha256, _before: FileStat, _after: FileStat): void {
    throw new Error('soon');
  }
}
