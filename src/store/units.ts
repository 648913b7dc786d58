import type { Unit } from '../model/units.js';
import { unitName } from '../model/units.js';
import { batches, fromBlob, inTransaction, toBlob, type Database } from './database.js';

interface StoredUnit {
  readonly package: string;
  readonly revision: number;
  readonly manifest: Buffer;
}

/** The package revisions that are whole here: all their objects are held, as long as the row says so. */
export class UnitRows {
  constructor(private readonly db: Database) {}

  /** All objects of these units are held. */
  markWhole(repository: string, units: readonly Unit[]): void {
    const insert = this.db.prepare('INSERT OR REPLACE INTO units VALUES (?, ?, ?, ?)');
    for (const batch of batches(units)) {
      inTransaction(this.db, () => {
        for (const unit of batch) insert.run(repository, unit.package, unit.revision, toBlob(unit.manifest));
      });
    }
  }

  /** Whether a unit of the repository is whole here. */
  whole(repository: string): (unit: Pick<Unit, 'package' | 'revision' | 'manifest'>) => boolean {
    const rows = new Map(this.rows(repository).map((row) => [unitName(row), fromBlob(row.manifest)]));
    return (unit) => rows.get(unitName(unit)) === unit.manifest;
  }

  /** Forgets those that nobody here and below wants any more: a collection drops their objects. */
  keepOnly(repository: string, wanted: readonly Unit[]): void {
    const names = new Set(wanted.map(unitName));
    const gone = this.rows(repository).filter((row) => !names.has(unitName(row)));
    const drop = this.db.prepare('DELETE FROM units WHERE repository = ? AND package = ? AND revision = ?');
    for (const batch of batches(gone)) {
      inTransaction(this.db, () => {
        for (const row of batch) drop.run(repository, row.package, row.revision);
      });
    }
  }

  private rows(repository: string): StoredUnit[] {
    return this.db
      .prepare<[string], StoredUnit>('SELECT package, revision, manifest FROM units WHERE repository = ?')
      .all(repository);
  }
}
