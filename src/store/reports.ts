import type { ReportRow } from '../model/status.js';
import { inTransaction, type Database } from './database.js';

/** What the depots below say of themselves, one row a depot. */
export class ReportRows {
  constructor(
    private readonly db: Database,
    private readonly now: () => number,
  ) {}

  /**
   * Takes over the rows that are newer (by `at`) than what is known of their depot. A row that says to be from the future
   * counts as written now, so that a depot whose clock ran ahead is not unheard until the time that it showed.
   * `via`: the child that brought them.
   */
  put(rows: readonly ReportRow[], via: string): void {
    const now = this.now();
    const replace = this.db.prepare(
      `INSERT INTO reports (depot, via, at_ms, received_ms, row) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET via = excluded.via, at_ms = excluded.at_ms, received_ms = excluded.received_ms,
         row = excluded.row WHERE excluded.at_ms > reports.at_ms`,
    );
    inTransaction(this.db, () => {
      for (const row of rows) replace.run(row.depot, via, Math.min(Date.parse(row.at), now), now, JSON.stringify(row));
    });
  }

  /** All depots below, by name. */
  below(): ReportRow[] {
    return this.db
      .prepare<[], { row: string }>('SELECT row FROM reports ORDER BY depot')
      .all()
      .map(({ row }) => JSON.parse(row) as ReportRow);
  }

  /** Drops what was received before; gives the names of the depots. */
  forgetBefore(ms: number): string[] {
    return this.db
      .prepare<[number], { depot: string }>('DELETE FROM reports WHERE received_ms < ? RETURNING depot')
      .all(ms)
      .map(({ depot }) => depot);
  }
}
