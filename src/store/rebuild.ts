import { existsSync } from 'node:fs';
import type { Sha256 } from '../model/sha256.js';
import { fromBlob } from './database.js';
import { readFact, writeFact } from './facts.js';
import type { Job, JobControl } from './job.js';
import { reachablePages } from './reachable.js';
import { keptRepositories, retainedRoots } from './retained.js';
import type { Store } from './store.js';

export interface RelistResult {
  /** Objects that were hashed, and their bytes. */
  readonly files: number;
  readonly bytes: number;
  /** Those of them that were damaged; they are in quarantine. */
  readonly damaged: number;
}

/**
 * Brings objects/ back into the catalogue, where `needsRelist`:
 * 1. After a crash in the middle of an admission: hashes the objects that were announced and have no row.
 * 2. After the loss of the catalogue: hashes all objects that have no row, and notes again which repository references what.
 * It may be interrupted and then goes on where it stopped, because what was hashed has a row.
 */
export const relist: Job<Record<string, never>, RelistResult> = {
  name: 'relist',
  run(store, _input, control) {
    const done = { files: 0, bytes: 0, damaged: 0 };
    const announced = store.db.prepare<[], { sha256: Buffer }>('SELECT sha256 FROM admissions').all();
    for (const { sha256 } of announced) {
      // One that the crash kept from being moved is no damage: its bytes are in the staging still, or nobody wants them.
      const isThere = existsSync(store.layout.objectFile(fromBlob(sha256)));
      if (isThere && !store.objects.has(fromBlob(sha256))) take(store, fromBlob(sha256), done, control);
      store.db.prepare('DELETE FROM admissions WHERE sha256 = ?').run(sha256);
    }
    if (readFact(store.db, 'relist') !== 0) {
      for (const sha256 of store.objects.unknown()) take(store, sha256, done, control);
      for (const repository of keptRepositories(store)) enlistAll(store, repository, control);
      writeFact(store.db, 'relist', 0);
    }
    return done;
  },
};

type Done = { -readonly [Field in keyof RelistResult]: number };

function take(store: Store, sha256: Sha256, done: Done, control: JobControl): void {
  const { found } = store.objects.rehash(sha256, (bytes) => {
    control.throwIfStopped();
    done.bytes += bytes;
    control.progress({ files: done.files, bytes: done.bytes });
  });
  if (found !== 'missing') done.files += 1;
  if (found === 'damaged') done.damaged += 1;
}

function enlistAll(store: Store, repository: string, control: JobControl): void {
  const seen = new Set<Sha256>();
  for (const { root } of retainedRoots(store, repository, store.heads.list(repository))) {
    for (const { page } of reachablePages(store, root, seen)) {
      control.throwIfStopped();
      store.objects.enlist(
        repository,
        (page?.entries ?? []).flatMap((entry) => (entry.type === 'file' ? [entry.object] : [])),
      );
    }
  }
}
