import { largeBytes } from '../model/encoding.js';
import type { Route } from '../model/route.js';
import type { Sha256 } from '../model/sha256.js';
import type { TravelForm } from '../model/travel.js';
import { batches, inTransaction, toBlob, type Database } from './database.js';
import { countReference } from './facts.js';

/** An object that is not here yet, with what its file will look like: so that the object can be that file, by a hard link. */
export interface WantedObject {
  readonly sha256: Sha256;
  readonly size: number;
  readonly mtimeMs: number;
  readonly executable: boolean;
  /** Only depots below need it, as far as the first path that names it tells. */
  readonly relay: boolean;
  /** What its file was before, where that is held: the object probably resembles it. */
  readonly base: { readonly sha256: Sha256; readonly size: number } | null;
  /** How it may travel. */
  readonly form: TravelForm;
}

/** What travels in one request: several small objects, or one large one. */
export type Shipment = readonly WantedObject[];

/** A shipment of the plan in force, by its number. */
export interface PlannedShipment {
  readonly id: number;
  readonly objects: Shipment;
  /** By which its one object comes, as it was planned; null where nothing is known of that. */
  readonly route: Route | null;
}

/** A large object of the plan in force, and the shipment that it is. */
export interface LargeShipment {
  readonly id: number;
  readonly object: WantedObject;
}

export interface TransferTotals {
  readonly generation: number;
  readonly files: number;
  readonly bytes: number;
  /** What crosses the line for all of it, at most. */
  readonly wire: number;
  readonly doneFiles: number;
  readonly doneBytes: number;
  readonly doneWire: number;
}

interface StoredShipment {
  readonly plan: number;
  readonly files: number;
  readonly bytes: number;
  readonly wire: number;
  readonly done_files: number;
  readonly done_bytes: number;
  readonly done_wire: number;
  readonly objects: string;
}

/** Shipments a transaction; each has some hundred kilobytes. */
const rowsAtOnce = 8;

/**
 * What the plans under way fetch; it survives a restart, and gc keeps what it names. One plan a repository, as a row for each
 * shipment: a million objects are a thousand rows. Which of a shipment's objects have come is told by the objects themselves.
 */
export class TransferRows {
  constructor(private readonly db: Database) {}

  /**
   * Sets the plan of the repository; no object is in two shipments. Until it returns the older plan is in force. `shipments`
   * is read outside of transactions: it may itself read from the store.
   */
  replace(repository: string, generation: number, shipments: Iterable<Shipment>): void {
    const insert = this.db.prepare('INSERT INTO shipments (plan, files, bytes, wire, objects) VALUES (?, ?, ?, ?, ?)');
    const plan = Number(
      this.db
        .prepare(
          'INSERT INTO plans (repository, generation, ready, files, bytes, done_files, done_bytes) VALUES (?, ?, 0, 0, 0, 0, 0)',
        )
        .run(repository, generation).lastInsertRowid,
    );
    for (const batch of batches(shipments, rowsAtOnce)) {
      inTransaction(this.db, () => {
        for (const objects of batch) {
          const bytes = bytesOf(objects);
          insert.run(plan, objects.length, bytes, bytes, textOf(objects));
        }
      });
    }
    inTransaction(this.db, () => {
      countReference(this.db);
      this.db
        .prepare(
          `UPDATE plans SET ready = 1, (files, bytes, wire) =
             (SELECT coalesce(sum(files), 0), coalesce(sum(bytes), 0), coalesce(sum(wire), 0) FROM shipments
              WHERE plan = plans.id) WHERE id = ?`,
        )
        .run(plan);
    });
    this.drop(repository, plan);
  }

  /** The shipments that have not come as a whole, in the order of the plan; read by and by. */
  *inOrder(repository: string): Generator<PlannedShipment> {
    const plan = this.inForce(repository);
    if (plan === undefined) return;
    const next = this.db.prepare<[number, number], { id: number; objects: string; route: string | null }>(
      'SELECT id, objects, route FROM shipments WHERE plan = ? AND id > ? AND done_files < files ORDER BY id LIMIT 1',
    );
    for (let row = next.get(plan, 0); row !== undefined; row = next.get(plan, row.id)) {
      const route = row.route === null ? null : (JSON.parse(row.route) as Route);
      yield { id: row.id, objects: objectsOf(row.objects), route };
    }
  }

  /** The shipments of the plan that are one large object; read by and by. */
  *large(repository: string): Generator<LargeShipment> {
    const plan = this.inForce(repository);
    if (plan === undefined) return;
    const next = this.db.prepare<[number, number, number], { id: number; objects: string }>(
      'SELECT id, objects FROM shipments WHERE plan = ? AND id > ? AND files = 1 AND bytes > ? ORDER BY id LIMIT 1',
    );
    for (let row = next.get(plan, 0, largeBytes); row !== undefined; row = next.get(plan, row.id, largeBytes)) {
      for (const object of objectsOf(row.objects)) yield { id: row.id, object };
    }
  }

