import { join } from 'node:path';
import { startCluster, type Cluster } from '../harness/cluster.js';
import { company, work, type Pace } from './company.js';
import { keepRunning, noneEnds } from './daemons.js';
import { play } from './play.js';
import type { Show } from './show.js';
import { fill } from './story.js';
import { watch, type Watch } from './watch.js';

export interface Run {
  /** Everything is kept below it; whoever made it removes it. */
  readonly folder: string;
  readonly pace: Pace;
  /** How long a person gets to look before the next change. Undefined: one round of changes, and no daemon may end. */
  readonly pauseMs: number | undefined;
  readonly show: Show;
  readonly onStarted: (cluster: Cluster, watch: Watch) => void;
  /** A signal that is aborted when the person wants the next change at once. */
  readonly impatience: () => AbortSignal;
  readonly signal: AbortSignal;
}

/**
 * Fills the source, starts the daemons, plays, and ends the daemons, whatever happened; nothing writes to the folder any
 * more when this settles. Resolves with the depots whose copy is not what the source is in the end.
 */
export async function run(options: Run): Promise<readonly string[]> {
  const { folder, pace, pauseMs, show } = options;
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const source = join(folder, 'origin', 'source');
  show.step(
    'Seven daemons start',
    "The origin is the company's CA: each depot shows its certificate to its parent and children, over HTTPS.",
  );
  show.act({ kind: 'starting' });
  await fill(source);
  signal.throwIfAborted();
  const cluster = await startCluster(folder, company(pace, source, work(folder)));
  const watching = watch(cluster, show.event, signal);
  options.onStarted(cluster, watching);
  const keeping = pauseMs === undefined ? noneEnds(cluster, signal) : keepRunning(cluster, show.event, signal);
  const playing = play({ ...options, cluster, source, watch: watching, signal });
  try {
    return await Promise.race([playing, keeping.then(() => playing)]);
  } finally {
    show.act({ kind: 'ending' });
    over.abort();
    // `noneEnds` settles only after the daemons have ended, `keepRunning` must have settled before.
    await Promise.allSettled([playing, pauseMs === undefined ? undefined : keeping, watching.done]);
    await cluster.close();
  }
}
