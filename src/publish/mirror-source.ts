import type { Host } from '../host.js';
import type { Log } from '../model/log.js';
import type { NamePolicy } from '../model/portable.js';
import type { TravelRules } from '../model/travel.js';
import type { RunJob } from '../store/job.js';
import type { Store } from '../store/store.js';
import type { Signer } from './signer.js';

/** A repository of the kind mirror that is published here, and the folder that it is published from. */
export interface MirrorSource {
  readonly repository: string;
  readonly context: string;
  /** Absolute path of the folder. */
  readonly source: string;
  readonly settleMs: number;
  /** Globs over paths in the source. */
  readonly exclude: readonly string[];
  readonly names: NamePolicy;
  /** Above so many names the source is not watched but scanned each `rescanMs`. */
  readonly watchLimit: number;
  readonly rescanMs: number;
  /** How long a new generation may wait for the encodings of its large files. */
  readonly encodeWaitMs: number;
  /** From so many generations before a new one deltas are made when it is published. */
  readonly deltaGenerations: number;
  readonly travel: TravelRules;
}

export interface ScanDeps {
  readonly store: Store;
  readonly run: RunJob;
  readonly host: Host;
  readonly signer: Signer;
  readonly log: Log;
}

export interface ScanOptions {
  readonly acceptSource: boolean;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ScanProgress) => void;
}

/** `total` is null while it is not known. */
export interface ScanProgress {
  readonly phase: 'scan' | 'hash';
  readonly files: { readonly done: number; readonly total: number | null };
  readonly bytes: { readonly done: number; readonly total: number | null };
}
