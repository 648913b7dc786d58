import type { ApproveResult, HoldStatus } from '../model/status.js';
import { requireHold } from '../serve/queries.js';
import { releaseHold } from '../sync/restore-job.js';
import type { RunningDepot } from './running-depot.js';

/** Does what a hold kept from being done: deletions between two cycles, a new line of generations by a cycle that starts now. */
export async function approveHold(depot: RunningDepot, id: string): Promise<ApproveResult> {
  const { store, schedule, log } = depot;
  const hold = requireHold(store, id);
  const epoch = store.holds.get(id)?.epoch ?? null;
  const { repository } = hold;
  if (epoch !== null) {
    store.heads.approveEpoch(repository, epoch);
    store.holds.remove(id);
    void schedule.pollNow([repository]);
  } else {
    await schedule.between(repository, () => release(depot, hold));
  }
  log.info({ repository, hold: id, files: hold.files }, `${repository}: hold ${id} was approved`);
  return { hold };
}

/** What approval did belongs to the history as much as what a cycle did. */
async function release(
  { store, workers, host }: RunningDepot,
  { id, repository, generation }: HoldStatus,
): Promise<void> {
  const startedAtMs = host.now();
  const { put, deleted } = await workers.run(releaseHold, { id });
  // A hold outlives later generations.
  const standing = store.trees.get(repository)?.generation ?? generation;
  store.cycles.insert({
    repository,
    startedAtMs,
    endedAtMs: host.now(),
    outcome: 'applied',
    fromGeneration: standing,
    toGeneration: standing,
    addedFiles: put,
    replacedFiles: 0,
    deletedFiles: deleted,
    fetchedFiles: 0,
    fetchedBytes: 0,
    error: null,
  });
}
