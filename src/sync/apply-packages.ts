import type { HeadFile } from '../model/head.js';
import type { Selection } from '../model/selection.js';
import { applyPackages, type PackagesApplied } from './apply-packages-job.js';
import type { SyncDepot } from './depot.js';

/** Brings the installation copies of a repository of packages to a generation, at this time; also where it is published here. */
export async function showPackages(
  depot: SyncDepot,
  { head }: HeadFile,
  selection: Selection,
  signal: AbortSignal,
): Promise<PackagesApplied> {
  const { name, site, host, run } = depot;
  const { repository, generation, root } = head;
  const place = { depot: name, site };
  const input = { repository, generation, root, place, selection: { ...selection, site }, nowMs: host.now() };
  const applied = await run(applyPackages, input, { signal });
  depot.onDue(repository, applied.nextDueMs);
  return applied;
}
