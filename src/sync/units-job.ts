import { cachedReader } from '../manifest/cached-reader.js';
import type { PageRef, ReadPage } from '../manifest/page.js';
import { continuedFiles, type ContinuedFile } from '../manifest/predecessors.js';
import { readEntries } from '../manifest/read.js';
import { subfolder } from '../manifest/subfolder.js';
import { distributedRevisions, findRevision, type Place } from '../model/revisions.js';
import type { Demand, Selection } from '../model/selection.js';
import type { TravelForm } from '../model/travel.js';
import type { Sha256 } from '../model/sha256.js';
import { unitName, unitOf, wantedUnits } from '../model/units.js';
import { completeUnit } from '../store/complete-units.js';
import type { Job } from '../store/job.js';
import { recordEntries } from '../store/packages.js';
import type { Store } from '../store/store.js';
import { urgentHere } from '../store/urgent-units.js';
import type { WantedObject } from '../store/transfers.js';
import { LargeObjects, type PlannedFetch } from './planned-fetch.js';
import { shipments } from './shipments.js';
import type { PlannedUnit } from './units.js';

interface UnitsInput {
  readonly repository: string;
  readonly root: PageRef;
}

export interface SurveyInput extends UnitsInput {
  readonly demand: Demand;
  readonly selection: Selection | null;
  readonly place: Place;
  readonly nowMs: number;
}

/**
 * The units that a demand asks for and that are not whole here. Those of which all is here, for whatever reason, are whole
 * from now on; those that nobody asks for any more are forgotten.
 */
export const surveyUnits: Job<SurveyInput, { readonly left: PlannedUnit[]; readonly becameWhole: number }> = {
  name: 'survey-units',
  run(store, input, control) {
    const { repository, root, demand } = input;
    store.units.keepOnly(repository, wantedUnits(store.packages.of(root), demand));
    const missing = missingUnits(store, input);
    const left = missing.filter((unit) => {
      control.throwIfStopped();
      return !completeUnit(store, { repository, root }, unit);
    });
    return { left, becameWhole: missing.length - left.length };
  },
};

/** The units that are asked for and that are not known to be whole here; changes nothing. */
export function missingUnits(
  store: Store,
  { repository, root, demand, selection, place, nowMs }: SurveyInput,
): PlannedUnit[] {
  const records = store.packages.of(root);
  const units = wantedUnits(records, demand);
  const isWhole = store.units.whole(repository);
  const whole = new Set(units.filter(isWhole).map(unitName));
  const own = new Set(selection === null ? [] : wantedUnits(records, [selection]).map(unitName));
  const byName = new Map(records.map((record) => [record.name, distributedRevisions(record)]));
  const urgent = urgentHere(store, root, place, nowMs);
  return units
    .filter((unit) => !whole.has(unitName(unit)))
    .map((unit) => {
      const isUrgent = urgent.has(unitName(unit));
      // What is urgent comes before the revision that it follows, which may not be whole yet.
      const before = byName
        .get(unit.package)
        ?.findLast(
          ({ revision }) =>
            revision < unit.revision && (!isUrgent || whole.has(unitName({ package: unit.package, revision }))),
        );
      return { ...unit, base: before?.revision ?? null, relay: !own.has(unitName(unit)), urgent: isUrgent };
    });
}

/** Makes the objects of some units the plan in force; without units those of the records of all packages. */
export const adoptUnits: Job<
  UnitsInput & { readonly generation: number; readonly units: readonly PlannedUnit[] | null },
  PlannedFetch
> = {
  name: 'adopt-units',
  run(store, { repository, root, generation, units }, control) {
    const read = cachedReader(store.pages.read);
    const fetch = { files: 0, bytes: 0 };
    const large = new LargeObjects();
    const members: Sha256[] = [];
    const planned =
      units === null ? wantedRecords(root, read) : wantedOfUnits(store, { repository, root }, units, read);
    function* wanted(): Generator<WantedObject> {
      const seen = new Set<Sha256>();
      for (const object of planned) {
        control.throwIfStopped();
        if (seen.has(object.sha256)) continue;
        seen.add(object.sha256);
        members.push(object.sha256);
        if (store.objects.has(object.sha256)) continue;
        fetch.files += 1;
        fetch.bytes += object.size;
        const wanted = onHeld(object, (each) => store.objects.has(each));
        large.add(wanted);
        yield wanted;
      }
    }
    store.transfers.replace(repository, generation, shipments(wanted()));
    store.objects.enlist(repository, members);
    return { fetch, large: large.all };
  },
};

