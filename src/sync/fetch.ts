import pLimit from 'p-limit';
import { asDepotError, DepotError } from '../model/errors.js';
import { freeSpace } from '../store/space.js';
import { largeBytes } from '../model/encoding.js';
import type { Offers } from '../model/offer.js';
import type { Sha256 } from '../model/sha256.js';
import type { SyncDepot } from './depot.js';
import { Failures, type Fetching, type Shipping } from './fetching.js';
import type { Parent } from './parents.js';
import type { CycleMeter } from './progress.js';
import { shipBundle } from './ship-bundle.js';
import { shipObjects } from './ship-objects.js';

/** Shipments on their way at once: while one is unpacked the others come. */
const shipmentsAtOnce = 4;
/** One percent of the disk stays free, but no more than this; bytes. */
const maxSpareBytes = 1024 ** 3;

interface Beside {
  /** What the parent said that it has of large objects. */
  readonly offers?: Offers;
  /** Called when more objects are here. */
  readonly onShipped?: () => void;
}

/**
 * Fetches what the plan wants, several shipments at once. What fails does not stop the rest. Each shipment is durable and in
 * the catalogue when it ends, so a restart fetches nothing twice.
 * @throws DepotError the gravest failure, after all that could be fetched has been
 */
export async function fetchObjects(
  depot: SyncDepot,
  parent: Parent,
  repository: string,
  meter: CycleMeter,
  signal: AbortSignal,
  beside: Beside = {},
): Promise<void> {
  await requireSpace(depot, repository);
  const fetched = depot.line.gauge.begin();
  try {
    await fetchAll(depot, parent, repository, meter, signal, beside);
  } finally {
    fetched();
  }
}

async function fetchAll(
  depot: SyncDepot,
  parent: Parent,
  repository: string,
  meter: CycleMeter,
  signal: AbortSignal,
  { offers = new Map(), onShipped }: Beside,
): Promise<void> {
  for (;;) {
    const how = { offers, makesBundles: true, isFollowing: false, alone: pLimit(1) };
    const claimed = await fetchUnclaimed({ depot, parent, repository, meter, signal, ...how }, onShipped);
    if (claimed.length === 0) return;
    await Promise.all(claimed);
  }
}

/** One pass over the plan; gives the claims of other cycles that stood in its way. */
async function fetchUnclaimed(fetching: Fetching, onShipped: (() => void) | undefined): Promise<Promise<void>[]> {
  const { depot, repository } = fetching;
  const claimed: Promise<void>[] = [];
  const failures = new Failures();
  const waiting = depot.store.transfers.inOrder(repository);
  const underWay = new Map<Sha256, Promise<void>>();
  const shipOneByOne = async (): Promise<void> => {
    for (let next = waiting.next(); next.done !== true && !failures.isHopeless; next = waiting.next()) {
      const { id, objects, route } = next.value;
      const missing = depot.store.objects.missing(objects.map(({ sha256 }) => sha256));
      const free = objects.filter(({ sha256 }) => {
        if (!missing.has(sha256)) return false;
        const claim = depot.claims.get(sha256);
        if (claim !== undefined) claimed.push(claim);
        return claim === undefined;
      });
      if (free.length === 0) continue;
      const before = new Map(underWay);
      const { ended, release } = depot.claims.take(free.map(({ sha256 }) => sha256));
      const large = free.filter(({ size }) => size > largeBytes);
      for (const { sha256 } of large) underWay.set(sha256, ended);
      try {
        await ship(fetching, { id, objects: free, route, before });
        onShipped?.();
      } catch (thrown) {
        failures.note(asDepotError(thrown, `fetch objects of ${repository}`));
      } finally {
        for (const { sha256 } of large) underWay.delete(sha256);
        release();
      }
    }
  };
  await Promise.all(Array.from({ length: shipmentsAtOnce }, shipOneByOne));
  failures.throwGravest();
  return claimed;
}

async function ship(fetching: Fetching, { id, objects, route, before }: Shipping): Promise<void> {
  const isBundled = objects.length > 1 && fetching.makesBundles && objects[0]?.form === 'any';
  const left = isBundled ? await shipBundle(fetching, { id, objects }) : objects;
  if (left.length > 0) await shipObjects(fetching, { id, objects: left, route, before });
}

/**
 * A disk that would be full at the end is better told of at the beginning; a little stays free for the catalogue.
 * @throws DepotError `disk-full`
 */
async function requireSpace({ store }: SyncDepot, repository: string): Promise<void> {
  const totals = store.transfers.totals(repository);
  if (totals === undefined) return;
  // What partial transfers hold has its place already.
  const needed = totals.bytes - totals.doneBytes - store.staging.bytes();
  const { free, total } = await freeSpace(store.layout.data);
  const spare = Math.min(total / 100, maxSpareBytes);
  if (free - spare >= needed) return;
  const lacking = inMiB(needed - (free - spare));
  throw new DepotError(
    'disk-full',
    `generation ${totals.generation} of ${repository} needs ${inMiB(needed)}, for which ${store.layout.data} lacks ${lacking}`,
    { hint: `free ${lacking} or more there: the transfer goes on by itself at the next poll` },
  );
}

function inMiB(bytes: number): string {
  return `${Math.ceil(bytes / 1024 ** 2)} MiB`;
}
