import type { Demand, Demands } from '../model/selection.js';
import type { Sha256 } from '../model/sha256.js';
import type { Database } from './database.js';

/** A child, and what it told of its demand last. */
export interface ChildRow {
  readonly child: string;
  readonly site: string;
  /** `demandsHash(demands)`, as the child stated it; undefined where the child was heard of but told none yet. */
  readonly hash: Sha256 | undefined;
  readonly demands: Demands;
  readonly lastHeardMs: number;
}

/** The depots directly below and what they, with those below them, want. */
export class DemandRows {
  constructor(readonly db: Database) {}
  set(_child: string, _site: string, _hash: Sha256, _demands: Demands, _atMs: number): void {
    throw new Error('soon');
  }
  get(_child: string): ChildRow | undefined {
    throw new Error('soon');
  }
  /** The child was heard of. Written at most once a minute; read back exactly by this `Store`. A child not known yet is added when `site` is given. */
  touch(_child: string, _atMs: number, _site?: string): void {
    throw new Error('soon');
  }
  list(): ChildRow[] {
    throw new Error('soon');
  }
  /** What the children together want of the repository; empty if nothing. */
  union(_repository: string, _exceptChild?: string): Demand {
    throw new Error('soon');
  }
  /** Drops the children not heard of since; gives their names. */
  forgetBefore(_ms: number): string[] {
    throw new Error('soon');
  }
}
