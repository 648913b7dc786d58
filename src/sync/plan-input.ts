import type { HeadFile } from '../model/head.js';
import { travelFreely } from '../model/travel.js';
import type { Store } from '../store/store.js';
import { demandOf, ownSelection, type SyncDepot } from './depot.js';
import type { PlanInput } from './plan.js';
import type { TreeRow } from '../store/trees.js';

/** Gathers what the plan for a generation depends on. */
export function planInput(depot: SyncDepot, repository: string, target: HeadFile): PlanInput {
  const { store } = depot;
  const demand = demandOf(depot, repository);
  const complete = store.heads.newestComplete(repository, demand);
  return {
    repository,
    generation: target.head.generation,
    root: target.head.root,
    travel: target.head.travel ?? travelFreely,
    demand,
    selection: ownSelection(depot, repository),
    complete: complete === undefined ? null : { root: complete.head.root, demand: complete.complete ?? [] },
    tree: store.trees.get(repository) ?? null,
    holdAbove: depot.settings().holdAbove,
  };
}

/**
 * Whether an installation copy shows a newer generation than this one. Numbers compare within one line of generations
 * only: after a new epoch was approved, the copy's is of another line, and no head of its number and root is held.
 */
export function isNewer(store: Store, tree: TreeRow | undefined, generation: number): boolean {
  if (tree === undefined || tree.generation <= generation) return false;
  return store.heads.get(tree.repository, tree.generation)?.head.root.sha256 === tree.root.sha256;
}
