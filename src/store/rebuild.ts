import { rmSync, statSync } from 'node:fs';
import type { Sha256 } from '../model/sha256.js';
import { announcedObjects } from './admission.js';
import { readFact, writeFact } from './facts.js';
import { hashFile } from './hash-file.js';
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
    for (const sha256 of announcedObjects(store.db)) {
      if (!store.objects.has(sha256)) takeLeftover(store, sha256, done, control);
    }
    store.db.prepare('DELETE FROM admissions').run();
    if (readFact(store.db, 'relist') !== 0) {
      for (const sha256 of store.objects.unknown()) take(store, sha256, done, control);
      for (const repository of keptRepositories(store)) enlistAll(store, repository, control);
      writeFact(store.db, 'relist', 0);
    }
    return done;
  },
};

type Done = { -readonly [Field in keyof RelistResult]: number };

/** One that the crash cut short, which may be only its mode, is no damage: it is dropped, and asked for again. */
function takeLeftover(store: Store, sha256: Sha256, done: Done, control: JobControl): void {
  const file = store.layout.objectFile(sha256);
  const mode = statSync(file, { throwIfNoEntry: false })?.mode;
  if (mode === undefined) return;
  const hashed = hashFile(file, counting(done, control));
  if (hashed.sha256 === sha256 && (mode & 0o444) === 0o444) store.objects.enter(sha256, hashed.stat);
  else rmSync(file, { force: true });
  done.files += 1;
}

function take(store: Store, sha256: Sha256, done: Done, control: JobControl): void {
  const { found } = store.objects.rehash(sha256, counting(done, control));
  if (found !== 'missing') done.files += 1;
  if (found === 'damaged') done.damaged += 1;
}

function counting(done: Done, control: JobControl): (bytes: number) => void {
  return (bytes) => {
    control.throwIfStopped();
    done.bytes += bytes;
    control.progress({ files: done.files, bytes: done.bytes });
  };
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
