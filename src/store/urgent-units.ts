import type { PageRef } from '../manifest/page.js';
import type { Place } from '../model/revisions.js';
import { urgentUnits } from '../model/units.js';
import type { Store } from './store.js';

/** The names of the units that urgent releases need, at a depot or at one of those below it, as these last reported. */
export function urgentHere(store: Store, root: PageRef, place: Place, nowMs: number): ReadonlySet<string> {
  const records = store.packages.of(root).filter(({ releases }) => releases.some(({ urgent }) => urgent));
  if (records.length === 0) return new Set();
  const below = store.reports.below().map(({ depot, site }) => ({ depot, site }));
  return urgentUnits(records, [place, ...below], nowMs);
}
