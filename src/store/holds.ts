import type { HoldStatus } from '../model/status.js';
import type { Database } from './database.js';

export interface HoldRow {
  readonly id: string;
  readonly repository: string;
  readonly kind: HoldStatus['kind'];
  readonly reason: string;
  /** Of a hold of deletions: what is still held, kept in step with its paths. */
  readonly files: number;
  readonly bytes: number;
  readonly generation: number;
  /** Of a hold of a head: the line of generations that waits. */
  readonly epoch?: string;
  readonly sinceMs: number;
}

/** A file or link (`size` 0) of an installation copy that stays although the manifest has it no more. */
export interface HeldPath {
  readonly path: string;
  readonly size: number;
}

/** What waits for a person. */
export class HoldRows {
  constructor(readonly db: Database) {}
  add(_hold: HoldRow): void {
    throw new Error('soon');
  }
  /** In transactions of some hundred rows; a path that is there already is left. Adds to `files` and `bytes` only where `add` was given none. */
  addPaths(_id: string, _paths: Iterable<HeldPath>): void {
    throw new Error('soon');
  }
  get(_id: string): HoldRow | undefined {
    throw new Error('soon');
  }
  /** Oldest first. */
  list(_repository?: string): HoldRow[] {
    throw new Error('soon');
  }
  /** In the order of paths; reads by and by, so other statements may run between. */
  paths(_id: string): Generator<HeldPath> {
    throw new Error('soon');
  }
  /** The paths of all holds of a repository, each once, in the order of paths, from behind `after`. */
  heldPaths(_repository: string, _after?: string): Generator<HeldPath> {
    throw new Error('soon');
  }
  isHeld(_repository: string, _path: string): boolean {
    throw new Error('soon');
  }
  /** These are not held any more; `files` and `bytes` of the hold go down. The hold itself stays, also when it is empty. */
  dropPaths(_id: string, _paths: readonly string[]): void {
    throw new Error('soon');
  }
  remove(_id: string): void {
    throw new Error('soon');
  }
}
