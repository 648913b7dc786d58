import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import type { Sha256 } from '../model/sha256.js';
import { attempt, Unknown } from './attempt.js';
import { fingerprintOf, sameFingerprint, untrusted, type Fingerprint } from './fingerprint.js';
import type { Scratch } from './scratch.js';

export interface TakenFile {
  readonly sha256: Sha256;
  /** Whether the scratch file has its bytes; not so where the object is held already. */
  readonly copied: boolean;
}

/** The file is not what it was when the source was looked through, or changed while it was read. */
export const changing = 'changing';

export type Taken = TakenFile | Unknown | typeof changing;

export interface TakeOptions {
  readonly scratch: Scratch;
  readonly isHeld: (sha256: Sha256) => boolean;
  /** Called after each piece; may throw. */
  readonly onBytes: (bytes: number) => void;
}

const pieceBytes = 1024 * 1024;
/** One for all files of a thread. The byte more shows that a small file has grown. */
const buffer = Buffer.allocUnsafe(pieceBytes + 1);

/**
 * Reads a file of the source once, into its hash and into a copy. Small files are copied only where their object is not
 * held yet; large ones are cloned where the file system can, and the clone is hashed. The content that the expected
 * fingerprint stands for is taken whole, or nothing is: fingerprints are compared before and after, of the open file and
 * of the path, so that neither a writer nor a file or link put in its place goes unnoticed. The scratch file is the
 * caller's to remove.
 * @throws the error of the system when the copy cannot be written
 */
export function takeFile(path: string, expected: Fingerprint, options: TakeOptions): Taken {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const descriptor = attempt(path, () => openSync(path, flags));
  if (descriptor === undefined) return changing;
  if (descriptor instanceof Unknown) return descriptor;
  try {
    const stat = fstatSync(descriptor, { bigint: true });
    const before = fingerprintOf(stat);
    if (!stat.isFile() || !isExpected(before, expected)) return changing;
    const take = before.size <= pieceBytes ? takeSmall : takeLarge;
    const taken = take(descriptor, before.size, options);
    if (taken === changing || taken instanceof Unknown) return taken;
    const after = fingerprintOf(fstatSync(descriptor, { bigint: true }));
    const there = attempt(path, () => fingerprintOf(lstatSync(path, { bigint: true })));
    const isThere = there !== undefined && !(there instanceof Unknown) && sameFingerprint(before, there);
    return isThere && sameFingerprint(before, after) ? taken : changing;
  } finally {
    closeSync(descriptor);
  }
}

function isExpected(found: Fingerprint, expected: Fingerprint): boolean {
  return sameFingerprint(expected.ctimeUs === untrusted ? { ...found, ctimeUs: untrusted } : found, expected);
}

function takeSmall(descriptor: number, size: number, { scratch, isHeld, onBytes }: TakeOptions): Taken {
  const length = readPiece(descriptor, 0);
  if (length instanceof Unknown) return length;
  if (length !== size) return changing;
  const content = buffer.subarray(0, size);
  const sha256 = createHash('sha256').update(content).digest('hex') as Sha256;
  const copied = !isHeld(sha256);
  if (copied) scratch.write(content);
  onBytes(size);
  return { sha256, copied };
}

function takeLarge(descriptor: number, size: number, { scratch, isHeld, onBytes }: TakeOptions): Taken {
  const hash = createHash('sha256');
  const clone = scratch.clone(descriptor);
  const copy = clone === undefined ? scratch.open() : undefined;
  try {
    for (let position = 0; ;) {
      const length = readPiece(clone ?? descriptor, position);
      if (length instanceof Unknown) return length;
      if (position + length > size) return changing;
      if (length === 0) {
        if (position < size) return changing;
        break;
      }
      const piece = buffer.subarray(0, length);
      hash.update(piece);
      copy?.append(piece);
      position += length;
      onBytes(length);
    }
  } finally {
    copy?.close();
    if (clone !== undefined) closeSync(clone);
  }
  const sha256 = hash.digest('hex') as Sha256;
  const copied = !isHeld(sha256);
  if (!copied) scratch.remove();
  return { sha256, copied };
}

/** Fills the buffer from a position on, as far as the file goes. */
function readPiece(descriptor: number, position: number): number | Unknown {
  const read = attempt(`/proc/self/fd/${descriptor}`, () => {
    let filled = 0;
    while (filled < buffer.length) {
      const length = readSync(descriptor, buffer, filled, buffer.length - filled, position + filled);
      if (length === 0) break;
      filled += length;
    }
    return filled;
  });
  return read ?? new Unknown('it is gone');
}
