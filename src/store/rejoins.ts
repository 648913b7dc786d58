import type { Database } from './database.js';

/** A depot below that came back with a certificate that was over. */
export interface RejoinRow {
  readonly depot: string;
  readonly site: string;
  readonly atMs: number;
  /** The end of that certificate. */
  readonly endedMs: number;
}

/** How long a person is told of it. */
const shownMs = 30 * 86_400_000;

/** The depots that came back through this one, the last time of each. */
export class RejoinRows {
  constructor(private readonly db: Database) {}

  /** Drops those that nobody is told of any more. */
  put(row: RejoinRow): void {
    this.db.prepare('DELETE FROM rejoins WHERE at_ms < ?').run(row.atMs - shownMs);
    this.db.prepare('INSERT OR REPLACE INTO rejoins VALUES (@depot, @site, @atMs, @endedMs)').run(row);
  }

  /** Those of the last 30 days, the newest first. */
  list(nowMs: number): RejoinRow[] {
    return this.db
      .prepare<[number], RejoinRow>(
        'SELECT depot, site, at_ms AS atMs, ended_ms AS endedMs FROM rejoins WHERE at_ms >= ? ORDER BY at_ms DESC',
      )
      .all(nowMs - shownMs);
  }
}
