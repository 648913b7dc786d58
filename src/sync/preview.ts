import { judgeHead, type HeadFile } from '../model/head.js';
import type { PlanSummary } from '../model/plan-status.js';
import { contentAtMs } from './content-times.js';
import { foretellPreview } from './foretell.js';
import { demandOf, ownSelection, placeOf, type SyncDepot } from './depot.js';
import { takeManifest } from './manifests.js';
import { olderHead, trustedRoot, verifyOffer } from './offer.js';
import type { Parent } from './parents.js';
import { isNewer, planInput } from './plan-input.js';
import { previewPlan, type PlanPreview } from './plan-job.js';
import type { PlanCounts } from './plan.js';
import { previewUnits } from './units-preview-job.js';

/**
 * The plan that a poll would carry out now. Asks the parent, and keeps pages of its manifest, which a collection drops
 * again; heads, content and the installation copy stay as they are.
 */
export async function previewCycle(
  depot: SyncDepot,
  repository: string,
  stepsWanted: number,
  signal: AbortSignal,
): Promise<CyclePreview> {
  depot.line.polled(repository);
  return depot.parents.firstThatAnswers(repository, async (parent) => {
    const target = await offeredTarget(depot, parent, repository, signal);
    if (target !== undefined) await takeManifest(depot, parent, target, signal);
    const { summary, steps, isCut, large } = await previewOf(depot, repository, target, stepsWanted, signal);
    const planned = { fetch: summary.fetch, large };
    const wire = await foretellPreview(depot, parent, repository, planned, signal);
    return { summary: { ...summary, wire }, steps, isCut };
  });
}

/** A plan with what it brings over the line. */
export interface CyclePreview extends Pick<PlanPreview, 'steps' | 'isCut'> {
  readonly summary: PlanSummary;
}

async function previewOf(
  depot: SyncDepot,
  repository: string,
  target: HeadFile | undefined,
  stepsWanted: number,
  signal: AbortSignal,
): Promise<PlanPreview> {
  if (target === undefined) return { summary: nothingToDo(depot, repository), steps: [], isCut: false, large: [] };
  if (target.head.kind === 'packages') return previewPackages(depot, target, stepsWanted, signal);
  return depot.run(previewPlan, { ...planInput(depot, repository, target), stepsWanted }, { signal });
}

/** Of packages: what of the records and units is missing. What the records ask for shows once they are here. */
async function previewPackages(
  depot: SyncDepot,
  target: HeadFile,
  stepsWanted: number,
  signal: AbortSignal,
): Promise<PlanPreview> {
  const { repository, root } = target.head;
  const [demand, selection] = [demandOf(depot, repository), ownSelection(depot, repository)];
  const [place, nowMs] = [placeOf(depot), depot.host.now()];
  const atMs = contentAtMs(depot, repository);
  const contentAt = atMs === null || atMs <= nowMs ? null : new Date(atMs).toISOString();
  const input = { repository, root, demand, selection, place, nowMs, stepsWanted };
  const preview = await depot.run(previewUnits, input, { signal });
  return {
    ...preview,
    summary: { ...nothingToDo(depot, repository), ...preview.summary, to: target.head.generation, contentAt },
  };
}

/** The head of the generation that the parent has complete; undefined where it has none, or an older one than this depot. */
async function offeredTarget(
  depot: SyncDepot,
  parent: Parent,
  repository: string,
  signal: AbortSignal,
): Promise<HeadFile | undefined> {
  const answer = await parent.client.state(repository, undefined, signal);
  const named = answer === 'unchanged' ? null : answer.state.complete;
  if (answer === 'unchanged' || named === null) return undefined;
  const { heads, trees } = depot.store;
  const applied = ownSelection(depot, repository) === null ? undefined : trees.get(repository);
  if (isNewer(depot.store, applied, named.generation)) return undefined;
  const known = heads.get(repository, named.generation);
  if (known?.sha256 === named.sha256) return known;
  const offer = await verifyOffer(depot, parent, repository, answer.state, signal);
  const newest = offer?.file ?? heads.newest(repository);
  if (newest === undefined) return undefined;
  const expected = { repository, site: depot.site, approvedEpoch: heads.approvedEpoch(repository) };
  if (judgeHead(newest, { ...expected, held: heads.newest(repository) }) === 'new-epoch') return undefined;
  if (newest.head.generation === named.generation) return newest;
  const root = offer?.set.files.root ?? trustedRoot(depot, repository);
  return olderHead(parent, { repository, generation: named.generation }, { root, newest }, signal);
}

function nothingToDo(depot: SyncDepot, repository: string): PlanCounts {
  const none = { files: 0, bytes: 0 };
  const generation = depot.store.trees.get(repository)?.generation ?? null;
  const idle = { add: none, replace: none, delete: none, hold: none };
  const counts = { ...idle, fetch: none, relay: none, urgent: none, reused: none };
  return { repository, from: generation, to: generation ?? 0, ...counts, contentAt: null };
}
