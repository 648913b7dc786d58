import { unionDemand, type Demand, type Demands } from '../model/selection.js';
import type { Sha256 } from '../model/sha256.js';
import { fromBlob, inTransaction, toBlob, type Database } from './database.js';

/** A child, and what it told of its demand last. */
export interface ChildRow {
  readonly child: string;
  readonly site: string;
  /** `demandsHash(demands)`, as the child stated it; undefined where the child was heard of but told none yet. */
  readonly hash: Sha256 | undefined;
  readonly demands: Demands;
  readonly lastHeardMs: number;
  /** Whether it showed a certificate when it was last heard of; false where that was in an earlier run of the daemon. */
  readonly authenticated: boolean;
}

interface Heard {
  readonly atMs: number;
  /** What of that is written. */
  readonly writtenMs: number;
  readonly authenticated: boolean;
}

interface StoredChild {
  readonly child: string;
  readonly site: string;
  readonly hash: Buffer | null;
  readonly demands: string;
  readonly heard_ms: number;
}

/** Between two writes of when a child was heard of. */
const touchMs = 60_000;

/** The depots directly below and what they, with those below them, want. */
export class DemandRows {
  private readonly heard = new Map<string, Heard>();
  /** By their hash, which names what is in them: no write of another thread makes this untrue. */
  private readonly parsed = new Map<string, Demands>();

  constructor(private readonly db: Database) {}

  set(child: string, site: string, hash: Sha256, demands: Demands, atMs: number): void {
    const authenticated = this.heard.get(child)?.authenticated === true;
    this.heard.set(child, { atMs, writtenMs: atMs, authenticated });
    this.db
      .prepare('INSERT OR REPLACE INTO children (child, site, hash, demands, heard_ms) VALUES (?, ?, ?, ?, ?)')
      .run(child, site, toBlob(hash), JSON.stringify(demands), atMs);
  }

  get(child: string): ChildRow | undefined {
    const row = this.db.prepare<[string], StoredChild>('SELECT * FROM children WHERE child = ?').get(child);
    return row === undefined ? undefined : this.childOf(row);
  }

  /** The child was heard of; one that is not known yet is added. Costs a write once a minute. */
  touch(child: { depot: string; site: string; authenticated: boolean }, atMs: number): void {
    const { depot, site, authenticated } = child;
    const writtenMs = this.heard.get(depot)?.writtenMs;
    if (writtenMs !== undefined && atMs >= writtenMs && atMs - writtenMs < touchMs) {
      this.heard.set(depot, { atMs, writtenMs, authenticated });
      return;
    }
    this.heard.set(depot, { atMs, writtenMs: atMs, authenticated });
    this.db
      .prepare(
        `INSERT INTO children (child, site, demands, heard_ms) VALUES (?, ?, '{}', ?)
         ON CONFLICT DO UPDATE SET site = excluded.site, heard_ms = excluded.heard_ms`,
      )
      .run(depot, site, atMs);
  }

  /** Whether any depot below asked lately. */
  hasChildren(): boolean {
    return this.db.prepare<[], unknown>('SELECT 1 FROM children LIMIT 1').get() !== undefined;
  }

  /** By name. */
  list(): ChildRow[] {
    return this.db
      .prepare<[], StoredChild>('SELECT * FROM children ORDER BY child')
      .all()
      .map((row) => this.childOf(row));
  }

  /** What the children together want of the repository; empty if nothing. */
  union(repository: string, exceptChild?: string): Demand {
    const hashes = this.db
      .prepare<[string | null], { child: string; hash: Buffer }>(
        'SELECT min(child) AS child, hash FROM children WHERE hash IS NOT NULL AND child IS NOT ? GROUP BY hash',
      )
      .all(exceptChild ?? null);
    this.forgetParsed(hashes.length);
    const all = hashes.map(({ child, hash }) => this.parsed.get(fromBlob(hash)) ?? this.get(child)?.demands ?? {});
    return unionDemand(all.map((demands) => (Object.hasOwn(demands, repository) ? (demands[repository] ?? []) : [])));
  }

  /** Drops the children that were not heard of since; gives their names. */
  forgetBefore(ms: number): string[] {
    return inTransaction(this.db, () => {
      const gone = this.list().filter(({ lastHeardMs }) => lastHeardMs < ms);
      for (const { child } of gone) this.forget(child);
      return gone.map(({ child }) => child);
    });
  }

  /** Drops a child. @returns whether there was one */
  forget(child: string): boolean {
    this.heard.delete(child);
    return this.db.prepare('DELETE FROM children WHERE child = ?').run(child).changes > 0;
  }

  private childOf(row: StoredChild): ChildRow {
    return {
      child: row.child,
      site: row.site,
      hash: row.hash === null ? undefined : fromBlob(row.hash),
      demands: this.demandsOf(row),
      lastHeardMs: Math.max(row.heard_ms, this.heard.get(row.child)?.atMs ?? 0),
      authenticated: this.heard.get(row.child)?.authenticated === true,
    };
  }

  private demandsOf({ hash, demands: text }: StoredChild): Demands {
    if (hash === null) return {};
    const key = fromBlob(hash);
    const demands = this.parsed.get(key) ?? (JSON.parse(text) as Demands);
    this.parsed.set(key, demands);
    return demands;
  }

  /** Keeps no more than as much again as is in use. */
  private forgetParsed(inUse: number): void {
    if (this.parsed.size > 2 * inUse + 100) this.parsed.clear();
  }
}
