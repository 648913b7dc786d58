import type { HeadFile } from '../model/head.js';
import type { Demand } from '../model/selection.js';
import type { Database } from './database.js';
import type { Layout } from './layout.js';

export interface HeadRow extends HeadFile {
  readonly publishedAtMs: number;
  /** When this depot took the head over. */
  readonly seenAtMs: number;
  /** When the generation became that of the installation copy (or was published here); undefined if it never was. */
  readonly appliedAtMs: number | undefined;
  /** What the generation is held complete for. */
  readonly complete: Demand | undefined;
}

/** The heads of all repositories, as files (as they are served) and as rows. */
export class Heads {
  constructor(
    readonly layout: Layout,
    readonly db: Database,
  ) {}
  /**
   * Keeps a head: the file first, durably, then the row. The same head again does nothing.
   * @throws DepotError `head-refused` for another head of a held generation, or one of another epoch before `startOver`.
   */
  put(_file: HeadFile): Promise<void> {
    throw new Error('soon');
  }
  get(_repository: string, _generation: number): HeadRow | undefined {
    throw new Error('soon');
  }
  newest(_repository: string): HeadRow | undefined {
    throw new Error('soon');
  }
  /** The newest generation below the given one. */
  newestBefore(_repository: string, _generation: number): HeadRow | undefined {
    throw new Error('soon');
  }
  /** Newest first. */
  list(_repository: string): HeadRow[] {
    throw new Error('soon');
  }
  /** The repositories of which a head is held, sorted. */
  repositories(): string[] {
    throw new Error('soon');
  }
  /** All objects that `demand` selects of this generation are held. Takes the place of what was recorded for it before. */
  markComplete(_repository: string, _generation: number, _demand: Demand): void {
    throw new Error('soon');
  }
  completeness(_repository: string, _generation: number): Demand | undefined {
    throw new Error('soon');
  }
  /** The newest generation that is held complete for all that is wanted. */
  newestComplete(_repository: string, _demand: Demand): HeadRow | undefined {
    throw new Error('soon');
  }
  /** Nothing of the repository is known to be complete any more; the next cycle finds out. */
  clearComplete(_repository: string): void {
    throw new Error('soon');
  }
  markApplied(_repository: string, _generation: number, _atMs: number): void {
    throw new Error('soon');
  }
  /** The epoch that a person approved in place of the held one. */
  approvedEpoch(_repository: string): string | undefined {
    throw new Error('soon');
  }
  approveEpoch(_repository: string, _epoch: string): void {
    throw new Error('soon');
  }
  /** Forgets all heads of the repository, so that one of another epoch may follow. What the installation copy shows stays. */
  startOver(_repository: string): void {
    throw new Error('soon');
  }
  /** Row first, then the file. */
  remove(_repository: string, _generation: number): void {
    throw new Error('soon');
  }
}
