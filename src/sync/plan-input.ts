import type { HeadFile } from '../model/head.js';
import { demandOf, ownSelection, type SyncDepot } from './depot.js';
import type { PlanInput } from './plan.js';

/** Gathers what the plan for a generation depends on. */
export function planInput(depot: SyncDepot, repository: string, target: HeadFile): PlanInput {
  const { store } = depot;
  const demand = demandOf(depot, repository);
  const complete = store.heads.newestComplete(repository, demand);
  return {
    repository,
    generation: target.head.generation,
    root: target.head.root,
    demand,
    selection: ownSelection(depot, repository),
    complete: complete === undefined ? null : { root: complete.head.root, demand: complete.complete ?? [] },
    tree: store.trees.get(repository) ?? null,
    holdAbove: depot.settings().holdAbove,
  };
}
