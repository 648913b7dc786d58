import type { CycleOutcome } from '../model/status.js';
import type { ErrorCode } from '../model/errors.js';
import type { Database } from './database.js';

/** One cycle of the history. Cycles that found nothing are no part of it: `polls` knows the last one. */
export interface CycleRow {
  readonly repository: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly outcome: Exclude<CycleOutcome, 'unchanged'>;
  readonly fromGeneration: number | null;
  readonly toGeneration: number | null;
  readonly addedFiles: number;
  readonly replacedFiles: number;
  readonly deletedFiles: number;
  readonly fetchedFiles: number;
  readonly fetchedBytes: number;
  readonly error: StoredError | null;
}

/** An error as it is kept in tables. */
export interface StoredError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | null;
}

/** The history, 1000 cycles of each repository. */
export class CycleRows {
  constructor(readonly db: Database) {}
  insert(_cycle: CycleRow): void {
    throw new Error('soon');
  }
  /** Newest first. */
  list(_repository: string, _limit: number): CycleRow[] {
    throw new Error('soon');
  }
}
