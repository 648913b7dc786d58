import { cachedReader } from '../manifest/cached-reader.js';
import { readEntries } from '../manifest/read.js';
import type { LeftBatch } from '../model/left.js';
import type { Offer } from '../model/offer.js';
import { ordinary } from '../model/priority.js';
import type { Route } from '../model/route.js';
import type { Sha256 } from '../model/sha256.js';
import { unitName } from '../model/units.js';
import type { Job } from '../store/job.js';
import type { Store } from '../store/store.js';
import type { WantedObject } from '../store/transfers.js';
import { byObject } from './foretell-job.js';
import { nextRoute } from './routes.js';
import { wireLeft } from './wire-left.js';
import { batchesOf, type PlannedUnit } from './units.js';
import { missingUnits, travelFormOf, type SurveyInput } from './units-job.js';

/** Of what is smaller no part is kept, in bytes. */
const smallBytes = 16 * 1024;

/** What of the units that are asked for is not here, batch by batch. What several of them share counts where it comes first. */
export const surveyLeftUnits: Job<SurveyInput & { readonly offers: readonly Offer[] }, LeftBatch[]> = {
  name: 'survey-left-units',
  run(store, input, control) {
    const { root } = input;
    const read = cachedReader(store.pages.read);
    const seen = new Set<Sha256>();
    const offers = byObject(input.offers);
    const come = new Set<Sha256>();
    const isHeld = (object: Sha256): boolean => come.has(object) || store.objects.has(object);
    const missing = (unit: PlannedUnit): number => {
      let bytes = 0;
      for (const entry of readEntries(root, read, { under: unitName(unit) })) {
        control.throwIfStopped();
        if (entry.type !== 'file' || seen.has(entry.object)) continue;
        seen.add(entry.object);
        const object = { sha256: entry.object, size: entry.size, form: travelFormOf(unit), base: null };
        const route = offers.has(entry.object) ? nextRoute(object, { offers, isHeld, isUsable: () => true }) : null;
        bytes += missingBytes(store, object, route);
      }
      return bytes;
    };
    return batchesOf(missingUnits(store, input), []).map((planned) => {
      const [{ priority, urgent } = ordinary] = planned;
      const units = planned.map((unit) => ({ name: unitName(unit), bytes: missing(unit) }));
      for (const object of seen) come.add(object);
      return { priority, urgent, bytes: units.reduce((sum, { bytes }) => sum + bytes, 0), units };
    });
  },
};

/** What the plan in force has still to bring. */
export const surveyLeftPlan: Job<{ readonly repository: string }, number> = {
  name: 'survey-left-plan',
  run(store, { repository }, control) {
    let bytes = 0;
    for (const { objects, route } of store.transfers.inOrder(repository)) {
      control.throwIfStopped();
      for (const object of objects) bytes += missingBytes(store, object, route);
    }
    return bytes;
  },
};

/** What of an object has still to cross the line, at most; a part of it may be here. */
function missingBytes(store: Store, object: Pick<WantedObject, 'sha256' | 'size'>, route: Route | null): number {
  if (store.objects.has(object.sha256)) return 0;
  return object.size <= smallBytes ? object.size : wireLeft(store, object, route);
}
