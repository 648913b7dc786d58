import { cachedReader } from '../manifest/cached-reader.js';
import type { Sha256 } from '../model/sha256.js';
import type { PlanStep } from '../model/plan-status.js';
import type { Job } from '../store/job.js';
import type { WantedObject } from '../store/transfers.js';
import { LargeObjects, type PlannedFetch } from './planned-fetch.js';
import { planSteps, PlanTotals, type PlanCounts, type PlanInput } from './plan.js';
import { shipments } from './shipments.js';
import type { TreeChange } from './tree-changes.js';

/** Steps between two looks at whether the work is still wanted. */
const stepsPerLook = 500;
/** Sorted by their hashes, many touch few pages of the table. */
const membersAtOnce = 20_000;

/**
 * Makes a plan the one that is carried out: the objects it fetches become the repository's transfers, and the objects it
 * needs its members. The plan that was in force before is replaced; what had come for it stays in the staging.
 */
export const adoptPlan: Job<PlanInput, PlannedFetch> = {
  name: 'adopt-plan',
  run(store, input, control) {
    const totals = new PlanTotals();
    const large = new LargeObjects();
    const { repository } = input;
    const steps = planSteps(input, cachedReader(store.pages.read), (object) => store.objects.has(object));
    let members: Sha256[] = [];
    const enlist = (atLeast: number): void => {
      if (members.length < atLeast) return;
      store.objects.enlist(repository, members);
      members = [];
    };
    const wanted = function* (): Generator<WantedObject> {
      let count = 0;
      for (const step of steps) {
        count += 1;
        if (count % stepsPerLook === 0) control.throwIfStopped();
        totals.take(step);
        if (step.kind === 'change') continue;
        members.push(step.kind === 'fetch' ? step.object.sha256 : step.sha256);
        enlist(membersAtOnce);
        if (step.kind !== 'fetch') continue;
        large.add(step.object);
        yield step.object;
      }
    };
    store.transfers.replace(repository, input.generation, shipments(wanted()));
    enlist(1);
    return { fetch: totals.summary(input).fetch, large: large.all };
  },
};

/** The plan of a repository is carried out. */
export const endPlan: Job<{ readonly repository: string }, void> = {
  name: 'end-plan',
  run: (store, { repository }) => store.transfers.clear(repository),
};

/** A plan as people see it: sums, and the first steps, path by path; and what tells how much of it crosses the line. */
export interface PlanPreview {
  readonly summary: PlanCounts;
  readonly steps: readonly PlanStep[];
  /** Whether there are more steps than were asked for. */
  readonly isCut: boolean;
  readonly large: PlannedFetch['large'];
}

/** A dry run: the very plan that `adoptPlan` would make; changes nothing. */
export const previewPlan: Job<PlanInput & { readonly stepsWanted: number }, PlanPreview> = {
  name: 'preview-plan',
  run(store, input, control) {
    const totals = new PlanTotals();
    const large = new LargeObjects();
    const fetched = new Set<Sha256>();
    const shown: Shown[] = [];
    let isCut = false;
    let count = 0;
    const show = (step: Shown): void => {
      if (shown.length < input.stepsWanted) shown.push(step);
      else isCut = true;
    };
    for (const step of planSteps(input, cachedReader(store.pages.read), (object) => store.objects.has(object))) {
      count += 1;
      if (count % stepsPerLook === 0) control.throwIfStopped();
      totals.take(step);
      if (step.kind === 'change') show(step.change);
      if (step.kind !== 'fetch') continue;
      fetched.add(step.object.sha256);
      large.add(step.object);
      if (step.object.relay) show({ kind: 'relay', path: step.path, bytes: step.object.size });
    }
    const isHeld = totals.holdReason(input) !== undefined;
    const steps = shown.map((step) => stepForPeople(input.repository, step, isHeld, fetched));
    return { summary: totals.summary(input), steps, isCut, large: large.all };
  },
};

type Shown = TreeChange | { readonly kind: 'relay'; readonly path: string; readonly bytes: number };

function stepForPeople(repository: string, step: Shown, isHeld: boolean, fetched: ReadonlySet<Sha256>): PlanStep {
  if (step.kind === 'relay') return { repository, action: 'relay', path: step.path, bytes: step.bytes, fetch: true };
  const entry = step.kind === 'delete' ? step.old : step.entry;
  const isFile = entry.type === 'file';
  const waits = isHeld && step.kind === 'delete' && !step.withdrawn && entry.type !== 'folder';
  return {
    repository,
    action: waits ? 'hold' : step.kind,
    path: entry.path,
    bytes: isFile ? entry.size : 0,
    fetch: step.kind !== 'delete' && isFile && fetched.has(entry.object),
  };
}
