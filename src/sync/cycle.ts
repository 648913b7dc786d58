import { asDepotError, DepotError, type ErrorCode } from '../model/errors.js';
import type { HeadFile } from '../model/head.js';
import { covers, selectionKey } from '../model/selection.js';
import type { CycleOutcome, CycleResult } from '../model/cycle-status.js';
import type { FileCount } from '../model/plan-status.js';
import { applyTree, type ApplyResult } from './apply-job.js';
import { learnCompany, requireEnrolled } from './company.js';
import { demandOf, ownSelection, type SyncDepot } from './depot.js';
import { requireFresh } from './expiry.js';
import { fetchObjects } from './fetch.js';
import { foretellPlan, foretellPreview } from './foretell.js';
import { recordCycle, type Came } from './history.js';
import { takeHeads } from './heads.js';
import { takeManifest } from './manifests.js';
import { surveyLeftPlan } from './left-job.js';
import { mendTree } from './restore-job.js';
import { packagesCycle } from './packages-cycle.js';
import type { Parent } from './parents.js';
import { adoptPlan, endPlan, previewPlan } from './plan-job.js';
import { isNewer, planInput } from './plan-input.js';
import { poll } from './poll.js';
import { Preparation } from './preparation.js';
import type { Prepared } from './prepare-job.js';
import type { CycleMeter } from './progress.js';
import { announceDemand, report } from './report.js';

/**
 * One cycle: what this depot does about one repository at one poll.
 * 1. Tell the parent what is wanted here, where it does not know (`announceDemand`).
 * 2. Ask whether there is anything new (`poll`): one conditional request.
 * 3. Bring the company's directory up to date (`learnCompany`): what is revoked, and which repositories there are.
 * 4. Take over the heads that are new, verified and judged against the one held (`takeHeads`).
 * 5. Bring the manifest of the generation that the parent has complete (`takeManifest`).
 * 6. Plan what is missing, and fetch it, verified object by object (`adoptPlan`, `fetchObjects`).
 * 7. From here on this depot calls the generation complete, and its children can take it.
 * 8. Bring the installation copy to it: additions and changes first, deletions last (`applyTree`).
 * 9. Tell the parent what came of it (`report`).
 * Where a parent fails, or what it has is expired (`requireFresh`), the next one is asked; what had come stays.
 * Packages have steps 5 to 8 of their own (`packagesCycle`); `waitedFor` ends their fetching.
 *
 * Not guaranteed: that each generation is seen. A depot that polls seldom goes from 3 to 7 in one cycle.
 */
export async function runCycle(
  depot: SyncDepot,
  repository: string,
  signal: AbortSignal,
  waitedFor: AbortSignal = signal,
): Promise<CycleResult> {
  const startedAtMs = depot.host.now();
  const meter = depot.board.begin(repository);
  // All of it counts for what passes a closed line, from the first request on.
  depot.line.polled(repository);
  let used: Parent | undefined;
  let came: Came;
  try {
    came = await depot.parents.firstThatAnswers(repository, async (parent) => {
      used = parent;
      await announceDemand(depot, parent, signal);
      const ended = await cycleAt(depot, parent, repository, meter, signal, waitedFor);
      requireFresh(depot, repository);
      return ended;
    });
  } catch (thrown) {
    const error = asDepotError(thrown, `poll for ${repository}`);
    came = { outcome: outcomeOf(error), error };
  }
  const result = recordCycle(depot, { repository, startedAtMs, parent: used, wire: meter.arrivedBytes, ...came });
  if (came.outcome !== 'unchanged') depot.left.changed(repository);
  if (used !== undefined && !signal.aborted) {
    meter.phase('report');
    await report(depot, used, signal).catch((error: unknown) => {
      depot.log.debug({ repository, parent: used?.url }, `report: ${String(error)}`);
    });
  }
  meter.end();
  return result;
}

/** A line that is closed is no failure. */
function outcomeOf({ code }: DepotError): CycleOutcome {
  if (code === 'interrupted') return 'interrupted';
  return code === 'window-closed' ? 'waiting' : 'failed';
}

async function cycleAt(
  depot: SyncDepot,
  parent: Parent,
  repository: string,
  meter: CycleMeter,
  signal: AbortSignal,
  waitedFor: AbortSignal,
): Promise<Came> {
  const { store } = depot;
  const state = await poll(depot, parent, repository, signal);
  await learnCompany(depot, parent, state.company, signal);
  requireEnrolled(depot, repository);
  meter.phase('head');
  // A parent that has nothing for this depot may not know what it wants: it lost its catalogue, or is another one.
  if (state.complete === null) parent.demandHash = undefined;
  const { target, held } = await takeHeads(depot, parent, repository, state, signal);
  if (held) return { outcome: 'held' };
  if (target === undefined) return { outcome: 'waiting' };
  if (target.head.kind === 'packages') {
    const absent = state.missing ?? [];
    const came = await packagesCycle({ depot, parent, target, absent, meter, signal, waitedFor });
    await mend(depot, repository, signal);
    return came;
  }
  const from = store.trees.get(repository)?.generation ?? null;
  const left = whatIsLeft(depot, repository, target);
  if (left === 'nothing') {
    await mend(depot, repository, signal);
    return { outcome: isWaiting(depot, repository, target) ? 'waiting' : 'unchanged' };
  }

  let fetched: FileCount = { files: 0, bytes: 0 };
  let prepared: Prepared | null = null;
  if (left === 'content') {
    const begun = await worthFinishing(depot, parent, repository, target, meter, signal);
    if (begun !== undefined) await finishBegun(depot, parent, begun, meter, signal);
    ({ fetched, prepared } = await complete(depot, parent, target, meter, signal));
  }
  const applied = await applyOwn(depot, target, prepared, meter, signal);
  await mend(depot, repository, signal);
  return { outcome: 'applied', target, from, fetched, ...(applied === undefined ? {} : { applied }) };
}

