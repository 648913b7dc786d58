import type { FileCount } from '../model/plan-status.js';
import type { Live } from './gc-live.js';
import type { PackedHashes } from './packed-hashes.js';

/** What a collection would drop: inert, structured-cloneable. */
export interface GcPlan {
  readonly generations: Live['generations'];
  readonly objects: FileCount;
  readonly pages: FileCount;
  /** Partial transfers, difference streams, quarantined and temporary files. */
  readonly strays: FileCount;
  /** For `collect`. */
  readonly work: GcWork;
}

export interface GcWork {
  readonly plannedAtMs: number;
  /** Of the facts: what was referenced since makes the plan stale. */
  readonly references: number;
  readonly memberships: Live['memberships'];
  readonly objects: PackedHashes;
  /** Objects that no row knows. */
  readonly leftovers: PackedHashes;
  /** Each before those that it lists. */
  readonly pages: PackedHashes;
  readonly strays: readonly string[];
}

export interface GcResult {
  readonly generations: number;
  readonly files: number;
  readonly bytes: number;
  /** Something was referenced since the plan was made: what was not dropped yet is left to the next plan. */
  readonly stale: boolean;
}
