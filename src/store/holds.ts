import { comparePaths } from '../model/entry.js';
import type { HoldStatus } from '../model/status.js';
import { batches, batchRows, inTransaction, pagedRows, type Database } from './database.js';

export interface HoldRow {
  readonly id: string;
  readonly repository: string;
  readonly kind: HoldStatus['kind'];
  readonly reason: string;
  /** Of a hold of deletions these are read from its paths, whatever it was added with. */
  readonly files: number;
  readonly bytes: number;
  readonly generation: number;
  /** Of a hold of a head: the line of generations that waits. */
  readonly epoch: string | null;
  readonly sinceMs: number;
}

/** A file or link (`size` 0) of an installation copy that stays although the manifest has it no more. */
export interface HeldPath {
  readonly path: string;
  readonly size: number;
}

const select = `
  SELECT id, repository, kind, reason, generation, epoch, since_ms AS sinceMs,
    CASE kind WHEN 'deletions' THEN (SELECT count(*) FROM hold_paths WHERE hold = id) ELSE files END AS files,
    CASE kind WHEN 'deletions' THEN (SELECT coalesce(sum(size), 0) FROM hold_paths WHERE hold = id) ELSE bytes END AS bytes
  FROM holds`;

/** What waits for a person. */
export class HoldRows {
  constructor(private readonly db: Database) {}

  add(hold: HoldRow): void {
    this.db
      .prepare(
        `INSERT INTO holds (id, repository, kind, reason, files, bytes, generation, epoch, since_ms)
         VALUES (@id, @repository, @kind, @reason, @files, @bytes, @generation, @epoch, @sinceMs)`,
      )
      .run(hold);
  }

  /** In transactions of some hundred rows; a path that is there already is left. */
  addPaths(id: string, paths: Iterable<HeldPath>): void {
    const insert = this.db.prepare('INSERT OR IGNORE INTO hold_paths (hold, path, size) VALUES (?, ?, ?)');
    for (const batch of batches(paths)) {
      inTransaction(this.db, () => {
        for (const { path, size } of batch) insert.run(id, path, size);
      });
    }
  }

  get(id: string): HoldRow | undefined {
    return this.db.prepare<[string], HoldRow>(`${select} WHERE id = ?`).get(id);
  }

  /** Oldest first. */
  list(repository?: string): HoldRow[] {
    return this.db
      .prepare<[string | null], HoldRow>(`${select} WHERE repository = coalesce(?, repository) ORDER BY since_ms, id`)
      .all(repository ?? null);
  }

  /** In the order of paths. Read by and by: other statements may run between. */
  paths(id: string): Generator<HeldPath> {
    const read = this.db.prepare<[string, string, number], HeldPath>(
      'SELECT path, size FROM hold_paths WHERE hold = ? AND path > ? ORDER BY path LIMIT ?',
    );
    return pagedRows<HeldPath, string>(
      (after, limit) => read.all(id, after ?? '', limit),
      ({ path }) => path,
    );
  }

  /** The paths of all holds of a repository, each once, in the order of paths. Read by and by. */
  *heldPaths(repository: string): Generator<string> {
    const sources = this.list(repository).map(({ id }) => this.paths(id));
    const fronts = sources.map((source) => ({ source, next: source.next() }));
    for (;;) {
      const first = fronts.flatMap(({ next }) => (next.done === true ? [] : [next.value.path])).sort(comparePaths)[0];
      if (first === undefined) return;
      yield first;
      for (const front of fronts) {
        if (front.next.done !== true && front.next.value.path === first) front.next = front.source.next();
      }
    }
  }

  /** These are not held any more. The hold itself stays, also when it is empty. */
  dropPaths(id: string, paths: readonly string[]): void {
    const drop = this.db.prepare('DELETE FROM hold_paths WHERE hold = ? AND path = ?');
    for (const batch of batches(paths)) {
      inTransaction(this.db, () => {
        for (const path of batch) drop.run(id, path);
      });
    }
  }

  remove(id: string): void {
    this.db.prepare('DELETE FROM holds WHERE id = ?').run(id);
    const paths = this.db.prepare(`DELETE FROM hold_paths WHERE hold = ? LIMIT ${batchRows}`);
    while (paths.run(id).changes > 0);
  }
}
