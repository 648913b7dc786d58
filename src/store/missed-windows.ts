import { inTransaction, type Database } from './database.js';

/** A repository of which something is still to come. */
export interface MissedWindows {
  readonly repository: string;
  /** How many windows closed, one after the other, before all of it had come. */
  readonly windows: number;
  /** When the last of them closed; 0 before the first. */
  readonly closedMs: number;
  /** Since when something has been missing. */
  readonly sinceMs: number;
}

/** For how many windows what is missing has been missing; it survives a restart. */
export class MissedWindowRows {
  constructor(private readonly db: Database) {}

  get(repository: string): MissedWindows | undefined {
    return this.db
      .prepare<[string], MissedWindows>(
        'SELECT repository, windows, closed_ms AS closedMs, since_ms AS sinceMs FROM missed_windows WHERE repository = ?',
      )
      .get(repository);
  }

  put({ repository, windows, closedMs, sinceMs }: MissedWindows): void {
    inTransaction(this.db, () => {
      this.db
        .prepare('INSERT OR REPLACE INTO missed_windows VALUES (?, ?, ?, ?)')
        .run(repository, windows, closedMs, sinceMs);
    });
  }

  /** All of it has come. */
  remove(repository: string): void {
    this.db.prepare('DELETE FROM missed_windows WHERE repository = ?').run(repository);
  }
}
