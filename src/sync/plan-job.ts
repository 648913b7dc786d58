import { cachedReader } from '../manifest/cached-reader.js';
import type { Sha256 } from '../model/sha256.js';
import type { PlanSummary } from '../model/status.js';
import type { Job } from '../store/job.js';
import { planSteps, PlanTotals, type PlanInput, type PlanStep, type WantedObject } from './plan.js';

/** Steps between two looks at whether the work is still wanted. */
const stepsPerLook = 500;

/**
 * Makes a plan the one that is carried out: the objects it fetches become the repository's transfers, and the objects it
 * needs its members. The plan that was in force before is replaced; what had come for it stays in the staging.
 */
export const adoptPlan: Job<PlanInput, PlanSummary> = {
  name: 'adopt-plan',
  run(store, input, control) {
    const totals = new PlanTotals();
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
        enlist(stepsPerLook);
        if (step.kind === 'fetch') yield step.object;
      }
    };
    store.transfers.replace(repository, input.generation, wanted());
    enlist(1);
    return totals.summary(input);
  },
};

/** A dry run: the very plan that `adoptPlan` would make, with its first steps; changes nothing. */
export const previewPlan: Job<
  PlanInput & { readonly stepsWanted: number },
  { readonly summary: PlanSummary; readonly steps: readonly PlanStep[] }
> = {
  name: 'preview-plan',
  run(store, input, control) {
    const totals = new PlanTotals();
    const shown: PlanStep[] = [];
    let count = 0;
    for (const step of planSteps(input, cachedReader(store.pages.read), (object) => store.objects.has(object))) {
      count += 1;
      if (count % stepsPerLook === 0) control.throwIfStopped();
      totals.take(step);
      if (step.kind !== 'reuse' && shown.length < input.stepsWanted) shown.push(step);
    }
    return { summary: totals.summary(input), steps: shown };
  },
};