  /** Notes by which routes large objects come; what their plan brings over the line follows. Some hundred at a time. */
  setRoutes(routes: readonly { readonly id: number; readonly route: Route }[]): void {
    const before = this.db.prepare<[number], Pick<StoredShipment, 'plan' | 'wire'>>(
      'SELECT plan, wire FROM shipments WHERE id = ?',
    );
    const set = this.db.prepare('UPDATE shipments SET wire = ?, route = ? WHERE id = ?');
    const add = this.db.prepare('UPDATE plans SET wire = wire + ? WHERE id = ?');
    inTransaction(this.db, () => {
      const more = new Map<number, number>();
      for (const { id, route } of routes) {
        const row = before.get(id);
        if (row === undefined) continue;
        set.run(route.bytes, JSON.stringify(route), id);
        more.set(row.plan, (more.get(row.plan) ?? 0) + route.bytes - row.wire);
      }
      for (const [plan, bytes] of more) add.run(bytes, plan);
    });
  }

  /**
   * Counts which objects of a shipment are held now; what its plan has done follows. Nothing where the plan is over.
   * @param came how many of them are known to be
   */
  recount(id: number, came: number): void {
    inTransaction(this.db, () => {
      const row = this.db
        .prepare<[number], StoredShipment>(
          'SELECT plan, files, bytes, wire, done_files, done_bytes, done_wire, objects FROM shipments WHERE id = ?',
        )
        .get(id);
      if (row === undefined) return;
      const { files, bytes } = came === row.files ? row : this.heldOf(objectsOf(row.objects));
      const wire = files === row.files ? row.wire : Math.floor((row.wire * bytes) / Math.max(1, row.bytes));
      this.db
        .prepare('UPDATE shipments SET done_files = ?, done_bytes = ?, done_wire = ? WHERE id = ?')
        .run(files, bytes, wire, id);
      this.db
        .prepare(
          `UPDATE plans SET done_files = done_files + ?, done_bytes = done_bytes + ?, done_wire = done_wire + ?
           WHERE id = ?`,
        )
        .run(files - row.done_files, bytes - row.done_bytes, wire - row.done_wire, row.plan);
    });
  }

  /** Undefined where no plan is under way. */
  totals(repository: string): TransferTotals | undefined {
    return this.db
      .prepare<[string], TransferTotals>(
        `SELECT generation, files, bytes, wire, done_files AS doneFiles, done_bytes AS doneBytes,
           done_wire AS doneWire FROM plans WHERE repository = ? AND ready = 1 ORDER BY id DESC LIMIT 1`,
      )
      .get(repository);
  }

  /** Those of which there is a plan. */
  repositories(): string[] {
    return this.db
      .prepare<[], { repository: string }>('SELECT DISTINCT repository FROM plans')
      .all()
      .map(({ repository }) => repository);
  }

  /** The plan is over. For worker threads: a large one takes a while. */
  clear(repository: string): void {
    this.drop(repository, undefined);
  }

  /** What all plans name, fetched or not; an object may come twice. */
  *all(): Generator<Sha256> {
    const next = this.db.prepare<[number], { id: number; objects: string }>(
      'SELECT id, objects FROM shipments WHERE id > ? ORDER BY id LIMIT 1',
    );
    for (let row = next.get(0); row !== undefined; row = next.get(row.id)) {
      for (const { sha256 } of objectsOf(row.objects)) yield sha256;
    }
  }

  private heldOf(objects: Shipment): { readonly files: number; readonly bytes: number } {
    const isHeld = this.db.prepare<[Buffer], unknown>('SELECT 1 FROM objects WHERE sha256 = ?');
    const held = objects.filter(({ sha256 }) => isHeld.get(toBlob(sha256)) !== undefined);
    return { files: held.length, bytes: bytesOf(held) };
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
    const rows = this.db.prepare(`DELETE FROM shipments WHERE plan = ? LIMIT ${rowsAtOnce}`);
    for (const { id } of others) {
      while (rows.run(id).changes > 0);
      this.db.prepare('DELETE FROM plans WHERE id = ?').run(id);
    }
  }
}

function bytesOf(objects: Shipment): number {
  return objects.reduce((sum, { size }) => sum + size, 0);
}

/** Hash, size, mtime, whether executable, relay, form; hash and size of the base, where there is one. */
type StoredObject = [string, number, number, boolean, boolean, TravelForm | boolean, string?, number?];

function textOf(objects: Shipment): string {
  return JSON.stringify(
    objects.map(({ sha256, size, mtimeMs, executable, relay, form, base }) => {
      const stored: StoredObject = [sha256, size, mtimeMs, executable, relay, form];
      if (base !== null) stored.push(base.sha256, base.size);
      return stored;
    }),
  );
}

function objectsOf(text: string): WantedObject[] {
  return (JSON.parse(text) as StoredObject[]).map(
    ([sha256, size, mtimeMs, executable, relay, form, base, baseSize]) => ({
      sha256: sha256 as Sha256,
      size,
      mtimeMs,
      executable,
      relay,
      form: formOf(form),
      base: base === undefined ? null : { sha256: base as Sha256, size: baseSize ?? 0 },
    }),
  );
}

/** Plans that an older version left say only whether the form is not `any`: those come as they are, which all may. */
function formOf(stored: TravelForm | boolean): TravelForm {
  if (typeof stored === 'string') return stored;
  return stored ? 'raw' : 'any';
}
