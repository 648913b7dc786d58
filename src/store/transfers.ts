import type { Sha256 } from '../model/sha256.js';
import {
  batches,
  batchRows,
  fromBlob,
  inTransaction,
  pagedRows,
  sortedBatches,
  toBlob,
  type Database,
} from './database.js';
import { countReference } from './facts.js';

/** An object that the running plan of a repository fetches. */
export interface TransferRow {
  readonly sha256: Sha256;
  readonly size: number;
  readonly mtimeMs: number;
  readonly executable: boolean;
  /** Only depots below want it. */
  readonly relay: boolean;
  /** An object that is held here and that this one probably resembles: what its file was before. */
  readonly base: { readonly sha256: Sha256; readonly size: number } | null;
  /** It travels as it is. */
  readonly raw: boolean;
}

/** A row with its place in the plan, which follows the paths. */
export interface PlacedTransfer extends TransferRow {
  readonly position: number;
}

export interface TransferTotals {
  readonly generation: number;
  readonly files: number;
  readonly bytes: number;
  readonly doneFiles: number;
  readonly doneBytes: number;
}

interface StoredTransfer {
  readonly sha256: Buffer;
  readonly size: number;
  readonly mtime_ms: number;
  readonly executable: number;
  readonly relay: number;
  readonly position: number;
  readonly base: Buffer | null;
  readonly base_size: number | null;
  readonly raw: number;
}

/** What the plans under way fetch; it survives a restart, and gc keeps what it names. One plan a repository. */
export class TransferRows {
  constructor(private readonly db: Database) {}

  /**
   * Sets the plan of the repository. Until it returns the older plan is in force. Objects that `rows` names twice count
   * once, and as wanted here if one of them is. `rows` is read outside of transactions: it may itself read from the store.
   */
  replace(repository: string, generation: number, rows: Iterable<TransferRow>): void {
    const insert = this.db.prepare(
      `INSERT INTO transfers (plan, sha256, position, size, mtime_ms, executable, relay, raw, base, base_size)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET relay = min(relay, excluded.relay)`,
    );
    const plan = Number(
      this.db
        .prepare(
          'INSERT INTO plans (repository, generation, ready, files, bytes, done_files, done_bytes) VALUES (?, ?, 0, 0, 0, 0, 0)',
        )
        .run(repository, generation).lastInsertRowid,
    );
    for (const batch of sortedBatches(placed(rows), ({ sha256 }) => sha256)) {
      inTransaction(this.db, () => {
        for (const { sha256, position, size, mtimeMs, executable, relay, raw, base } of batch) {
          const onBase = base === null ? [null, null] : [toBlob(base.sha256), base.size];
          const flags = [executable, relay, raw].map(Number);
          insert.run(plan, toBlob(sha256), position, size, mtimeMs, ...flags, ...onBase);
        }
      });
    }
    inTransaction(this.db, () => {
      countReference(this.db);
      this.db
        .prepare(
          `UPDATE plans SET ready = 1, (files, bytes) =
             (SELECT count(*), coalesce(sum(size), 0) FROM transfers WHERE plan = plans.id) WHERE id = ?`,
        )
        .run(plan);
    });
    this.drop(repository, plan);
  }

  /** The next objects that are not done yet, in the order of the plan, behind the given position. */
  next(repository: string, after: number | undefined, limit: number): PlacedTransfer[] {
    const plan = this.inForce(repository);
    if (plan === undefined) return [];
    return this.db
      .prepare<[number, number, number], StoredTransfer>(
        'SELECT * FROM transfers WHERE plan = ? AND position > ? AND done = 0 ORDER BY position LIMIT ?',
      )
      .all(plan, after ?? -1, limit)
      .map((row) => ({
        sha256: fromBlob(row.sha256),
        size: row.size,
        mtimeMs: row.mtime_ms,
        executable: row.executable === 1,
        relay: row.relay === 1,
        raw: row.raw === 1,
        position: row.position,
        base: row.base === null ? null : { sha256: fromBlob(row.base), size: row.base_size ?? 0 },
      }));
  }

  /** All that is not done yet, in the order of the plan; read by and by. */
  *inOrder(repository: string): Generator<PlacedTransfer> {
    yield* pagedRows(
      (after: number | undefined, limit) => this.next(repository, after, limit),
      ({ position }) => position,
    );
  }

  /** These are held now. */
  done(repository: string, shas: readonly Sha256[]): void {
    const mark = this.db.prepare<[number, Buffer], { size: number }>(
      'UPDATE transfers SET done = 1 WHERE plan = ? AND sha256 = ? AND done = 0 RETURNING size',
    );
    const count = this.db.prepare(
      'UPDATE plans SET done_files = done_files + ?, done_bytes = done_bytes + ? WHERE id = ?',
    );
    for (const batch of batches(shas)) {
      inTransaction(this.db, () => {
        const plan = this.inForce(repository);
        if (plan === undefined) return;
        const marked = batch.flatMap((sha256) => mark.all(plan, toBlob(sha256)));
        count.run(
          marked.length,
          marked.reduce((bytes, { size }) => bytes + size, 0),
          plan,
        );
      });
    }
  }

  /** Undefined where no plan is under way. */
  totals(repository: string): TransferTotals | undefined {
    return this.db
      .prepare<[string], TransferTotals>(
        `SELECT generation, files, bytes, done_files AS doneFiles, done_bytes AS doneBytes FROM plans
         WHERE repository = ? AND ready = 1 ORDER BY id DESC LIMIT 1`,
      )
      .get(repository);
  }

  /** The plan is over. */
  clear(repository: string): void {
    this.drop(repository, undefined);
  }

  /** What all plans name, fetched or not; an object may come twice. */
  *all(): Generator<Sha256> {
    const plans = this.db.prepare<[], { id: number }>('SELECT id FROM plans').all();
    const read = this.db.prepare<[number, Buffer, number], { sha256: Buffer }>(
      'SELECT sha256 FROM transfers WHERE plan = ? AND sha256 > ? ORDER BY sha256 LIMIT ?',
    );
    for (const { id } of plans) {
      const rows = pagedRows<{ sha256: Buffer }, Buffer>(
        (after, limit) => read.all(id, after ?? Buffer.alloc(0), limit),
        ({ sha256 }) => sha256,
      );
      for (const { sha256 } of rows) yield fromBlob(sha256);
    }
  }

  private inForce(repository: string): number | undefined {
    return this.db
      .prepare<[string], { id: number }>(
        'SELECT id FROM plans WHERE repository = ? AND ready = 1 ORDER BY id DESC LIMIT 1',
      )
      .get(repository)?.id;
  }

  /** Drops the plans of the repository but for one. First they go out of force, so that none is seen with half of its rows. */
  private drop(repository: string, kept: number | undefined): void {
    const others = this.db
      .prepare<[string, number], { id: number }>(
        'UPDATE plans SET ready = 0 WHERE repository = ? AND id <> ? RETURNING id',
      )
      .all(repository, kept ?? -1);
    const rows = this.db.prepare(`DELETE FROM transfers WHERE plan = ? LIMIT ${batchRows}`);
    for (const { id } of others) {
      while (rows.run(id).changes > 0);
      this.db.prepare('DELETE FROM plans WHERE id = ?').run(id);
    }
  }
}

function* placed(rows: Iterable<TransferRow>): Generator<PlacedTransfer> {
  let position = 0;
  for (const row of rows) {
    yield { ...row, position };
    position += 1;
  }
}
