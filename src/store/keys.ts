import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyPlace } from '../model/trust-status.js';
import { writeFileDurably } from './durable.js';
import type { Layout } from './layout.js';
import { isCode } from './system-error.js';

/** What the keys of a folder are for. A repository's folder has its name, the others begin with a dot. */
export type KeyOwner = string;

const rootKey = 'root.pem';

/** A root key under a passphrase, beside which there is none without. */
export const sealedRootKey = 'root.pem.sealed';

/**
 * Private keys and what belongs in a backup with them: small texts in `keys/<owner>/`, folders 0700, files 0600. They are
 * the only part of a data directory that cannot be rebuilt.
 */
export class KeyFiles {
  constructor(private readonly layout: Layout) {}

  /** Undefined where there is no such file. */
  read(owner: KeyOwner, name: string): string | undefined {
    try {
      return readFileSync(join(this.folder(owner), name), 'utf8');
    } catch (error) {
      if (isCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  /** Names of the files, sorted; none where this user may not look. */
  list(owner: KeyOwner): string[] {
    try {
      return readdirSync(this.folder(owner)).sort();
    } catch (error) {
      if (isCode(error, 'ENOENT', 'EACCES')) return [];
      throw error;
    }
  }

  /** Durable when it resolves. */
  async write(owner: KeyOwner, name: string, text: string | Uint8Array): Promise<void> {
    for (const folder of [this.layout.keys, this.folder(owner)]) {
      if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined) chmodSync(folder, 0o700);
    }
    await writeFileDurably(join(this.folder(owner), name), text, { mode: 0o600 });
  }

  remove(owner: KeyOwner, name: string): void {
    rmSync(join(this.folder(owner), name), { force: true });
  }

  /** Where the root key of signed metadata is; null where none of its keys is here, or this user may not look. */
  rootKeyPlace(owner: KeyOwner): KeyPlace | null {
    const names = this.list(owner);
    if (names.includes(rootKey)) return 'here';
    if (names.includes(sealedRootKey)) return 'sealed';
    return names.includes('targets.pem') ? 'elsewhere' : null;
  }

  /** For messages. */
  folder(owner: KeyOwner): string {
    return join(this.layout.keys, owner);
  }
}
