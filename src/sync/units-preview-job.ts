import { readEntries } from '../manifest/read.js';
import type { PageRef } from '../manifest/page.js';
import type { Demand, Selection } from '../model/selection.js';
import type { Place } from '../model/revisions.js';
import type { Sha256 } from '../model/sha256.js';
import type { PlanStep, PlanSummary } from '../model/plan-status.js';
import { unitName, wantedUnits } from '../model/units.js';
import type { Job } from '../store/job.js';
import { recordEntries } from '../store/packages.js';
import { urgentHere } from '../store/urgent-units.js';
import type { PlannedFetch } from './planned-fetch.js';
import { batchesOf } from './units.js';
import { largeObjectsOf, missingUnits } from './units-job.js';

export interface UnitsPreviewInput {
  readonly repository: string;
  readonly root: PageRef;
  readonly demand: Demand;
  readonly selection: Selection | null;
  readonly place: Place;
  readonly nowMs: number;
  readonly stepsWanted: number;
}

export interface UnitsPreview {
  readonly summary: Pick<PlanSummary, 'fetch' | 'relay' | 'urgent' | 'reused'>;
  readonly steps: readonly PlanStep[];
  readonly isCut: boolean;
  readonly large: PlannedFetch['large'];
}

/** What of the units that are asked for is not here; changes nothing. Before the records are here, what of those is not. */
export const previewUnits: Job<UnitsPreviewInput, UnitsPreview> = {
  name: 'preview-units',
  run(store, input, control) {
    const { repository, root, demand, selection, place, nowMs, stepsWanted } = input;
    const count = { fetch: none(), relay: none(), urgent: none(), reused: none() };
    const steps: PlanStep[] = [];
    const seen = new Set<Sha256>();
    let isCut = false;
    const records = recordEntries(root, store.pages.read).map(({ entry }) => entry);
    const isKnown = records.every(({ object }) => store.objects.has(object));
    const units = isKnown ? wantedUnits(store.packages.of(root), demand) : [];
    const own = new Set(
      isKnown && selection !== null ? wantedUnits(store.packages.of(root), [selection]).map(unitName) : [],
    );
    const isWhole = store.units.whole(repository);
    const urgent = isKnown ? urgentHere(store, root, place, nowMs) : new Set<string>();
    const wanted = [
      ...records.map((entry) => ({ entry, isOwn: true, isUrgent: false })),
      ...units
        .filter((unit) => !isWhole(unit))
        // What two units share comes with the urgent one.
        .sort((a, b) => Number(urgent.has(unitName(b))) - Number(urgent.has(unitName(a))))
        .flatMap((unit) => {
          const [isOwn, isUrgent] = [own.has(unitName(unit)), urgent.has(unitName(unit))];
          const entries = [...readEntries(root, store.pages.read, { under: unitName(unit) })];
          return entries.map((entry) => ({ entry, isOwn, isUrgent }));
        }),
    ];
    for (const { entry, isOwn, isUrgent } of wanted) {
      control.throwIfStopped();
      if (entry.type !== 'file' || seen.has(entry.object)) continue;
      seen.add(entry.object);
      const { path, size } = entry;
      if (store.objects.has(entry.object)) {
        add(count.reused, size);
        continue;
      }
      add(count.fetch, size);
      if (!isOwn) add(count.relay, size);
      if (isUrgent) add(count.urgent, size);
      if (steps.length >= stepsWanted) isCut = true;
      else steps.push({ repository, action: isOwn ? 'add' : 'relay', path, bytes: size, fetch: true });
    }
    const batches = isKnown ? batchesOf(missingUnits(store, input), []) : [];
    const large = largeObjectsOf(store, { repository, root }, batches, control.throwIfStopped);
    return { summary: count, steps, isCut, large };
  },
};

function none(): { files: number; bytes: number } {
  return { files: 0, bytes: 0 };
}

function add(total: { files: number; bytes: number }, bytes: number): void {
  total.files += 1;
  total.bytes += bytes;
}
