import type { CycleOutcome } from '../model/cycle-status.js';
import { formatError, parseError, type StoredError } from './cycles.js';
import type { Database } from './database.js';

/** The last poll of one repository at one parent. */
export interface PollRow {
  readonly repository: string;
  /** URL. */
  readonly parent: string;
  readonly lastAtMs: number;
  readonly lastOutcome: CycleOutcome;
  readonly error: StoredError | null;
}

type StoredPoll = Omit<PollRow, 'error'> & { error: string | null };

const columns = 'repository, parent, at_ms AS lastAtMs, outcome AS lastOutcome, error';

export class PollRows {
  constructor(private readonly db: Database) {}

  put(row: PollRow): void {
    this.db
      .prepare('INSERT OR REPLACE INTO polls VALUES (@repository, @parent, @lastAtMs, @lastOutcome, @error)')
      .run({ ...row, error: formatError(row.error) });
  }

  /** The newest poll of a repository, whichever parent was asked. */
  latest(repository: string): PollRow | undefined {
    return this.db
      .prepare<[string], StoredPoll>(`SELECT ${columns} FROM polls WHERE repository = ? ORDER BY at_ms DESC LIMIT 1`)
      .all(repository)
      .map(pollOf)[0];
  }

  list(): PollRow[] {
    return this.db
      .prepare<[], StoredPoll>(`SELECT ${columns} FROM polls ORDER BY repository, parent`)
      .all()
      .map(pollOf);
  }
}

function pollOf(row: StoredPoll): PollRow {
  return { ...row, error: parseError(row.error) };
}