/** Steps 5 to 7: all that this depot and those below it want of a generation is here when this resolves. */
async function complete(
  depot: SyncDepot,
  parent: Parent,
  target: HeadFile,
  meter: CycleMeter,
  signal: AbortSignal,
): Promise<{ readonly fetched: FileCount; readonly prepared: Prepared | null }> {
  const { store, run } = depot;
  const { repository, generation } = target.head;
  meter.generation(generation);
  meter.phase('diff');
  await takeManifest(depot, parent, target, signal);
  meter.phase('plan');
  const input = planInput(depot, repository, target);
  const planned = await run(adoptPlan, input, { signal });
  const { offers, wire } = await foretellPlan(depot, parent, repository, planned, signal);
  meter.phase('fetch');
  meter.expect(planned.fetch, wire);
  const preparation = Preparation.of(depot, input, planned.fetch.files, signal);
  try {
    await fetchObjects(depot, parent, repository, meter, signal, { offers, onShipped: () => preparation?.came() });
  } catch (error) {
    await preparation?.end().catch(() => undefined);
    throw error;
  }
  const prepared = (await preparation?.end()) ?? null;
  store.heads.markComplete(repository, generation, input.demand);
  await run(endPlan, { repository });
  return { fetched: planned.fetch, prepared };
}

/**
 * A generation that an earlier cycle began and could not finish is finished first, where that takes fewer bytes than
 * the newer one: on a bad line, under changes that come faster than they can be fetched, something gets through.
 */
async function worthFinishing(
  depot: SyncDepot,
  parent: Parent,
  repository: string,
  target: HeadFile,
  meter: CycleMeter,
  signal: AbortSignal,
): Promise<HeadFile | undefined> {
  const { store, run } = depot;
  const begun = store.transfers.totals(repository);
  if (begun === undefined || begun.generation >= target.head.generation) return undefined;
  const head = store.heads.get(repository, begun.generation);
  if (head === undefined || !store.pages.has(head.head.root)) return undefined;
  meter.phase('plan');
  await takeManifest(depot, parent, target, signal);
  const preview = await run(previewPlan, { ...planInput(depot, repository, target), stepsWanted: 0 }, { signal });
  const planned = { fetch: preview.summary.fetch, large: preview.large };
  const newer = await foretellPreview(depot, parent, repository, planned, signal);
  const left = await run(surveyLeftPlan, { repository }, { signal });
  return left < newer.bytes ? head : undefined;
}

/** Puts right what damaged objects, fetched again meanwhile, left in the installation copy. */
async function mend(depot: SyncDepot, repository: string, signal: AbortSignal): Promise<void> {
  if (depot.store.damage.list(repository).length === 0) return;
  const { files, waiting } = await depot.run(mendTree, { repository }, { signal });
  if (files > 0) depot.log.warn({ repository, files }, `${repository}: put ${files} damaged files right`);
  if (waiting > 0)
    depot.log.warn({ repository, objects: waiting }, `${repository}: ${waiting} objects are still damaged`);
}

/** Where the parent does not have all of it any more, the newer generation has to do. */
async function finishBegun(
  depot: SyncDepot,
  parent: Parent,
  begun: HeadFile,
  meter: CycleMeter,
  signal: AbortSignal,
): Promise<void> {
  try {
    const { prepared } = await complete(depot, parent, begun, meter, signal);
    await applyOwn(depot, begun, prepared, meter, signal);
  } catch (error) {
    if (!(error instanceof DepotError) || !isOfOneGeneration.has(error.code)) throw error;
    const { repository, generation } = begun.head;
    depot.log.info({ repository, generation, code: error.code }, `generation ${generation} is left: ${error.message}`);
  }
}

const isOfOneGeneration: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'not-found',
  'object-damaged',
  'object-missing',
  'manifest-damaged',
]);

/** What stands between this depot and a generation: its content, only the switch of the installation copy, or nothing. */
function whatIsLeft(depot: SyncDepot, repository: string, target: HeadFile): 'content' | 'switch' | 'nothing' {
  const { store } = depot;
  const { generation } = target.head;
  const selection = ownSelection(depot, repository);
  const tree = store.trees.get(repository);
  if (selection !== null && isNewer(store, tree, generation)) return 'nothing';
  const complete = store.heads.completeness(repository, generation);
  if (complete === undefined || !covers(complete, demandOf(depot, repository))) return 'content';
  if (selection === null) return 'nothing';
  const isThere =
    tree?.generation === generation &&
    tree.root?.sha256 === target.head.root.sha256 &&
    selectionKey(tree.selection) === selectionKey(selection);
  return isThere ? 'nothing' : 'switch';
}

/** Whether a newer head is known than the one that the parent has complete. */
function isWaiting(depot: SyncDepot, repository: string, target: HeadFile): boolean {
  const newest = depot.store.heads.newest(repository);
  return newest !== undefined && newest.head.generation > target.head.generation;
}

/** Step 8; nothing where this depot holds the repository for those below it only. */
async function applyOwn(
  depot: SyncDepot,
  target: HeadFile,
  prepared: Prepared | null,
  meter: CycleMeter,
  signal: AbortSignal,
): Promise<ApplyResult | undefined> {
  const { repository, generation, root } = target.head;
  const selection = ownSelection(depot, repository);
  if (selection === null) return undefined;
  meter.phase('apply');
  const { holdAbove } = depot.settings();
  const now = depot.host.now();
  // Whatever comes of it, it is in its place or gone.
  depot.board.prepared.delete(repository);
  return depot.run(applyTree, { repository, generation, root, selection, holdAbove, now, prepared }, { signal });
}
