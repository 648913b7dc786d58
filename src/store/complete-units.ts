import { cachedReader } from '../manifest/cached-reader.js';
import type { PageRef } from '../manifest/page.js';
import { readEntries } from '../manifest/read.js';
import { everything } from '../model/selection.js';
import type { Sha256 } from '../model/sha256.js';
import { unitName, wantedUnits, type Unit } from '../model/units.js';
import type { Job } from './job.js';
import { recordEntries } from './packages.js';
import type { Store } from './store.js';

interface Manifest {
  readonly repository: string;
  readonly root: PageRef;
}

/** Makes whole what has come. @returns how many */
export const completeUnits: Job<Manifest & { readonly units: readonly Unit[] }, number> = {
  name: 'complete-units',
  run(store, { units, ...manifest }) {
    return units.filter((unit) => completeUnit(store, manifest, unit)).length;
  },
};

/** The same for all units of a manifest, at its master depot, where the catalogue was lost or something was damaged. */
export const recountUnits: Job<Manifest, { readonly missing: string[] }> = {
  name: 'recount-units',
  run(store, manifest, control) {
    const { repository, root } = manifest;
    store.objects.enlist(
      repository,
      recordEntries(root, store.pages.read).map(({ entry }) => entry.object),
    );
    const missing = wantedUnits(store.packages.of(root), [everything]).filter((unit) => {
      control.throwIfStopped();
      return !completeUnit(store, manifest, unit);
    });
    return { missing: missing.map(unitName) };
  },
};

/** A unit of which all objects are here is whole from now on, and its objects are the repository's. */
export function completeUnit(store: Store, { repository, root }: Manifest, unit: Unit): boolean {
  const objects: Sha256[] = [];
  for (const entry of readEntries(root, cachedReader(store.pages.read), { under: unitName(unit) })) {
    if (entry.type !== 'file') continue;
    if (!store.objects.has(entry.object)) return false;
    objects.push(entry.object);
  }
  store.objects.enlist(repository, objects);
  store.units.markWhole(repository, [unit]);
  return true;
}
