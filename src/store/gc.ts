import type { Sha256 } from '../model/sha256.js';
import type { Job } from './job.js';

export interface GcOptions {
  /** How long a generation stays fetchable after the next one came. */
  readonly keepGenerationsMs: number;
  readonly nowMs: number;
  /** Objects in use beyond what the catalogue knows. */
  readonly pinned?: readonly Sha256[];
}

/** What a collection would drop: inert, structured-cloneable. */
export interface GcPlan {
  readonly generations: readonly { readonly repository: string; readonly generation: number }[];
  readonly objects: { readonly files: number; readonly bytes: number };
  readonly pages: { readonly files: number; readonly bytes: number };
  /** Partial transfers, difference streams, quarantined and temporary files. */
  readonly strays: { readonly files: number; readonly bytes: number };
}

export interface GcResult {
  readonly generations: number;
  readonly files: number;
  readonly bytes: number;
  /** New references appeared meanwhile: the rest waits for the next plan. */
  readonly stale: boolean;
}

/** Heavy: reads the manifests of all retained generations. Changes nothing. */
export const planGc: Job<GcOptions, GcPlan> = {
  name: 'plan-gc',
  run() {
    throw new Error('soon');
  },
};

/** Carries a plan out. */
export const collect: Job<GcPlan, GcResult> = {
  name: 'collect',
  run() {
    throw new Error('soon');
  },
};
