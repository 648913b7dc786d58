import { DepotError } from '../model/errors.js';
import type { Place } from '../model/revisions.js';
import type { Selection } from '../model/selection.js';
import { unitName, wantedUnits } from '../model/units.js';
import type { Store } from '../store/store.js';
import { urgentHere } from '../store/urgent-units.js';

/** The units that urgent releases need, here or below, and that are not whole here. */
export function urgentLeft(
  store: Store,
  place: Place,
  repository: string,
  selection: Selection | null,
  nowMs: number,
): string[] {
  const head = store.heads.newestComplete(repository, [])?.head;
  if (head?.kind !== 'packages') return [];
  try {
    const urgent = urgentHere(store, head.root, place, nowMs);
    if (urgent.size === 0) return [];
    const own = selection === null ? [] : [{ ...selection, site: place.site }];
    const below = store.demands.union(repository).filter(({ site }) => site !== undefined);
    const isWhole = store.units.whole(repository);
    const wanted = wantedUnits(store.packages.of(head.root), [...own, ...below]);
    return wanted.filter((unit) => urgent.has(unitName(unit)) && !isWhole(unit)).map(unitName);
  } catch (error) {
    // A record that is damaged has an alarm of its own.
    if (error instanceof DepotError) return [];
    throw error;
  }
}
