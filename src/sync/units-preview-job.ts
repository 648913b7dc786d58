import { readEntries } from '../manifest/read.js';
import type { PageRef } from '../manifest/page.js';
import type { Demand, Selection } from '../model/selection.js';
import type { Sha256 } from '../model/sha256.js';
import type { PlanStep, PlanSummary } from '../model/status.js';
import { unitName, wantedUnits } from '../model/units.js';
import type { Job } from '../store/job.js';
import { recordEntries } from '../store/packages.js';

export interface UnitsPreviewInput {
  readonly repository: string;
  readonly root: PageRef;
  readonly demand: Demand;
  readonly selection: Selection | null;
  readonly stepsWanted: number;
}

export interface UnitsPreview {
  readonly summary: Pick<PlanSummary, 'fetch' | 'relay' | 'reused'>;
  readonly steps: readonly PlanStep[];
  readonly isCut: boolean;
}

/** What of the units that are asked for is not here; changes nothing. Before the records are here, what of those is not. */
export const previewUnits: Job<UnitsPreviewInput, UnitsPreview> = {
  name: 'preview-units',
  run(store, { repository, root, demand, selection, stepsWanted }, control) {
    const count = { fetch: none(), relay: none(), reused: none() };
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
    const wanted = [
      ...records.map((entry) => ({ entry, isOwn: true })),
      ...units
        .filter((unit) => !isWhole(unit))
        .flatMap((unit) => {
          const isOwn = own.has(unitName(unit));
          return [...readEntries(root, store.pages.read, { under: unitName(unit) })].map((entry) => ({ entry, isOwn }));
        }),
    ];
    for (const { entry, isOwn } of wanted) {
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
      if (steps.length >= stepsWanted) isCut = true;
      else steps.push({ repository, action: isOwn ? 'add' : 'relay', path, bytes: size, fetch: true });
    }
    return { summary: count, steps, isCut };
  },
};

function none(): { files: number; bytes: number } {
  return { files: 0, bytes: 0 };
}

function add(total: { files: number; bytes: number }, bytes: number): void {
  total.files += 1;
  total.bytes += bytes;
}
