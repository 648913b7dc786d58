import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../harness/cluster.js';
import { places } from './company.js';

const restartAfterMs = 3000;

/**
 * Starts a daemon again that ended unasked (a person may try `kill -9`), as a service manager would. Resolves when
 * `signal` is aborted and no start is under way.
 */
export async function keepRunning(
  cluster: Cluster,
  onEvent: (depot: string, text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const stopping = signal.aborted ? Promise.resolve() : once(signal, 'abort').then(() => undefined);
  const keep = async (name: string): Promise<void> => {
    const depot = cluster.depot(name);
    for (;;) {
      const end = await Promise.race([depot.ended(), stopping]);
      if (end === undefined || signal.aborted) return;
      onEvent(
        name,
        `its daemon ended: ${end.signal ?? `code ${end.code}`}; it is started again in ${restartAfterMs / 1000} s`,
      );
      await delay(restartAfterMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      await depot.start();
      onEvent(name, 'its daemon runs again and goes on where it was');
    }
  };
  await Promise.all(places.map(({ name }) => keep(name)));
}

/** @throws when a daemon ends before `signal` is aborted */
export async function noneEnds(cluster: Cluster, signal: AbortSignal): Promise<never> {
  const name = await Promise.race(
    places.map((place) =>
      cluster
        .depot(place.name)
        .ended()
        .then(() => place.name),
    ),
  );
  signal.throwIfAborted();
  throw new Error(`the daemon of ${name} ended unasked\n${cluster.depot(name).log()}`);
}
