import type { ErrorCode } from '../model/errors.js';
import type { CycleOutcome } from '../model/cycle-status.js';
import { inTransaction, type Database } from './database.js';

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

const keptCycles = 1000;

/** The history, the last 1000 cycles of each repository. */
export class CycleRows {
  constructor(private readonly db: Database) {}

  insert(cycle: CycleRow): void {
    const insert = this.db.prepare(
      `INSERT INTO cycles (repository, started_ms, ended_ms, outcome, from_generation, to_generation, added_files,
         replaced_files, deleted_files, fetched_files, fetched_bytes, error)
       VALUES (@repository, @startedAtMs, @endedAtMs, @outcome, @fromGeneration, @toGeneration, @addedFiles,
         @replacedFiles, @deletedFiles, @fetchedFiles, @fetchedBytes, @error)`,
    );
    inTransaction(this.db, () => {
      insert.run({ ...cycle, error: formatError(cycle.error) });
      this.db
        .prepare(
          `DELETE FROM cycles WHERE repository = ? AND id <=
             (SELECT id FROM cycles WHERE repository = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
        )
        .run(cycle.repository, cycle.repository, keptCycles);
    });
  }

  /** Newest first. */
  list(repository: string, limit: number): CycleRow[] {
    return this.db
      .prepare<[string, number], Omit<CycleRow, 'error'> & { error: string | null }>(
        `SELECT repository, started_ms AS startedAtMs, ended_ms AS endedAtMs, outcome, from_generation AS fromGeneration,
           to_generation AS toGeneration, added_files AS addedFiles, replaced_files AS replacedFiles,
           deleted_files AS deletedFiles, fetched_files AS fetchedFiles, fetched_bytes AS fetchedBytes, error
         FROM cycles WHERE repository = ? ORDER BY id DESC LIMIT ?`,
      )
      .all(repository, limit)
      .map((row) => ({ ...row, error: parseError(row.error) }));
  }
}

export function formatError(error: StoredError | null): string | null {
  if (error === null) return null;
  const { code, message, hint } = error;
  return JSON.stringify({ code, message, hint });
}

export function parseError(text: string | null): StoredError | null {
  return text === null ? null : (JSON.parse(text) as StoredError);
}
