import { rmSync, statSync } from 'node:fs';
import { announcedObjects } from './admission.js';
import { fromBlob, inTransaction } from './database.js';
import { syncFolder } from './durable.js';
import { readFact } from './facts.js';
import { objectRestMs } from './gc-find.js';
import type { GcPlan, GcResult, GcWork } from './gc-plan.js';
import type { JobControl } from './job.js';
import { unpack } from './packed-hashes.js';
import { pageRestMs } from './pages.js';
import type { Store } from './store.js';

/** Rows a transaction that waits for the disk, and files removed while others wait for the write lock. */
const rowsAtOnce = 500;
const filesAtOnce = 50;

/**
 * Carries a plan out: heads, memberships, objects, pages, strays. Rows go durably before their files. Each transaction
 * looks whether anything was referenced since the plan was made, and ends the work if so; what was used since stays.
 */
export async function sweep(store: Store, { generations, work }: GcPlan, control: JobControl): Promise<GcResult> {
  const done = { generations: 0, files: 0, bytes: 0 };
  store.db.pragma('synchronous = FULL');
  try {
    await dropHeads(store, work, generations, done);
    dropMemberships(store, work, control);
    for (const batch of unpack(work.objects, rowsAtOnce)) dropObjects(store, work, batch, done, control);
    for (const batch of unpack(work.leftovers, filesAtOnce)) dropFiles(store, work, batch, done);
    for (const [page = Buffer.alloc(0)] of unpack(work.pages, 1)) dropPage(store, work, page, done, control);
    dropStrays(work, done);
    store.fetches.forget(work.plannedAtMs);
    // All manifests that stay were read to plan this.
    store.db.prepare('DELETE FROM broken_pages').run();
    return { ...done, stale: false };
  } catch (error) {
    if (error instanceof StalePlan) return { ...done, stale: true };
    throw error;
  } finally {
    store.db.pragma('synchronous = NORMAL');
  }
}

class StalePlan extends Error {}

type Done = { -readonly [Field in 'generations' | 'files' | 'bytes']: number };

/** To be called in the transaction that removes. */
function requireCurrent(store: Store, work: GcWork): void {
  if (readFact(store.db, 'references') !== work.references) throw new StalePlan();
}

async function dropHeads(store: Store, work: GcWork, generations: GcPlan['generations'], done: Done): Promise<void> {
  const drop = store.db.prepare('DELETE FROM heads WHERE repository = ? AND generation = ?');
  for (const { repository, generation } of generations) {
    inTransaction(store.db, () => {
      requireCurrent(store, work);
      drop.run(repository, generation);
    });
    rmSync(store.layout.headFile(repository, generation), { force: true });
    done.generations += 1;
  }
  const folders = new Set(generations.map(({ repository }) => store.layout.metadataOf(repository)));
  for (const folder of folders) await syncFolder(folder);
}

function dropMemberships(store: Store, work: GcWork, control: JobControl): void {
  const drop = store.db.prepare('DELETE FROM membership WHERE repository = ? AND sha256 = ?');
  for (const { repository, hashes } of work.memberships) {
    for (const batch of unpack(hashes, rowsAtOnce)) {
      control.throwIfStopped();
      inTransaction(store.db, () => {
        requireCurrent(store, work);
        for (const sha256 of batch) drop.run(repository, sha256);
      });
    }
  }
}

function dropObjects(store: Store, work: GcWork, batch: readonly Buffer[], done: Done, control: JobControl): void {
  control.throwIfStopped();
  const drop = store.db.prepare('DELETE FROM objects WHERE sha256 = ? AND used_ms < ?');
  const dropped = inTransaction(store.db, () => {
    requireCurrent(store, work);
    return batch.filter((sha256) => drop.run(sha256, work.plannedAtMs - objectRestMs).changes > 0);
  });
  for (let at = 0; at < dropped.length; at += filesAtOnce) {
    removeFiles(store, dropped.slice(at, at + filesAtOnce), done);
  }
}

function dropFiles(store: Store, work: GcWork, batch: readonly Buffer[], done: Done): void {
  const isOld = (path: string): boolean => {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats !== undefined && stats.ctimeMs < work.plannedAtMs - objectRestMs;
  };
  removeFiles(
    store,
    batch.filter((sha256) => isOld(store.layout.objectFile(fromBlob(sha256)))),
    done,
  );
}

/** Under the write lock: an object that somebody admits meanwhile is announced, or has its row. */
function removeFiles(store: Store, batch: readonly Buffer[], done: Done): void {
  const row = store.db.prepare<[Buffer], unknown>('SELECT 1 FROM objects WHERE sha256 = ?');
  inTransaction(store.db, () => {
    const announced = announcedObjects(store.db);
    for (const sha256 of batch) {
      if (row.get(sha256) !== undefined || announced.has(fromBlob(sha256))) continue;
      removeFile(store.layout.objectFile(fromBlob(sha256)), done);
    }
  });
}

function dropPage(store: Store, work: GcWork, page: Buffer, done: Done, control: JobControl): void {
  control.throwIfStopped();
  inTransaction(store.db, () => {
    requireCurrent(store, work);
    const file = store.layout.pageFile(fromBlob(page));
    const stats = statSync(file, { throwIfNoEntry: false });
    // Whoever was told that this page is here relies on those below it too, which come later in the work.
    if (stats !== undefined && stats.mtimeMs >= work.plannedAtMs - pageRestMs) throw new StalePlan();
    removeFile(file, done);
  });
}

function dropStrays(work: GcWork, done: Done): void {
  for (const path of work.strays) {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats !== undefined && stats.ctimeMs < work.plannedAtMs - objectRestMs) removeFile(path, done);
  }
}

function removeFile(path: string, done: Done): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  rmSync(path, { force: true });
  done.files += 1;
  done.bytes += stats.size;
}
