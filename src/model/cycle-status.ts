import type { FileCount } from './plan-status.js';
import type { StatusError } from './status-error.js';

/** `unchanged`: nothing new. `applied`: a generation was completed and applied. `waiting`: the parent has none complete yet. */
export type CycleOutcome = 'unchanged' | 'applied' | 'waiting' | 'failed' | 'held' | 'interrupted';

export type CyclePhase = 'poll' | 'head' | 'diff' | 'plan' | 'fetch' | 'apply' | 'report';

export interface CycleProgress {
  readonly phase: CyclePhase;
  readonly startedAt: string;
  readonly generation: number | null;
  /** What is fetched now is for an urgent release. */
  readonly urgent: boolean;
  readonly files: { readonly done: number; readonly total: number };
  /** Sizes of files; of those under way by what of them crossed the line. */
  readonly bytes: { readonly done: number; readonly total: number };
  /** What crosses the line, without headers and TLS; not exact: `total` is the most. */
  readonly wire: { readonly done: number; readonly total: number; readonly exact: boolean };
  /** On the line, since this cycle began to fetch; 0 where nothing comes. */
  readonly bytesPerSecond: number | null;
  readonly etaSeconds: number | null;
  /** For so long nothing has come of what is fetched; left out below 15 s. */
  readonly quietSeconds?: number;
}

/** How one cycle of one repository ended. */
export interface CycleResult {
  readonly repository: string;
  readonly outcome: CycleOutcome;
  /** Generations before and after; equal where nothing was applied. */
  readonly fromGeneration: number | null;
  readonly toGeneration: number | null;
  /** Objects that came, with the sizes of their files. */
  readonly fetched: FileCount;
  /** What crossed the line for them and for what did not come to its end, without headers and TLS; bytes. */
  readonly wire: number;
  /** Files and links of the tree. */
  readonly added: number;
  readonly replaced: number;
  readonly deleted: number;
  /** Files whose deletion waits for approval. */
  readonly held: number;
  readonly error: StatusError | null;
}

/** What a poll that was asked for came to; `cycles` is null where the end was not waited for. */
export interface PollResult {
  readonly repositories: readonly string[];
  readonly cycles: readonly CycleResult[] | null;
}

/** A row of `depot history`: a generation published here, or a cycle that did something. */
export interface HistoryRow {
  readonly repository: string;
  readonly outcome: CycleOutcome | 'published';
  readonly startedAt: string;
  readonly endedAt: string;
  readonly fromGeneration: number | null;
  readonly toGeneration: number | null;
  /** Null for what was published here: the head says what there is, not what changed. */
  readonly added: number | null;
  readonly replaced: number | null;
  readonly deleted: number | null;
  readonly fetched: FileCount | null;
  /** All files and links of the generation with their bytes; null where it is no longer known. */
  readonly total: FileCount | null;
  readonly error: StatusError | null;
}
