import pLimit from 'p-limit';
import { asDepotError, DepotError } from '../model/errors.js';
import { keepObjects, type ArrivedObject } from '../store/keep-objects.js';
import { freeSpace } from '../store/space.js';
import type { SyncDepot } from './depot.js';
import { patiently } from './patience.js';
import type { Parent } from './parents.js';
import type { WantedObject } from './plan.js';
import type { CycleMeter } from './progress.js';
import { damagedObject, receiveObject, receiveSmall, type Body } from './receive.js';

/** Objects on their way at once. */
const objectsAtOnce = 16;
/** Objects that become durable together. While they do, the next ones come. */
const batchObjects = 256;
/** Up to this size, in bytes, an object is received into memory; a batch of them is lost with the process at the most. */
const smallBytes = 16 * 1024;
/** One percent of the disk stays free, but no more than this; bytes. */
const maxSpareBytes = 1024 ** 3;

/**
 * Fetches what the plan wants, several at once. An object that fails does not stop the others; what a cut left behind
 * is gone on with. Each batch is durable and in the catalogue before the next begins, so a restart fetches nothing twice.
 * @throws DepotError the first failure, after all that could be fetched has been.
 */
export async function fetchObjects(
  depot: SyncDepot,
  parent: Parent,
  repository: string,
  meter: CycleMeter,
  signal: AbortSignal,
): Promise<void> {
  await requireSpace(depot, repository);
  for (;;) {
    const claimed = await fetchUnclaimed(depot, parent, repository, meter, signal);
    if (claimed.length === 0) return;
    await Promise.all(claimed);
  }
}

/** One pass over the plan; gives the claims of other cycles that stood in its way. */
async function fetchUnclaimed(
  depot: SyncDepot,
  parent: Parent,
  repository: string,
  meter: CycleMeter,
  signal: AbortSignal,
): Promise<Promise<void>[]> {
  const { transfers } = depot.store;
  const claimed: Promise<void>[] = [];
  let failure: DepotError | undefined;
  const note = (error: DepotError | undefined): void => {
    if (error !== undefined && (failure === undefined || isHopeless(error))) failure = error;
  };
  let keeping: Promise<DepotError | undefined> = Promise.resolve(undefined);
  let batch = transfers.next(repository, undefined, batchObjects);
  for (let last = batch.at(-1); last !== undefined; last = batch.at(-1)) {
    const free = batch.filter(({ sha256 }) => {
      const claim = depot.claims.get(sha256);
      if (claim !== undefined) claimed.push(claim);
      return claim === undefined;
    });
    const release = depot.claims.take(free.map(({ sha256 }) => sha256));
    const came = await receiveBatch(depot, parent, repository, free, meter, signal);
    note(came.failure);
    note(await keeping);
    keeping = keep(depot, repository, came.arrived).finally(release);
    if (failure !== undefined && isHopeless(failure)) break;
    batch = transfers.next(repository, last.sha256, batchObjects);
  }
  note(await keeping);
  if (failure !== undefined) throw failure;
  return claimed;
}

/** What came, and the gravest failure among what did not. Never rejects. */
async function receiveBatch(
  depot: SyncDepot,
  parent: Parent,
  repository: string,
  batch: readonly WantedObject[],
  meter: CycleMeter,
  signal: AbortSignal,
): Promise<{ readonly arrived: ArrivedObject[]; readonly failure: DepotError | undefined }> {
  const limit = pLimit(objectsAtOnce);
  const arrived: ArrivedObject[] = [];
  let failure: DepotError | undefined;
  const take = async (wanted: WantedObject): Promise<void> => {
    if (failure !== undefined && isHopeless(failure)) return;
    try {
      arrived.push({ ...wanted, bytes: await fetchObject(depot, parent, repository, wanted, meter, signal) });
      meter.finished();
    } catch (thrown) {
      const error = asDepotError(thrown, `fetch object ${wanted.sha256} of ${repository}`);
      if (failure === undefined || isHopeless(error)) failure = error;
    }
  };
  await Promise.all(batch.map((wanted) => limit(take, wanted)));
  return { arrived, failure };
}

/** Makes what came part of the store. Not to be aborted: what came is kept, also when the daemon is to stop. */
async function keep(
  depot: SyncDepot,
  repository: string,
  arrived: readonly ArrivedObject[],
): Promise<DepotError | undefined> {
  const { objects, transfers } = depot.store;
  try {
    const { damaged } = await depot.run(
      keepObjects,
      arrived.filter(({ sha256 }) => !objects.has(sha256)),
    );
    const refused = new Set(damaged);
    const kept = arrived.map(({ sha256 }) => sha256).filter((sha256) => !refused.has(sha256));
    transfers.done(repository, kept);
    return damaged[0] === undefined ? undefined : damagedObject(damaged[0], 'its bytes hash to something else');
  } catch (thrown) {
    return asDepotError(thrown, `keep objects of ${repository}`);
  }
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
  throw new DepotError(
    'disk-full',
    `generation ${totals.generation} of ${repository} needs ${inMiB(needed)}, and ${store.layout.data} has ${inMiB(free)} free`,
    { hint: 'free some space there: the transfer goes on by itself at the next poll' },
  );
}

function inMiB(bytes: number): string {
  return `${Math.ceil(bytes / 1024 ** 2)} MiB`;
}

/** Failures after which the remaining objects need not be tried. */
function isHopeless(error: DepotError): boolean {
  return error.code !== 'object-damaged' && error.code !== 'not-found' && error.code !== 'object-missing';
}

/** Gives the bytes of a small object, null for a staged one. */
async function fetchObject(
  depot: SyncDepot,
  parent: Parent,
  repository: string,
  wanted: WantedObject,
  meter: CycleMeter,
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  const { store, host } = depot;
  if (store.objects.has(wanted.sha256)) return null;
  const request = (offset: number): Promise<Body> =>
    parent.client.object(repository, wanted.sha256, wanted.size, offset, signal);
  return patiently(host, signal, async () => {
    if (wanted.size <= smallBytes) return receiveSmall(wanted, request, meter);
    await receiveObject(store, wanted, request, meter);
    return null;
  });
}
