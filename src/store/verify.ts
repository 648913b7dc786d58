import type { Sha256 } from '../model/sha256.js';
import type { Job } from './job.js';

export interface VerifyOptions {
  /** All when undefined. */
  readonly repository?: string;
  /** Bytes read a second, at most; unlimited when undefined. */
  readonly bytesPerSecond?: number;
  /** Damaged objects go to quarantine, missing ones are forgotten, so that the next cycle fetches them again. */
  readonly quarantine: boolean;
}

export interface TreeFinding {
  readonly repository: string;
  readonly path: string;
  readonly problem: 'missing' | 'altered' | 'foreign';
  readonly detail: string;
}

/** Lists name the first 1000 of each kind; counts are complete. */
export interface VerifyResult {
  readonly files: number;
  readonly bytes: number;
  readonly damaged: { readonly count: number; readonly shas: readonly Sha256[] };
  readonly missing: { readonly count: number; readonly shas: readonly Sha256[] };
  /** Pages of retained manifests that are missing or damaged. */
  readonly pages: { readonly count: number; readonly shas: readonly Sha256[] };
  /** Differences between installation copies and what they should show. */
  readonly trees: { readonly count: number; readonly findings: readonly TreeFinding[] };
}

/** Re-hashes what is stored, and compares the installation copies with their manifests. */
export const verify: Job<VerifyOptions, VerifyResult> = {
  name: 'verify',
  run() {
    throw new Error('soon');
  },
};
