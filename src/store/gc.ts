import { DepotError } from '../model/errors.js';
import { readFact } from './facts.js';
import { findLeftovers, findObjects, findPages, findStrays } from './gc-find.js';
import { findLive } from './gc-live.js';
import type { GcPlan, GcResult } from './gc-plan.js';
import { sweep } from './gc-sweep.js';
import type { Job } from './job.js';

export interface GcOptions {
  /** How long a generation stays fetchable after the next one came. */
  readonly keepGenerationsMs: number;
  readonly nowMs: number;
}

/**
 * Finds what can go, and changes nothing. Heavy: it reads the manifests of all retained generations.
 * @throws DepotError `manifest-damaged` where a page of a complete generation is missing; `data-unusable` before `relist`
 */
export const planGc: Job<GcOptions, GcPlan> = {
  name: 'plan-gc',
  background: true,
  run(store, options, control) {
    if (readFact(store.db, 'relist') !== 0) {
      throw new DepotError('data-unusable', 'the catalogue is being built anew; nothing is collected meanwhile');
    }
    const { nowMs: plannedAtMs } = options;
    const references = readFact(store.db, 'references');
    const live = findLive(store, options, control);
    const objects = findObjects(store, live.objects, plannedAtMs, control);
    const leftovers = findLeftovers(store, plannedAtMs, control);
    const pages = findPages(store, live.pages, plannedAtMs, control);
    const strays = findStrays(store, live, plannedAtMs);
    return {
      generations: live.generations,
      objects: { files: objects.files + leftovers.files, bytes: objects.bytes + leftovers.bytes },
      pages: { files: pages.files, bytes: pages.bytes },
      strays: { files: strays.files, bytes: strays.bytes },
      work: {
        plannedAtMs,
        references,
        memberships: live.memberships,
        objects: objects.hashes,
        leftovers: leftovers.hashes,
        pages: pages.hashes,
        strays: strays.paths,
      },
    };
  },
};

/** Carries a plan out. What was used since it was made stays; where anything was referenced since, it ends early. */
export const collect: Job<GcPlan, GcResult> = {
  name: 'collect',
  background: true,
  run: (store, plan, control) => sweep(store, plan, control),
};
