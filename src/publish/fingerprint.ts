import type { BigIntStats } from 'node:fs';

/** What tells a file that was read from one that was changed since, without reading it. Times in whole microseconds since 1970. */
export interface Fingerprint {
  readonly size: number;
  readonly mtimeUs: number;
  readonly ctimeUs: number;
  /** Its low 53 bits: file systems exist that use all 64. */
  readonly inode: number;
}

export function fingerprintOf(stat: BigIntStats): Fingerprint {
  return {
    size: Number(stat.size),
    mtimeUs: microseconds(stat.mtimeNs),
    ctimeUs: microseconds(stat.ctimeNs),
    inode: Number(BigInt.asUintN(53, stat.ino)),
  };
}

export function sameFingerprint(a: Fingerprint, b: Fingerprint): boolean {
  return a.size === b.size && a.mtimeUs === b.mtimeUs && a.ctimeUs === b.ctimeUs && a.inode === b.inode;
}

/** Stands for `ctimeUs` in the index where the file was too fresh: it never matches, so the next scan reads the file again. */
export const untrusted = 0;

/**
 * Whether a change after the file was read could leave its fingerprint as it is, because both fall into one tick of the
 * file system's clock: 10 ms on Linux at worst, 2 s where times have no fraction. `nowMs`: a time before the reading.
 */
export function isTooFresh(file: Fingerprint, nowMs: number): boolean {
  const tickUs = file.ctimeUs % 1_000_000 === 0 ? 2_000_000 : 50_000;
  return file.ctimeUs > nowMs * 1000 - tickUs;
}

/** The time of a manifest's entry, which has none before 1970. */
export function mtimeMsOf({ mtimeUs }: Pick<Fingerprint, 'mtimeUs'>): number {
  return Math.max(0, Math.floor(mtimeUs / 1000));
}

function microseconds(nanoseconds: bigint): number {
  return Number(nanoseconds / 1000n);
}
