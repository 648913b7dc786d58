import type { Sha256 } from '../model/sha256.js';
import type { Database } from './database.js';

/** An object that the running plan of a repository fetches. `relay`: only depots below want it. */
export interface TransferRow {
  readonly sha256: Sha256;
  readonly size: number;
  readonly mtimeMs: number;
  readonly executable: boolean;
  readonly relay: boolean;
}

export interface TransferTotals {
  readonly generation: number;
  readonly files: number;
  readonly bytes: number;
  readonly doneFiles: number;
  readonly doneBytes: number;
}

/** What the plans under way fetch; it survives a restart, and gc keeps what it names. One plan a repository. */
export class TransferRows {
  constructor(readonly db: Database) {}
  /**
   * Sets the plan of the repository, replacing another. Objects that `rows` names twice count once. Until it returns the
   * older plan is in force. `rows` is read in batches outside of transactions, so it may itself read from the store.
   */
  replace(_repository: string, _generation: number, _rows: Iterable<TransferRow>): void {
    throw new Error('soon');
  }
  /** The next objects not done yet, by hash, after the given one. */
  next(_repository: string, _after: Sha256 | undefined, _limit: number): TransferRow[] {
    throw new Error('soon');
  }
  done(_repository: string, _shas: readonly Sha256[]): void {
    throw new Error('soon');
  }
  /** Undefined where no plan is under way. */
  totals(_repository: string): TransferTotals | undefined {
    throw new Error('soon');
  }
  clear(_repository: string): void {
    throw new Error('soon');
  }
  /** Whether any plan names the object, fetched or not. */
  names(_sha256: Sha256): boolean {
    throw new Error('soon');
  }
}
