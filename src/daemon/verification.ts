import type { VerifyResult } from '../model/upkeep-status.js';
import { PackagesPublisher } from '../publish/packages.js';
import { MirrorPublisher } from '../publish/publisher.js';
import type { LongWork } from '../serve/control-api.js';
import { verify, type VerifyResult as StoreVerifyResult } from '../store/verify.js';
import { mendTree, restoreTree } from '../sync/restore-job.js';
import type { RunningDepot } from './running-depot.js';

/**
 * Reads and hashes what is held. What is damaged is set aside and fetched again by the next poll; files of an installation
 * copy are put right at once.
 * @param repository null for all
 * @param names of the repositories that this comes to, once all was read
 */
export async function verifyAndHeal(
  depot: RunningDepot,
  repository: string | null,
  names: () => readonly string[],
  work: LongWork,
): Promise<VerifyResult> {
  const { signal, onEvent } = work;
  const result = await depot.workers.run(
    verify,
    { ...(repository === null ? {} : { repository }), quarantine: true },
    {
      signal,
      onProgress: ({ files, bytes }) =>
        void onEvent({
          type: 'progress',
          repository,
          phase: 'verify',
          files: { done: files, total: null },
          bytes: { done: bytes, total: null },
        }),
    },
  );
  tellDamage(depot, result);
  for (const name of names()) {
    const paths = result.trees.findings
      .filter((finding) => finding.repository === name && finding.problem !== 'foreign')
      .map(({ path }) => path);
    await heal(depot, name, paths, work);
  }
  return { repository, ...result };
}

function tellDamage({ log }: RunningDepot, { damaged, missing, pages, trees }: StoreVerifyResult): void {
  const counts = { damaged: damaged.count, missing: missing.count, pages: pages.count, files: trees.count };
  if (Object.values(counts).every((count) => count === 0)) return;
  log.error(counts, 'verification found damage; a disk that damages files should be replaced');
}

/** Reads what is damaged again from the source at the master depot; files of an installation copy are put right. */
async function heal(
  { workers, schedule, store, publishers }: RunningDepot,
  repository: string,
  paths: readonly string[],
  { signal, onEvent }: LongWork,
): Promise<void> {
  const say = (text: string): Promise<void> => onEvent({ type: 'line', text: `${repository}: ${text}` });
  const publisher = publishers.find(repository);
  const damaged = store.damage.waiting(repository).length;
  if (publisher instanceof MirrorPublisher && damaged > 0) {
    await publisher.publish({ signal });
    const left = store.damage.waiting(repository).length;
    await say(`read ${damaged - left} of ${damaged} damaged files again from the source`);
  }
  if (publisher instanceof PackagesPublisher) {
    const { healed, lost } = await publisher.heal(signal);
    if (lost > 0) await say(`read ${healed} of ${lost} damaged files again from the work copies`);
  }
  if (paths.length === 0 && store.damage.list(repository).length === 0) return;
  const put = await schedule.between(repository, async () => {
    const restored = await workers.run(restoreTree, { repository, paths }, { signal });
    const mended = await workers.run(mendTree, { repository }, { signal });
    return restored.put + mended.files;
  });
  if (put > 0) await say(`put ${put} files of the installation copy right`);
}
