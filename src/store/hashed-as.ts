import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { fileStat, type FileStat } from './stat.js';
import { isCode } from './system-error.js';

/** What the file of an object looked like when it was hashed, in the columns of the catalogue. */
export interface HashedAs {
  readonly size: number;
  readonly mtime_ms: number;
  readonly ctime_us: number;
}

export function isUnchanged(row: HashedAs, stat: FileStat): boolean {
  return row.size === stat.size && row.mtime_ms === stat.mtimeMs && row.ctime_us === stat.ctimeUs;
}

/** The bytes of a file; undefined where it is not as it was when it was hashed, or gone. */
export function readAsHashed(file: string, row: HashedAs): Uint8Array | undefined {
  let descriptor;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    if (!isUnchanged(row, fileStat(fstatSync(descriptor, { bigint: true })))) return undefined;
    const bytes = Buffer.allocUnsafe(row.size);
    let length = 0;
    for (let read = -1; read !== 0 && length < row.size; length += read) {
      read = readSync(descriptor, bytes, length, row.size - length, null);
    }
    return length === row.size ? bytes : undefined;
  } finally {
    closeSync(descriptor);
  }
}
