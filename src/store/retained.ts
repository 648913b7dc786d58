import type { PageRef } from '../manifest/page.js';
import { covers, everything, unionDemand, type Demand } from '../model/selection.js';
import type { HeadRow } from './heads.js';
import type { Store } from './store.js';

/** A manifest that must stay. `whole`: all of its pages are here, or something is wrong. */
export interface RetainedRoot {
  readonly root: PageRef;
  readonly whole: boolean;
}

/**
 * Of all heads of a repository (newest first) those that stay: the newest; those that children are told of, which is for
 * each demand the newest that is complete for it; those that children may still be fetching; and those that were followed by another one less than `keepMs` ago.
 */
export function retainedHeads(
  store: Store,
  repository: string,
  rows: readonly HeadRow[],
  keepMs: number,
  nowMs: number,
): HeadRow[] {
  const told = toldGenerations(store, repository, rows);
  const fetched = store.fetches.generations(repository, nowMs);
  return rows.filter(({ head }, at) => {
    const followedAtMs = rows[at - 1]?.seenAtMs;
    if (followedAtMs === undefined || nowMs - followedAtMs < keepMs) return true;
    return told.has(head.generation) || fetched.has(head.generation);
  });
}

/** There may be thousands of generations; demands that differ are few. */
function toldGenerations(store: Store, repository: string, rows: readonly HeadRow[]): Set<number> {
  const newest = new Map<string, { readonly generation: number; readonly complete: Demand }>();
  for (const { head, complete } of rows) {
    if (complete === undefined) continue;
    const key = keyOf(complete);
    if (!newest.has(key)) newest.set(key, { generation: head.generation, complete });
  }
  const demands = new Map<string, Demand>([[keyOf([everything]), [everything]]]);
  for (const [key, { complete }] of newest) demands.set(key, complete);
  for (const { demands: told } of store.demands.list()) {
    const demand = Object.hasOwn(told, repository) ? told[repository] : undefined;
    if (demand !== undefined) demands.set(keyOf(demand), demand);
  }
  const candidates = [...newest.values()];
  const found = [...demands.values()].map((demand) => candidates.find(({ complete }) => covers(complete, demand)));
  return new Set(found.flatMap((candidate) => (candidate === undefined ? [] : [candidate.generation])));
}

function keyOf(demand: Demand): string {
  return JSON.stringify(unionDemand([demand]));
}

/** The manifests that must stay: of the retained generations, and of the installation copy. */
export function retainedRoots(store: Store, repository: string, heads: readonly HeadRow[]): RetainedRoot[] {
  const others = [store.trees.get(repository)?.root, store.trees.switching(repository)?.root];
  return [
    ...heads.map(({ head, complete }) => ({ root: head.root, whole: complete !== undefined })),
    ...others.flatMap((root) => (root === undefined ? [] : [{ root, whole: true }])),
  ];
}

/** The repositories of which anything is kept. */
export function keptRepositories(store: Store): string[] {
  const trees = store.trees.list().map(({ repository }) => repository);
  return [...new Set([...store.heads.repositories(), ...trees])].sort();
}
