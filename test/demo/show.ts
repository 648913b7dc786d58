import type { WorkProgress } from '../../src/serve/control-api.js';

/** What is going on, for the one who watches. */
export type Act =
  | { readonly kind: 'starting' }
  | { readonly kind: 'changing' }
  | { readonly kind: 'publishing'; readonly progress: WorkProgress | undefined }
  | { readonly kind: 'descending'; readonly generation: number }
  | PackageAct
  | Arrived
  | { readonly kind: 'ending' };

/** What happens to a package. */
export interface PackageAct {
  readonly kind: 'package';
  readonly text: string;
  /** Whether it has come to its end. */
  readonly isDone?: boolean;
  readonly nextAtMs?: number;
}

/** A generation is at all depots. */
export interface Arrived {
  readonly kind: 'arrived';
  readonly generation: number;
  /** Since it was published. */
  readonly afterMs: number;
  /** Depots whose copy is not what the origin's source is, as `diff -r` had it then. */
  readonly different: readonly string[];
  /** Whether depots held deletions then: their copies are meant to differ. */
  readonly isHeld: boolean;
  /** When the next change is made by itself; undefined where none follows. */
  readonly nextAtMs: number | undefined;
}

/** A picture that is redrawn, or lines below each other. */
export interface Show {
  /** A change of the source begins. */
  step(title: string, watch: string): void;
  act(act: Act): void;
  /** Something that a depot did. */
  event(depot: string, text: string): void;
}
