import type { CycleOutcome } from '../model/status.js';
import type { StoredError } from './cycles.js';
import type { Database } from './database.js';

/** The last poll of one repository at one parent. */
export interface PollRow {
  readonly repository: string;
  /** URL. */
  readonly parent: string;
  readonly etag: string | null;
  readonly lastAtMs: number;
  readonly lastOutcome: CycleOutcome;
  readonly error: StoredError | null;
}

export class PollRows {
  constructor(readonly db: Database) {}
  put(_row: PollRow): void {
    throw new Error('soon');
  }
  get(_repository: string, _parent: string): PollRow | undefined {
    throw new Error('soon');
  }
  /** The newest poll of a repository, whichever parent was asked. */
  latest(_repository: string): PollRow | undefined {
    throw new Error('soon');
  }
  list(): PollRow[] {
    throw new Error('soon');
  }
}
