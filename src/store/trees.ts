import type { PageRef } from '../manifest/page.js';
import type { Selection } from '../model/selection.js';
import type { Database } from './database.js';

/** What an installation copy shows, or is about to show: the entries of a generation that the selection selects. */
export interface TreeTarget {
  readonly generation: number;
  readonly root: PageRef;
  readonly selection: Selection;
}

export interface TreeRow {
  readonly repository: string;
  /** 0 and an undefined root while the first switch is under way. */
  readonly generation: number;
  readonly root: PageRef | undefined;
  readonly selection: Selection;
  /** Files and links of the copy, and bytes of the files. */
  readonly files: number;
  readonly bytes: number;
  /** A switch that was begun and not finished: it is to be finished before anything else happens to the tree. */
  readonly switching: TreeTarget | undefined;
}

/** The state of the installation copies. */
export class TreeRows {
  constructor(readonly db: Database) {}
  get(_repository: string): TreeRow | undefined {
    throw new Error('soon');
  }
  list(): TreeRow[] {
    throw new Error('soon');
  }
  /** Journals a switch; one that was journalled before is replaced. */
  beginSwitch(_repository: string, _target: TreeTarget): void {
    throw new Error('soon');
  }
  /** What was switched to is the state of the copy now; its generation counts as applied. */
  finishSwitch(_repository: string, _counts: { readonly files: number; readonly bytes: number }): void {
    throw new Error('soon');
  }
  /** The switch was undone. */
  abandonSwitch(_repository: string): void {
    throw new Error('soon');
  }
  /** The copy is gone. */
  remove(_repository: string): void {
    throw new Error('soon');
  }
}
