import { setMaxListeners } from 'node:events';
import { asDepotError, DepotError } from '../model/errors.js';
import type { HeadFile } from '../model/head.js';
import { ordinary } from '../model/priority.js';
import { everything, selectionKey, unionDemand } from '../model/selection.js';
import type { FileCount } from '../model/plan-status.js';
import { unitName, wantedUnits } from '../model/units.js';
import { keepObjects } from '../store/keep-objects.js';
import { completeUnits } from '../store/complete-units.js';
import { showPackages } from './apply-packages.js';
import { isContentTime } from './content-times.js';
import { demandOf, ownSelection, placeOf, type SyncDepot } from './depot.js';
import { fetchObjects } from './fetch.js';
import { askOffers, foretellPlan } from './foretell.js';
import type { Came } from './history.js';
import { takeManifest } from './manifests.js';
import type { Parent } from './parents.js';
import { endPlan } from './plan-job.js';
import type { CycleMeter } from './progress.js';
import { batchesOf, type PlannedUnit } from './units.js';
import { adoptUnits, largeOfUnits, surveyUnits } from './units-job.js';

/** What one cycle of a repository of packages works with. */
export interface PackagesCycle {
  readonly depot: SyncDepot;
  readonly parent: Parent;
  /** The generation whose manifest and records the parent has. */
  readonly target: HeadFile;
  /** Units that the parent has not whole itself. */
  readonly absent: readonly string[];
  readonly meter: CycleMeter;
  readonly signal: AbortSignal;
  /** Aborted when other work on the repository waits for the end of this. */
  readonly waitedFor: AbortSignal;
}

/**
 * Steps 5 to 8 of a cycle, for packages. What is signed comes first, and what it says is done at once:
 * 1. Bring the manifest and the records of all packages; from here on depots below can take them.
 * 2. Bring the installation copies to it, as far as their content is here: a release is only this.
 * 3. Fetch the units that are asked for here and below and that the parent has whole, batch by batch.
 * 4. After each batch, show what became whole.
 * Steps 3 and 4 wait for their time where content has an interval of its own.
 * A unit that fails does not stop the others; when the next poll is due, fetching ends and goes on after it.
 */
export async function packagesCycle(cycle: PackagesCycle): Promise<Came> {
  const { depot, target, absent } = cycle;
  const { store, run } = depot;
  const { repository, generation, root } = target.head;
  const held = store.heads.newestComplete(repository, []);
  // The parent is behind another one.
  if (held !== undefined && held.head.generation > generation) return { outcome: 'unchanged' };
  const from = store.trees.get(repository)?.generation ?? null;
  const selection = ownSelection(depot, repository);
  const demand = demandOf(depot, repository);

  const now = depot.host.now();
  const isTime = isContentTime(depot, repository);
  const sought = (): void => void (isTime && depot.board.contentSoughtAtMs.set(repository, now));

  const records = await takeRecords(cycle, demand);
  const isWhole = store.units.whole(repository);
  const isAllWhole = wantedUnits(store.packages.of(root), demand).every(isWhole);
  if (records === undefined && isAllWhole && isShown(depot, cycle, selection)) {
    sought();
    return { outcome: 'unchanged' };
  }

  const { left, becameWhole } = await run(
    surveyUnits,
    { repository, root, demand, selection, place: placeOf(depot), nowMs: depot.host.now() },
    { signal: cycle.signal },
  );
  const applied = { added: 0, replaced: 0, deleted: 0, held: 0 };
  const show = async (): Promise<void> => {
    if (selection === null) return;
    cycle.meter.phase('apply');
    const { added, replaced, deleted } = await showPackages(depot, target, selection, cycle.signal);
    applied.added += added;
    applied.replaced += replaced;
    applied.deleted += deleted;
    depot.board.shown.set(repository, shownKey(generation, selection));
  };
  await show();
  // What an urgent release needs waits for no time.
  const batches = batchesOf(left, absent).filter(([first]) => isTime || first?.urgent === true);
  const fetched = await fetchUnits(cycle, batches, show);
  if (!fetched.isCut && fetched.failure === undefined) sought();
  const count = {
    files: fetched.count.files + (records?.files ?? 0),
    bytes: fetched.count.bytes + (records?.bytes ?? 0),
  };
  const came = { target, from, fetched: count, ...(selection === null ? {} : { applied }) };
  const isAny = becameWhole + count.files + applied.added + applied.replaced + applied.deleted > 0;
  const { failure } = fetched;
  if (failure !== undefined) {
    // What an urgent release needed came, or what came before closing time; the rest waits.
    if (failure.code === 'window-closed' && fetched.count.files > 0)
      return { outcome: 'applied', ...came, error: failure };
    throw failure;
  }
  if (fetched.isCut) return { outcome: 'interrupted', ...came };
  if (records !== undefined || isAny) return { outcome: 'applied', ...came };
  return { outcome: left.length > 0 ? 'waiting' : 'unchanged' };
}

/**
 * Steps 3 and 4.
 * @returns what came, whether there is more that yields to the next poll, and the first failure; all that could be fetched has
 * been then
 */
