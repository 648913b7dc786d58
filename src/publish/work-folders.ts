import { join } from 'node:path';
import { asDepotError, DepotError } from '../model/errors.js';
import { fillFolder, isToFill } from '../store/fill-folder.js';
import { acceptFirstSource, isFirstSource } from './first-source.js';
import type { PackageLedger } from './package-ledger.js';
import type { PackagesDeps, PackagesSource } from './packages-source.js';
import { readWorkCopy } from './work-copy.js';

/**
 * Reads files that were lost again from the work copies of the packages that lack them, as far as they are there.
 * @returns how many are here again, and how many there were
 */
export async function healFromWork(
  ledger: PackageLedger,
  source: PackagesSource,
  deps: PackagesDeps,
  signal: AbortSignal,
): Promise<{ readonly healed: number; readonly lost: number }> {
  const { damage } = deps.store;
  const { repository } = source;
  await ledger.recover();
  const lost = damage.waiting(repository).length;
  if (lost === 0) return { healed: 0, lost };
  const lacking = new Set((await ledger.recount()).map((unit) => unit.split('/', 1)[0]));
  for (const { name } of ledger.records()) {
    if (!lacking.has(name)) continue;
    try {
      await readWorkCopy(source, deps, name, { signal, onProgress: () => undefined });
    } catch (error) {
      // Without a work copy there is nothing to heal from.
      if (!(error instanceof DepotError && error.code === 'work-refused')) throw error;
    }
  }
  await ledger.recount();
  return { healed: lost - damage.waiting(repository).length, lost };
}

/** Packages that came from another depot get work copies of their last revisions, where nothing is in their place. */
export async function fillWork(
  ledger: PackageLedger,
  source: PackagesSource,
  deps: PackagesDeps,
  signal: AbortSignal,
): Promise<void> {
  const { store, run, log } = deps;
  const { repository, work } = source;
  if (!isFirstSource(store, repository)) return;
  try {
    for (const record of ledger.records()) {
      const place = ledger.lastPlace(record);
      const folder = join(work, record.name);
      if (place === null || record.deletedAt !== null || !isToFill(folder)) continue;
      const filled = await run(fillFolder, { root: place.root, under: place.folder, folder }, { signal });
      log.info({ repository, package: record.name, ...filled }, `filled the work copy ${folder} from ${place.folder}`);
    }
    acceptFirstSource(store, repository);
  } catch (thrown) {
    const { code, message, hint } = asDepotError(thrown, `work copies of ${repository}`);
    if (code !== 'interrupted') log.warn({ repository, code, hint }, message);
  }
}
