import { closeSync, constants, copyFileSync, ftruncateSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
import type { Layout } from '../store/layout.js';
import { isSystemError } from './attempt.js';

/** A file beside the objects in which a copy of a source file is made, before its hash is known. The store moves it away. */
export interface Scratch {
  readonly path: string;
  write(content: Buffer): void;
  /**
   * Fills it with a clone of an open file, which shares its blocks, costs no time, and does not change any more.
   * Gives a descriptor to read it by; undefined where the file system cannot clone.
   */
  clone(descriptor: number): number | undefined;
  /** Opens it for writing piece by piece. */
  open(): SparseCopy;
  remove(): void;
}

export interface SparseCopy {
  /** A piece of zeros is left out, so that a sparse file stays one. */
  append(piece: Buffer): void;
  close(): void;
}

let made = 0;

/** Names do not repeat among the threads of a process; what a dead process left under the same one is overwritten. */
export function newScratch(layout: Layout): Scratch {
  made += 1;
  const path = layout.scratchFile(`scan-${process.pid}-${threadId}-${made}`);
  let isMade = false;
  return {
    path,
    write(content) {
      isMade = true;
      writeFileSync(path, content);
    },
    clone(descriptor) {
      isMade = true;
      return cloneOf(descriptor, path);
    },
    open() {
      isMade = true;
      return sparseCopy(path);
    },
    remove() {
      if (isMade) rmSync(path, { force: true });
      isMade = false;
    },
  };
}

function cloneOf(descriptor: number, path: string): number | undefined {
  try {
    copyFileSync(`/proc/self/fd/${descriptor}`, path, constants.COPYFILE_FICLONE_FORCE);
    return openSync(path, 'r');
  } catch (error) {
    if (!isSystemError(error)) throw error;
    rmSync(path, { force: true });
    return undefined;
  }
}

function sparseCopy(path: string): SparseCopy {
  const descriptor = openSync(path, 'w');
  let size = 0;
  return {
    append(piece) {
      for (let written = isZero(piece) ? piece.length : 0; written < piece.length;) {
        written += writeSync(descriptor, piece, written, piece.length - written, size + written);
      }
      size += piece.length;
    },
    close() {
      try {
        ftruncateSync(descriptor, size);
      } finally {
        closeSync(descriptor);
      }
    },
  };
}

/** It begins with a zero, and each byte equals the one before. */
function isZero(piece: Buffer): boolean {
  return piece[0] === 0 && piece.subarray(1).equals(piece.subarray(0, -1));
}
