import type { ReportRow } from '../model/status.js';
import type { Database } from './database.js';

/** What the depots below say of themselves, one row a depot. */
export class ReportRows {
  constructor(readonly db: Database) {}
  /** Takes over the rows that are newer (by `at`) than what is known of their depot. `via`: the child that brought them. */
  put(_rows: readonly ReportRow[], _via: string): void {
    throw new Error('soon');
  }
  /** All depots below, by name. */
  below(): ReportRow[] {
    throw new Error('soon');
  }
  /** Drops what was received before; gives the names of the depots. */
  forgetBefore(_ms: number): string[] {
    throw new Error('soon');
  }
}
