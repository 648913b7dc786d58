import type { FileCount } from './plan-status.js';

/** What a verification found. Lists name the first thousand of each kind, counts are complete. */
export interface VerifyResult {
  /** Null: everything was looked at. */
  readonly repository: string | null;
  /** Objects that were read and hashed. */
  readonly files: number;
  readonly bytes: number;
  readonly damaged: { readonly count: number; readonly shas: readonly string[] };
  readonly missing: { readonly count: number; readonly shas: readonly string[] };
  /** Pages of manifests that are missing or damaged. */
  readonly pages: { readonly count: number; readonly shas: readonly string[] };
  /** Where an installation copy is not what its manifest says. */
  readonly trees: { readonly count: number; readonly findings: readonly TreeFinding[] };
}

export interface TreeFinding {
  readonly repository: string;
  readonly path: string;
  readonly problem: 'missing' | 'altered' | 'foreign';
  readonly detail: string;
}

/** What a collection would drop (dry run), or was to drop and has dropped. */
export interface GcResult {
  readonly dryRun: boolean;
  readonly generations: readonly { readonly repository: string; readonly generation: number }[];
  readonly objects: FileCount;
  readonly pages: FileCount;
  /** Partial transfers, difference streams, quarantined and temporary files. */
  readonly strays: FileCount;
  /** Zero in a dry run. */
  readonly dropped: FileCount;
  /** Something came into use meanwhile, and the rest waits for the next collection. */
  readonly postponed: boolean;
}
