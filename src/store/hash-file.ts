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

/**
 * Hashes a file in steps of a megabyte. For worker threads: each step is synchronous, and between two of them `onBytes`
 * may count, wait, or throw to stop.
 */
export async function hashFileSlowly(path: string, onBytes: (bytes: number) => Promise<void>): Promise<HashedFile> {
  const reading = new Reading(path);
  try {
    for (let bytes = reading.step(); bytes > 0; bytes = reading.step()) await onBytes(bytes);
    return reading.result();
  } finally {
    reading.close();
  }
}

/** The same without a pause. */
export function hashFile(path: string, onBytes: (bytes: number) => void = () => undefined): HashedFile {
  const reading = new Reading(path);
  try {
    for (let bytes = reading.step(); bytes > 0; bytes = reading.step()) onBytes(bytes);
    return reading.result();
  } finally {
    reading.close();
  }
}

class Reading {
  private readonly descriptor: number;
  private readonly stat: FileStat;
  private readonly buffer: Buffer;
  private readonly hash = createHash('sha256');

  constructor(path: string) {
    this.descriptor = openSync(path, 'r');
    this.stat = fileStat(fstatSync(this.descriptor, { bigint: true }));
    this.buffer = Buffer.allocUnsafe(Math.min(chunkBytes, this.stat.size + 1));
  }

  /** Bytes that were read; 0 at the end. */
  step(): number {
    const bytes = readSync(this.descriptor, this.buffer);
    this.hash.update(this.buffer.subarray(0, bytes));
    return bytes;
  }

  result(): HashedFile {
    return { sha256: this.hash.digest('hex') as Sha256, stat: this.stat };
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
