import { cachedReader } from '../manifest/cached-reader.js';
import { readEntries } from '../manifest/read.js';
import type { LeftBatch } from '../model/left.js';
import { ordinary } from '../model/priority.js';
import type { Sha256 } from '../model/sha256.js';
import { unitName } from '../model/units.js';
import type { Job } from '../store/job.js';
import type { Store } from '../store/store.js';
import { batchesOf, type PlannedUnit } from './units.js';
import { missingUnits, type SurveyInput } from './units-job.js';

/** Of what is smaller no part is kept, in bytes. */
const smallBytes = 16 * 1024;

/** What of the units that are asked for is not here, batch by batch. What several of them share counts where it comes first. */
export const surveyLeftUnits: Job<SurveyInput, LeftBatch[]> = {
  name: 'survey-left-units',
  run(store, input, control) {
    const { root } = input;
    const read = cachedReader(store.pages.read);
    const seen = new Set<Sha256>();
    const missing = (unit: PlannedUnit): number => {
      let bytes = 0;
      for (const entry of readEntries(root, read, { under: unitName(unit) })) {
        control.throwIfStopped();
        if (entry.type !== 'file' || seen.has(entry.object)) continue;
        seen.add(entry.object);
        bytes += missingBytes(store, entry.object, entry.size);
      }
      return bytes;
    };
    return batchesOf(missingUnits(store, input), []).map((planned) => {
      const [{ priority, urgent } = ordinary] = planned;
      const units = planned.map((unit) => ({ name: unitName(unit), bytes: missing(unit) }));
      return { priority, urgent, bytes: units.reduce((sum, { bytes }) => sum + bytes, 0), units };
    });
  },
};

/** What the plan in force has still to bring. */
export const surveyLeftPlan: Job<{ readonly repository: string }, number> = {
  name: 'survey-left-plan',
  run(store, { repository }, control) {
    let bytes = 0;
    for (const { objects } of store.transfers.inOrder(repository)) {
      control.throwIfStopped();
      for (const { sha256, size } of objects) bytes += missingBytes(store, sha256, size);
    }
    return bytes;
  },
};

/** Bytes of an object that have not come; a part of it may be here. */
function missingBytes(store: Store, sha256: Sha256, size: number): number {
  if (store.objects.has(sha256)) return 0;
  return size <= smallBytes ? size : Math.max(0, size - store.staging.size(sha256));
}
