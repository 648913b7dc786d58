import type { PageRef } from '../manifest/page.js';
import type { Selection } from '../model/selection.js';
import { fromBlob, inDurableTransaction, toBlob, type Database } from './database.js';
import { countReference } from './facts.js';

/** What an installation copy shows, or is about to show: the entries of a generation that the selection selects. */
export interface TreeTarget {
  readonly generation: number;
  readonly root: PageRef;
  readonly selection: Selection;
}

export interface TreeRow extends TreeTarget {
  readonly repository: string;
  /** Files and links that the copy shows, and bytes of the files; what a hold keeps beside them is not counted. */
  readonly files: number;
  readonly bytes: number;
}

interface StoredTree {
  readonly repository: string;
  readonly generation: number | null;
  readonly root: Buffer | null;
  readonly root_length: number | null;
  readonly selection: string | null;
  readonly files: number | null;
  readonly bytes: number | null;
  readonly next_generation: number | null;
  readonly next_root: Buffer | null;
  readonly next_root_length: number | null;
  readonly next_selection: string | null;
}

/** The installation copies: what each shows, and the journal of its switch. */
export class TreeRows {
  constructor(private readonly db: Database) {}

  /** What the copy shows, or showed before a switch that is under way; undefined before the first one is finished. */
  get(repository: string): TreeRow | undefined {
    const row = this.stored(repository);
    return row === undefined ? undefined : treeOf(row);
  }

  /** A switch that was begun and not finished: it is to be finished before anything else happens to the tree. */
  switching(repository: string): TreeTarget | undefined {
    const row = this.stored(repository);
    return row === undefined ? undefined : nextOf(row);
  }

  /** All copies, also those whose first switch is under way. */
  list(): { repository: string; current: TreeRow | undefined; switching: TreeTarget | undefined }[] {
    return this.db
      .prepare<[], StoredTree>('SELECT * FROM trees ORDER BY repository')
      .all()
      .map((row) => ({ repository: row.repository, current: treeOf(row), switching: nextOf(row) }));
  }

  /**
   * Journals a switch, on disk when it returns: files may be renamed from then on. One that was journalled before is
   * replaced. Not to be called within a transaction.
   */
  beginSwitch(repository: string, target: TreeTarget): void {
    inDurableTransaction(this.db, () => {
      countReference(this.db);
      this.db
        .prepare(
          `INSERT INTO trees (repository, next_generation, next_root, next_root_length, next_selection) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET next_generation = excluded.next_generation, next_root = excluded.next_root,
             next_root_length = excluded.next_root_length, next_selection = excluded.next_selection`,
        )
        .run(
          repository,
          target.generation,
          toBlob(target.root.sha256),
          target.root.length,
          JSON.stringify(target.selection),
        );
    });
  }

  /**
   * What was switched to is what the copy shows now; its files are durable before. If a power cut takes this, the switch is
   * finished once more, which changes nothing. Without a switch under way nothing happens.
   */
  finishSwitch(repository: string, counts: { readonly files: number; readonly bytes: number }): void {
    this.db
      .prepare(
        `UPDATE trees SET generation = next_generation, root = next_root, root_length = next_root_length,
           selection = next_selection, files = ?, bytes = ?,
           next_generation = NULL, next_root = NULL, next_root_length = NULL, next_selection = NULL
         WHERE repository = ? AND next_generation IS NOT NULL`,
      )
      .run(counts.files, counts.bytes, repository);
  }

  /** What a copy of packages shows: each of its revisions was switched by itself, so there is no switch to finish. */
  put({ repository, generation, root, selection, files, bytes }: TreeRow): void {
    inDurableTransaction(this.db, () => {
      countReference(this.db);
      this.db
        .prepare(
          `INSERT OR REPLACE INTO trees (repository, generation, root, root_length, selection, files, bytes)
           VALUES (?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(repository, generation, toBlob(root.sha256), root.length, JSON.stringify(selection), files, bytes);
    });
  }

  private stored(repository: string): StoredTree | undefined {
    return this.db.prepare<[string], StoredTree>('SELECT * FROM trees WHERE repository = ?').get(repository);
  }
}

function treeOf(row: StoredTree): TreeRow | undefined {
  const { repository, generation, root, root_length: length, selection, files, bytes } = row;
  if (generation === null || root === null || length === null || selection === null) return undefined;
  return {
    repository,
    generation,
    root: { sha256: fromBlob(root), length },
    selection: JSON.parse(selection) as Selection,
    files: files ?? 0,
    bytes: bytes ?? 0,
  };
}

function nextOf(row: StoredTree): TreeTarget | undefined {
  const { next_generation: generation, next_root: root, next_root_length: length, next_selection: selection } = row;
  if (generation === null || root === null || length === null || selection === null) return undefined;
  return { generation, root: { sha256: fromBlob(root), length }, selection: JSON.parse(selection) as Selection };
}
