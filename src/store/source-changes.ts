import type { Sha256 } from '../model/sha256.js';
import { inTransaction, toBlob, type Database } from './database.js';

/** Where the index of a source and a manifest do not agree. */
export interface SourceDifference {
  /** Of the manifest. */
  readonly root: Sha256;
  /** In no order; at all other paths they agree. Null where it is not known. */
  readonly paths: readonly string[] | null;
}

/** With more changes than this, going through everything is as fast. */
const manyPaths = 10_000;

/**
 * At which paths the index of a source may differ from the manifest that was published of it last, so that the next one
 * costs what changed. Triggers of the catalogue note each row of the index that comes, goes or gets other content.
 */
export class SourceChanges {
  constructor(private readonly db: Database) {}

  /**
   * The paths that may differ from the manifest, in the order of `comparePaths`; undefined where all are to be compared:
   * the index was not settled with this manifest, there are very many, or something could not be looked at, and then
   * what lies below it depends on it.
   */
  since(repository: string, root: Sha256): string[] | undefined {
    const row = this.db
      .prepare<[string], { settled: Buffer | null }>('SELECT settled FROM sources WHERE repository = ?')
      .get(repository);
    if (row?.settled?.toString('hex') !== root || this.hasUnknown(repository)) return undefined;
    const paths = this.db
      .prepare<[string, number], string>('SELECT path FROM source_changes WHERE repository = ? ORDER BY path LIMIT ?')
      .pluck()
      .all(repository, manyPaths + 1);
    return paths.length > manyPaths ? undefined : paths;
  }

  /** Notes that the index and a manifest were compared, and where they still differ. The source has its row. */
  settle(repository: string, { root, paths }: SourceDifference): void {
    const isKnown = paths !== null && !this.hasUnknown(repository);
    inTransaction(this.db, () => {
      this.db.prepare('DELETE FROM source_changes WHERE repository = ?').run(repository);
      this.db
        .prepare('UPDATE sources SET settled = ? WHERE repository = ?')
        .run(isKnown ? toBlob(root) : null, repository);
      const note = this.db.prepare('INSERT OR IGNORE INTO source_changes VALUES (?, ?)');
      for (const path of isKnown ? paths : []) note.run(repository, path);
    });
  }

  private hasUnknown(repository: string): boolean {
    return (
      this.db
        .prepare(
          `SELECT 1 FROM source_files INDEXED BY source_problems
           WHERE repository = ? AND problem IS NOT NULL AND type = 'unknown' LIMIT 1`,
        )
        .get(repository) !== undefined
    );
  }
}
