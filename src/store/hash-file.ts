import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Sha256 } from '../model/sha256.js';
import { fileStat, type FileStat } from './stat.js';

const chunkBytes = 1024 * 1024;

export interface HashedFile {
  readonly sha256: Sha256;
  /** As it was before the first byte was read: who changes the file later, changes its stat too. */
  readonly stat: FileStat;
}

/** Hashes a file in steps, so that the caller may pause or stop between them; yields the bytes of each. For worker threads. */
export function* hashing(path: string): Generator<number, HashedFile, void> {
  const descriptor = openSync(path, 'r');
  try {
    const stat = fileStat(fstatSync(descriptor, { bigint: true }));
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(chunkBytes, stat.size + 1)));
    for (let read = readSync(descriptor, buffer); read > 0; read = readSync(descriptor, buffer)) {
      hash.update(buffer.subarray(0, read));
      yield read;
    }
    return { sha256: hash.digest('hex') as Sha256, stat };
  } finally {
    closeSync(descriptor);
  }
}

/** `onBytes` is told of each step and may throw. */
export function hashFile(path: string, onBytes: (bytes: number) => void = () => undefined): HashedFile {
  const steps = hashing(path);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    onBytes(step.value);
  }
}
