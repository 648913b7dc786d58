import { DepotError } from '../model/errors.js';
import type { Sha256 } from '../model/sha256.js';
import { readFact } from './facts.js';
import { findLeftovers, findObjects, findPages, findStrays, type StrayFiles } from './gc-find.js';
import { findLive, type Live } from './gc-live.js';
import { sweep } from './gc-sweep.js';
import type { Job } from './job.js';
import type { HashedFiles } from './packed-hashes.js';

export interface GcOptions {
  /** How long a generation stays fetchable after the next one came. */
  readonly keepGenerationsMs: number;
  readonly nowMs: number;
  /** Objects in use beyond what the catalogue knows. */
  readonly pinned?: readonly Sha256[];
}

/** What a collection would drop: inert, structured-cloneable; for people the counts are enough. */
export interface GcPlan extends Pick<Live, 'generations' | 'memberships'> {
  readonly plannedAtMs: number;
  /** Of the facts: what was referenced since makes the plan stale. */
  readonly references: number;
  readonly objects: HashedFiles;
  readonly leftovers: HashedFiles;
  /** Each before those that it lists. */
  readonly pages: HashedFiles;
  readonly strays: StrayFiles;
}

export interface GcResult {
  readonly generations: number;
  readonly files: number;
  readonly bytes: number;
  /** Something was referenced since the plan was made: what was not dropped yet is left to the next plan. */
  readonly stale: boolean;
}

/**
 * Finds what can go, and changes nothing. Heavy: it reads the manifests of all retained generations.
 * @throws DepotError `manifest-damaged` where a page of a complete generation is missing; `data-unusable` before `relist`
 */
export const planGc: Job<GcOptions, GcPlan> = {
  name: 'plan-gc',
  run(store, options, control) {
    if (readFact(store.db, 'relist') !== 0) {
      throw new DepotError('data-unusable', 'the catalogue is being built anew; nothing is collected meanwhile');
    }
    const { nowMs } = options;
    const references = readFact(store.db, 'references');
    const live = findLive(store, options, control);
    return {
      plannedAtMs: nowMs,
      references,
      generations: live.generations,
      memberships: live.memberships,
      objects: findObjects(store, live.objects, nowMs, control),
      leftovers: findLeftovers(store, nowMs, control),
      pages: findPages(store, live.pages, nowMs, control),
      strays: findStrays(store, live, nowMs),
    };
  },
};

/** Carries a plan out. What was used since it was made stays; where anything was referenced since, it ends early. */
export const collect: Job<GcPlan, GcResult> = {
  name: 'collect',
  run: (store, plan, control) => sweep(store, plan, control),
};
