import { realHost } from '../../src/host.js';
import { PackagesPublisher } from '../../src/publish/packages.js';
import { inlineJobs } from '../../src/store/job.js';
import { Store } from '../../src/store/store.js';
import { applyPackages } from '../../src/sync/apply-packages-job.js';
import { usualLifetimes } from '../harness/lifetimes.js';

/** A master depot in one thread that publishes the repository `apps`, and its own installation copies. */
export function desk(data: string, work: string) {
  const store = Store.open(data);
  const run = inlineJobs(store);
  const ignore = (): void => undefined;
  const publisher = new PackagesPublisher(
    {
      repository: 'apps',
      context: 'enterprise',
      work,
      types: { app: { compress: true, delta: true } },
      keep: { releases: 1, days: 30 },
      rings: [],
    },
    {
      store,
      run,
      host: realHost,
      log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
      lifetimes: () => usualLifetimes,
    },
  );
  return {
    store,
    run,
    publisher,
    show: async () => {
      const head = store.heads.newest('apps')?.head;
      if (head === undefined) throw new Error('nothing is published');
      const selection = { include: [], exclude: [], site: 'enterprise' };
      const place = { depot: 'origin', site: 'enterprise' };
      return run(applyPackages, { ...head, place, selection, nowMs: Date.now() });
    },
  };
}
