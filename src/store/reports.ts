import { compareNumbered, isWithin } from '../model/names.js';
import type { ReportRow } from '../model/report-row.js';
import { inTransaction, type Database } from './database.js';

/** A living depot says all of its rows anew within six hours; so long a row is defended against others. */
const defendedMs = 7 * 3600 * 1000;

/** Who brought rows, and where it stands. */
interface Bringer {
  readonly depot: string;
  readonly site: string;
}

/** What the depots below say of themselves, one row a depot. */
export class ReportRows {
  constructor(
    private readonly db: Database,
    private readonly now: () => number,
  ) {}

  /**
   * Takes over the rows that are newer (by `at`) than what is known of their depot. A row that says to be from the future
   * counts as written now, so that a depot whose clock ran ahead is not unheard until the time that it showed.
   * A depot that is known elsewhere keeps its row: a name costs nothing to claim. The claim is left out and the rest is
   * taken, as the one who passes it on needs not be the one who made it.
   */
  put(rows: readonly ReportRow[], by: Bringer): void {
    const now = this.now();
    const replace = this.db.prepare('INSERT OR REPLACE INTO reports VALUES (?, ?, ?, ?, ?)');
    inTransaction(this.db, () => {
      for (const row of rows) {
        const atMs = Math.min(Date.parse(row.at), now);
        const known = this.known(row.depot);
        if (known !== undefined && (atMs <= known.at_ms || isDefended(row.depot, known, by, now))) continue;
        replace.run(row.depot, by.depot, atMs, now, JSON.stringify(row));
      }
    });
  }

  /** All depots below, by name. */
  below(): ReportRow[] {
    return this.db
      .prepare<[], { row: string }>('SELECT row FROM reports')
      .all()
      .map(({ row }) => JSON.parse(row) as ReportRow)
      .sort((a, b) => compareNumbered(a.depot, b.depot));
  }

  /** Drops the row of a depot. @returns whether there was one */
  forget(depot: string): boolean {
    return this.db.prepare('DELETE FROM reports WHERE depot = ?').run(depot).changes > 0;
  }

  /** Drops what was received before; gives the names of the depots. */
  forgetBefore(ms: number): string[] {
    return this.db
      .prepare<[number], { depot: string }>('DELETE FROM reports WHERE received_ms < ? RETURNING depot')
      .all(ms)
      .map(({ depot }) => depot);
  }

  private known(depot: string): Known | undefined {
    return this.db
      .prepare<[string], Known>(`SELECT via, at_ms, received_ms, row ->> '$.site' AS site FROM reports WHERE depot = ?`)
      .get(depot);
  }
}

interface Known {
  readonly via: string;
  readonly at_ms: number;
  readonly received_ms: number;
  readonly site: string;
}

/** A depot speaks for itself, wherever it moved; for one that does not speak here itself, those above it do. */
function isDefended(depot: string, known: Known, by: Bringer, nowMs: number): boolean {
  if (by.depot === depot || by.depot === known.via || nowMs - known.received_ms >= defendedMs) return false;
  return known.via === depot || !isWithin(known.site, by.site);
}
