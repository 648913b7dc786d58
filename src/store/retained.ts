import type { PageRef } from '../manifest/page.js';
import { everything, type Demand } from '../model/selection.js';
import type { HeadRow } from './heads.js';
import type { Store } from './store.js';

/** A manifest that must stay. `whole`: all of its pages are here, or something is wrong. */
export interface RetainedRoot {
  readonly root: PageRef;
  readonly whole: boolean;
}

/**
 * The generations that stay: the newest; those that children are told of, which is for each demand the newest that is
 * complete for it; and those that were followed by another one less than `keepMs` ago.
 */
export function retainedHeads(store: Store, repository: string, keepMs: number, nowMs: number): HeadRow[] {
  const rows = store.heads.list(repository);
  const demands: Demand[] = [
    [everything],
    ...store.demands
      .list()
      .flatMap(({ demands }) => (Object.hasOwn(demands, repository) ? [demands[repository] ?? []] : [])),
    ...rows.flatMap(({ complete }) => (complete === undefined ? [] : [complete])),
  ];
  const told = new Set(demands.map((demand) => store.heads.newestComplete(repository, demand)?.head.generation));
  return rows.filter(({ head }, at) => {
    const followedAtMs = rows[at - 1]?.seenAtMs;
    return followedAtMs === undefined || told.has(head.generation) || nowMs - followedAtMs < keepMs;
  });
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