async function fetchUnits(
  cycle: PackagesCycle,
  batches: readonly (readonly PlannedUnit[])[],
  show: () => Promise<void>,
): Promise<{ readonly count: FileCount; readonly isCut: boolean; readonly failure?: DepotError }> {
  const { depot, target, signal } = cycle;
  const { repository, root } = target.head;
  const count = { files: 0, bytes: 0 };
  let failure: DepotError | undefined;
  if (batches.length > 1) await askAtOnce(cycle, batches);
  const turn = turnOf(cycle);
  const { due } = turn;
  try {
    for (const units of batches) {
      if (due.aborted || (failure !== undefined && isOfAll.test(failure.code))) break;
      try {
        const came = await fetchBatch(cycle, units, due);
        count.files += came.files;
        count.bytes += came.bytes;
      } catch (thrown) {
        const error = asDepotError(thrown, `fetch ${units.map(unitName).join(', ')} of ${repository}`);
        if (signal.aborted) throw error;
        if (!due.aborted) failure ??= error;
      }
      if ((await depot.run(completeUnits, { repository, root, units })) > 0) await show();
    }
  } finally {
    turn.end();
  }
  if (failure !== undefined) return { count, isCut: false, failure };
  // A plan that is not finished stays: what came of it is not swept away.
  if (!due.aborted) await depot.run(endPlan, { repository });
  return { count, isCut: due.aborted };
}

/** One question for all batches, in place of one for each. */
async function askAtOnce(
  { depot, parent, target, signal }: PackagesCycle,
  batches: readonly (readonly PlannedUnit[])[],
): Promise<void> {
  const { repository, root } = target.head;
  const large = await depot.run(largeOfUnits, { repository, root, batches }, { signal });
  await askOffers(depot, parent, repository, large, signal);
}

/** Step 1. @returns what was fetched; undefined where nothing of it is new */
async function takeRecords(cycle: PackagesCycle, demand: ReturnType<typeof demandOf>): Promise<FileCount | undefined> {
  const { depot, parent, target, meter, signal } = cycle;
  const { store, run } = depot;
  const { repository, generation, root } = target.head;
  const complete = store.heads.completeness(repository, generation);
  if (complete !== undefined && keyOf(complete) === keyOf(demand)) return undefined;
  let fetch: FileCount = { files: 0, bytes: 0 };
  if (complete === undefined) {
    meter.generation(generation);
    meter.phase('diff');
    await takeManifest(depot, parent, target, signal);
    meter.phase('plan');
    ({ fetch } = await run(adoptUnits, { repository, root, generation, units: null }, { signal }));
    meter.phase('fetch');
    meter.expect(fetch, { bytes: fetch.bytes, exact: false });
    await fetchRecords(cycle);
    await run(endPlan, { repository });
  }
  store.heads.markComplete(repository, generation, demand);
  return fetch;
}

/** Records are small, and pass a line that is closed for content: a release does not wait for its opening. */
async function fetchRecords({ depot, parent, target, meter, signal }: PackagesCycle): Promise<void> {
  const { store, run } = depot;
  const { repository } = target.head;
  try {
    await fetchObjects(depot, parent, repository, meter, signal);
  } catch (error) {
    if (!(error instanceof DepotError) || error.code !== 'window-closed') throw error;
    for (const { id, objects } of store.transfers.inOrder(repository)) {
      for (const object of objects.filter(({ sha256 }) => !store.objects.has(sha256))) {
        const bytes = await parent.client.smallObject(repository, object.sha256, object.size, signal);
        await run(keepObjects, { shipment: id, arrived: [{ ...object, bytes }] });
        meter.finished();
      }
    }
  }
}

/** Failures after which no other unit would come either. */
const isOfAll = /^(?:parent-|transfer-cut|disk-full|window-closed)/;

/** Fetching lasts until the next poll is due, or something waits for it: a release must not wait for other content. */
function turnOf({ depot, target, waitedFor }: PackagesCycle): { readonly due: AbortSignal; end(): void } {
  const [timer, asleep] = [new AbortController(), new AbortController()];
  const ms = depot.settings().pollEveryMs(target.head.repository);
  depot.host.sleep(ms, asleep.signal).then(
    () => timer.abort(),
    () => undefined,
  );
  return { due: AbortSignal.any([timer.signal, waitedFor]), end: () => asleep.abort() };
}

async function fetchBatch(cycle: PackagesCycle, units: readonly PlannedUnit[], due: AbortSignal): Promise<FileCount> {
  const { depot, parent, target, meter } = cycle;
  const { repository, generation, root } = target.head;
  meter.phase('plan');
  const { signal } = cycle;
  const planned = await depot.run(adoptUnits, { repository, root, generation, units }, { signal });
  const { offers, wire } = await foretellPlan(depot, parent, repository, planned, signal);
  meter.phase('fetch');
  meter.expect(planned.fetch, wire);
  const until = AbortSignal.any([cycle.signal, due]);
  // Each request listens to it; Node would take more than ten for a leak.
  setMaxListeners(0, until);
  const [{ priority, urgent } = ordinary] = units;
  meter.urgent(urgent);
  const carried = depot.line.carry(repository, { priority, urgent });
  try {
    await fetchObjects(depot, parent, repository, meter, until, { offers });
  } finally {
    carried();
    meter.urgent(false);
  }
  return planned.fetch;
}

/** Whether the installation copies were brought to this generation, in this run of the daemon, for what is followed now. */
function isShown(depot: SyncDepot, { target }: PackagesCycle, selection: ReturnType<typeof ownSelection>): boolean {
  if (selection === null) return true;
  const { repository, generation } = target.head;
  return depot.board.shown.get(repository) === shownKey(generation, selection);
}

function shownKey(generation: number, selection: NonNullable<ReturnType<typeof ownSelection>>): string {
  return `${generation} ${selectionKey(selection)}`;
}

function keyOf(demand: ReturnType<typeof demandOf>): string {
  return unionDemand([demand]).map(selectionKey).join('\n') || selectionKey({ ...everything, exclude: ['**'] });
}