/** The large objects of units that are not here, in the order of the batches; changes nothing. */
export const largeOfUnits: Job<
  UnitsInput & { readonly batches: readonly (readonly PlannedUnit[])[] },
  PlannedFetch['large']
> = {
  name: 'large-of-units',
  run: (store, { batches, ...of }, control) => largeObjectsOf(store, of, batches, control.throwIfStopped),
};

export function largeObjectsOf(
  store: Store,
  of: UnitsInput,
  batches: readonly (readonly PlannedUnit[])[],
  throwIfStopped: () => void,
): PlannedFetch['large'] {
  const read = cachedReader(store.pages.read);
  const large = new LargeObjects();
  const seen = new Set<Sha256>();
  const isThere = (each: Sha256): boolean => seen.has(each) || store.objects.has(each);
  for (const units of batches) {
    for (const object of wantedOfUnits(store, of, units, read)) {
      throwIfStopped();
      if (seen.has(object.sha256)) continue;
      if (!store.objects.has(object.sha256)) large.add(onHeld(object, isThere));
      seen.add(object.sha256);
    }
  }
  return large.all;
}

/** Without the base that is not there. */
function onHeld(object: WantedObject, isHeld: (object: Sha256) => boolean): WantedObject {
  return object.base !== null && isHeld(object.base.sha256) ? object : { ...object, base: null };
}

function wantedRecords(root: PageRef, read: ReadPage): WantedObject[] {
  return recordEntries(root, read).map(({ entry }) => wantedObject({ entry, before: undefined }, false, 'any'));
}

function wantedOfUnits(
  store: Store,
  { repository, root }: UnitsInput,
  units: readonly PlannedUnit[],
  read: ReadPage,
): WantedObject[] {
  const isHere = wholeRevisions(store, repository, root);
  return units.flatMap((unit) => wantedOf(root, unit, read, isHere));
}

type IsHere = (name: string, revision: number) => boolean;

function wholeRevisions(store: Store, repository: string, root: PageRef): IsHere {
  const isWhole = store.units.whole(repository);
  const records = new Map(store.packages.of(root).map((record) => [record.name, record]));
  return (name, number) => {
    const record = records.get(name);
    const revision = record === undefined ? undefined : findRevision(record, number);
    return record !== undefined && revision !== undefined && isWhole(unitOf(record, revision));
  };
}

function wantedOf(root: PageRef, unit: PlannedUnit, read: ReadPage, isHere: IsHere): WantedObject[] {
  const folder = unitName(unit);
  const form = travelFormOf(unit);
  if (unit.base === null || form === 'raw') {
    const entries = [...readEntries(root, read, { under: folder })];
    return entries.flatMap((entry) =>
      entry.type === 'file' ? [wantedObject({ entry, before: undefined }, unit.relay, form)] : [],
    );
  }
  const pages = new Map<Sha256, string>();
  const before = subfolder(root, unitName({ package: unit.package, revision: unit.base }), read, pages);
  const after = subfolder(root, folder, read, pages);
  const files = [...continuedFiles(before.root, after.root, after.read, () => true)];
  const changed = files.map((file) => wantedObject(file, unit.relay, form));
  if (isHere(unit.package, unit.base)) return changed;
  // What did not change has not come with the revision before, which the parent may have lost.
  return [...changed, ...wantedOf(root, { ...unit, base: null }, read, isHere)];
}

/** As what is published of a type of packages says. */
export function travelFormOf({ compress, delta }: Pick<PlannedUnit, 'compress' | 'delta'>): TravelForm {
  return compress ? 'any' : delta ? 'raw-or-delta' : 'raw';
}

function wantedObject({ entry, before }: ContinuedFile, relay: boolean, form: TravelForm): WantedObject {
  const { object, size, mtimeMs, executable } = entry;
  const base = before === undefined || form === 'raw' ? null : { sha256: before.object, size: before.size };
  return { sha256: object, size, mtimeMs, executable, relay, base, form };
}
