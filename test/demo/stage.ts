import type { Cluster } from '../harness/cluster.js';
import type { Show } from './show.js';
import type { Watch } from './watch.js';

/** What the demo is played with. */
export interface Stage {
  readonly cluster: Cluster;
  readonly source: string;
  readonly watch: Watch;
  readonly show: Show;
  /** How long a person gets to look before the next change; none is made after the first round where there is none. */
  readonly pauseMs: number | undefined;
  /** A signal that is aborted when the person wants the next change at once. */
  readonly impatience: () => AbortSignal;
  /** Ends the play: `play` rejects with its reason. */
  readonly signal: AbortSignal;
}

/** Longer than any change takes on a busy machine. */
export const patienceMs = 120_000;
