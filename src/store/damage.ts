import type { Sha256 } from '../model/sha256.js';
import { fromBlob, inTransaction, toBlob, type Database } from './database.js';

/**
 * Objects of repositories that were found damaged or gone. A row stays until the object is here again and the files of
 * the installation copy that shared its inode were put right.
 */
export class DamageRows {
  constructor(private readonly db: Database) {}

  /** Objects that were found damaged, here again or not. */
  list(repository: string): Sha256[] {
    return this.db
      .prepare<[string], { sha256: Buffer }>('SELECT sha256 FROM damage WHERE repository = ?')
      .all(repository)
      .map(({ sha256 }) => fromBlob(sha256));
  }

  /** Those that are not here again yet. */
  waiting(repository: string): Sha256[] {
    return this.db
      .prepare<[string], { sha256: Buffer }>(
        `SELECT sha256 FROM damage WHERE repository = ?
           AND NOT EXISTS (SELECT 1 FROM objects WHERE objects.sha256 = damage.sha256)`,
      )
      .all(repository)
      .map(({ sha256 }) => fromBlob(sha256));
  }

  /** Their files were put right. Those that were found damaged again meanwhile stay. */
  mended(repository: string, shas: readonly Sha256[]): void {
    const isHere = 'EXISTS (SELECT 1 FROM objects WHERE objects.sha256 = damage.sha256)';
    this.drop(`DELETE FROM damage WHERE repository = ? AND sha256 = ? AND ${isHere}`, repository, shas);
  }

  /** Nobody wants them any more. */
  remove(repository: string, shas: readonly Sha256[]): void {
    this.drop('DELETE FROM damage WHERE repository = ? AND sha256 = ?', repository, shas);
  }

  private drop(statement: string, repository: string, shas: readonly Sha256[]): void {
    const remove = this.db.prepare(statement);
    inTransaction(this.db, () => {
      for (const sha256 of shas) remove.run(repository, toBlob(sha256));
    });
  }
}
