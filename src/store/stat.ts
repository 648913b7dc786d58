import { statSync, type BigIntStats } from 'node:fs';

/** What tells whether a file is still the one that was hashed. */
export interface FileStat {
  readonly inode: number;
  readonly size: number;
  /** Whole milliseconds, rounded down. */
  readonly mtimeMs: number;
  /** Microseconds since 1970. */
  readonly ctimeUs: number;
  readonly executable: boolean;
  readonly links: number;
}

/** @throws as `fs.statSync` */
export function statFile(path: string): FileStat {
  return fileStat(statSync(path, { bigint: true }));
}

export function fileStat(stats: BigIntStats): FileStat {
  return {
    inode: Number(stats.ino),
    size: Number(stats.size),
    mtimeMs: Math.floor(Number(stats.mtimeNs / 1000n) / 1000),
    ctimeUs: Number(stats.ctimeNs / 1000n),
    executable: (stats.mode & 0o100n) !== 0n,
    links: Number(stats.nlink),
  };
}

/**
 * The number that makes `utimes` set this mtime. utimes takes seconds as a double and cuts what is finer than its own
 * grain, so that a plain quotient would often come out one millisecond early.
 */
export function utimesSeconds(mtimeMs: number): number {
  return mtimeMs % 1000 === 0 ? mtimeMs / 1000 : (mtimeMs + 0.001) / 1000;
}
