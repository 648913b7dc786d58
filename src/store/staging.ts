import { readdirSync, rmSync, statSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sha256 } from '../model/sha256.js';
import type { Layout } from './layout.js';

/** Partial transfers, `staging/<sha256>.part`. They survive restarts; whoever goes on with one verifies all of it. */
export class Staging {
  constructor(private readonly layout: Layout) {}

  /** Bytes that are here; 0 for none. */
  size(sha256: Sha256): number {
    return statSync(this.layout.stagingFile(sha256), { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Bytes of all that is here. */
  bytes(): number {
    const { staging } = this.layout;
    return readdirSync(staging).reduce(
      (sum, name) => sum + (statSync(join(staging, name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
  }

  /** Opens for reading anywhere and appending; created when missing. The writer keeps to the declared size. */
  async openAppend(sha256: Sha256): Promise<FileHandle> {
    return open(this.layout.stagingFile(sha256), 'a+', 0o644);
  }

  discard(sha256: Sha256): void {
    rmSync(this.layout.stagingFile(sha256), { force: true });
  }
}
