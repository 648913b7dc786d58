import type { FileHandle } from 'node:fs/promises';
import type { Sha256 } from '../model/sha256.js';
import type { Layout } from './layout.js';

/** A transfer that was cut. */
export interface PartialFile {
  readonly sha256: Sha256;
  readonly size: number;
  /** When bytes last came. */
  readonly modifiedAtMs: number;
}

/** Partial transfers, `staging/<sha256>.part`. They survive restarts; whoever goes on with one verifies all of it. */
export class Staging {
  constructor(readonly layout: Layout) {}
  /** Bytes that are here; 0 for none. */
  size(_sha256: Sha256): number {
    throw new Error('soon');
  }
  /** Opens for reading anywhere and appending; created when missing. The writer keeps to the declared size. */
  openAppend(_sha256: Sha256): Promise<FileHandle> {
    throw new Error('soon');
  }
  discard(_sha256: Sha256): void {
    throw new Error('soon');
  }
  list(): PartialFile[] {
    throw new Error('soon');
  }
}
