import type { Sha256 } from '../model/sha256.js';
import type { SourceFile } from '../store/sources.js';
import type { Store } from '../store/store.js';
import { mtimeMsOf } from './fingerprint.js';
import type { Scratch } from './scratch.js';

/** Brings files that were read into the store, in batches. */
export interface Admission {
  /** Whether the store has the object, or will have it with this batch. */
  isHeld(sha256: Sha256): boolean;
  /** The file of a row holds this object; `copy` has its bytes where it was not held. */
  add(row: SourceFile, sha256: Sha256, copy: Scratch | undefined): Promise<void>;
  finish(): Promise<void>;
  /** Removes copies that were not taken over. */
  discard(): void;
}

/** A batch is admitted at this many files or bytes: few barriers, and little is read again after a crash. */
const batchFiles = 500;
const batchBytes = 256 * 1024 * 1024;

/** An object is durable before the index says that a file holds it. */
export function openAdmission(store: Store, repository: string): Admission {
  let read: (SourceFile & { readonly object: Sha256 })[] = [];
  let copies = new Map<Sha256, { readonly row: SourceFile; readonly copy: Scratch }>();
  let bytes = 0;

  async function admit(): Promise<void> {
    if (copies.size > 0) {
      await store.objects.admit(
        Array.from(copies, ([sha256, { row, copy }]) => {
          return { sha256, size: row.size, mtimeMs: mtimeMsOf(row), executable: row.executable, from: copy.path };
        }),
      );
    }
    copies = new Map();
    if (read.length > 0) store.sources.setObject(repository, read);
    read = [];
    bytes = 0;
  }

  return {
    isHeld: (sha256) => copies.has(sha256) || store.objects.has(sha256),
    async add(row, sha256, copy) {
      read.push({ ...row, object: sha256 });
      if (copy !== undefined) {
        copies.set(sha256, { row, copy });
        bytes += row.size;
      }
      if (read.length >= batchFiles || bytes >= batchBytes) await admit();
    },
    finish: admit,
    discard() {
      for (const { copy } of copies.values()) copy.remove();
    },
  };
}
