import type { TrustResetResult } from '../model/status.js';
import type { RunningDepot } from './running-depot.js';

/**
 * Forgets whose signatures are believed for a repository, with the heads that bear them: a master depot that lost its keys
 * can only be believed anew. Content and installation copy stay, so that nothing that is the same is fetched again.
 */
export async function resetTrust(
  { store, log }: Pick<RunningDepot, 'store' | 'log'>,
  repository: string,
  dryRun: boolean,
): Promise<TrustResetResult> {
  const { signed, heads, holds } = store;
  const newest = heads.newest(repository)?.head.generation ?? null;
  const discarded = { roots: signed.rootVersions(repository).length, heads: heads.list(repository).length, newest };
  if (!dryRun) {
    heads.startOver(repository);
    signed.forget(repository);
    for (const hold of holds.list(repository)) if (hold.kind === 'head') holds.remove(hold.id);
    log.warn({ repository, ...discarded }, `${repository}: it was forgotten whose signatures are believed`);
  }
  return { repository, dryRun, ...discarded };
}
