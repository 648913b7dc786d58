import { chmodSync, readdirSync, rmSync, statSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { EncodingName } from '../model/encoding.js';
import type { Sha256 } from '../model/sha256.js';
import type { Layout } from './layout.js';
import { isCode } from './system-error.js';

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
    const file = this.layout.stagingFile(sha256);
    return open(file, 'a+', 0o644).catch((error: unknown) => {
      unlock(file, error);
      return open(file, 'a+');
    });
  }

  discard(sha256: Sha256): void {
    rmSync(this.layout.stagingFile(sha256), { force: true });
  }

  /** The file for what comes of a form on the way to an object: one of its own, or of another one that leads to it. */
  formFile(wanted: Sha256, name: EncodingName): string {
    return name.sha256 === wanted ? this.layout.encodingPart(name) : this.layout.stepPart(wanted, name);
  }

  /** Bytes of it that are here; 0 for none. */
  formBytes(wanted: Sha256, name: EncodingName): number {
    return statSync(this.formFile(wanted, name), { throwIfNoEntry: false })?.size ?? 0;
  }

  discardForm(wanted: Sha256, name: EncodingName): void {
    rmSync(this.formFile(wanted, name), { force: true });
  }
}

/** An admission makes a file read-only before it moves it; a crash in between leaves it so. */
function unlock(file: string, error: unknown): void {
  if (!isCode(error, 'EACCES')) throw error;
  chmodSync(file, 0o644);
}
