import type { Database } from './database.js';

/** A generation that a child was told of stays for so long after its last request: one file may take hours. */
const fetchRestMs = 24 * 60 * 60 * 1000;

/** Between two writes for the same child and repository. */
const noteMs = 60 * 60 * 1000;

/** Children and repositories whose last write is remembered; beyond that some are written again. */
const maxNoted = 20_000;

interface Noted {
  readonly generation: number | undefined;
  readonly atMs: number;
}

/** Which generation each child was told last to fetch, and about when it fetched: no collection takes it away meanwhile. */
export class FetchRows {
  private readonly noted = new Map<string, Noted>();

  constructor(private readonly db: Database) {}

  /** The child was told that the generation is complete here. It may fetch that from now on, in place of the one before. */
  told(child: string, repository: string, generation: number, atMs: number): void {
    if (this.isNoted(child, repository, atMs, generation)) return;
    this.db
      .prepare('INSERT OR REPLACE INTO fetches (child, repository, generation, at_ms) VALUES (?, ?, ?, ?)')
      .run(child, repository, generation, atMs);
    this.note(child, repository, { generation, atMs });
  }

  /** The child asked for something of the repository. Costs a write once an hour. */
  asked(child: string, repository: string, atMs: number): void {
    if (this.isNoted(child, repository, atMs)) return;
    this.db.prepare('UPDATE fetches SET at_ms = ? WHERE child = ? AND repository = ?').run(atMs, child, repository);
    this.note(child, repository, { generation: this.noted.get(keyOf(child, repository))?.generation, atMs });
  }

  /** The generations that children may be fetching. */
  generations(repository: string, nowMs: number): Set<number> {
    const rows = this.db
      .prepare<[string, number], { generation: number }>(
        'SELECT generation FROM fetches WHERE repository = ? AND at_ms > ?',
      )
      .all(repository, nowMs - fetchRestMs);
    return new Set(rows.map(({ generation }) => generation));
  }

  /** Drops what is over. */
  forget(nowMs: number): void {
    this.db.prepare('DELETE FROM fetches WHERE at_ms <= ?').run(nowMs - fetchRestMs);
  }

  private isNoted(child: string, repository: string, atMs: number, generation?: number): boolean {
    const noted = this.noted.get(keyOf(child, repository));
    if (noted === undefined || (generation !== undefined && noted.generation !== generation)) return false;
    return atMs >= noted.atMs && atMs - noted.atMs < noteMs;
  }

  private note(child: string, repository: string, noted: Noted): void {
    if (this.noted.size >= maxNoted) this.noted.clear();
    this.noted.set(keyOf(child, repository), noted);
  }
}

/** Neither of the names has a blank. */
function keyOf(child: string, repository: string): string {
  return `${child} ${repository}`;
}
