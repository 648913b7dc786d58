import pLimit from 'p-limit';
import { asDepotError, DepotError } from '../model/errors.js';
import type { SyncDepot } from './depot.js';
import type { Parent } from './parents.js';
import type { WantedObject } from './plan.js';
import type { CycleMeter } from './progress.js';
import { receiveObject } from './receive.js';

/** Objects on their way at once; and how many are taken from the plan, and made durable, together. */
const objectsAtOnce = 12;
const batchObjects = 256;
const attempts = 3;

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
  let batch = transfers.next(repository, undefined, batchObjects);
  for (let last = batch.at(-1); last !== undefined; last = batch.at(-1)) {
    const free = batch.filter(({ sha256 }) => {
      const claim = depot.claims.get(sha256);
      if (claim !== undefined) claimed.push(claim);
      return claim === undefined;
    });
    const release = depot.claims.take(free.map(({ sha256 }) => sha256));
    try {
      failure = (await fetchBatch(depot, parent, repository, free, meter, signal)) ?? failure;
    } finally {
      release();
    }
    if (failure !== undefined && isHopeless(failure)) break;
    batch = transfers.next(repository, last.sha256, batchObjects);
  }
  if (failure !== undefined) throw failure;
  return claimed;
}

/** Gives the gravest failure, once all that came is durable. */
async function fetchBatch(
  depot: SyncDepot,
  parent: Parent,
  repository: string,
  batch: readonly WantedObject[],
  meter: CycleMeter,
  signal: AbortSignal,
): Promise<DepotError | undefined> {
  const { store } = depot;
  const limit = pLimit(objectsAtOnce);
  const here: WantedObject[] = [];
  let failure: DepotError | undefined;
  const take = async (wanted: WantedObject): Promise<void> => {
    if (failure !== undefined && isHopeless(failure)) return;
    try {
      await fetchObject(depot, parent, repository, wanted, meter, signal);
      here.push(wanted);
      meter.finished();
    } catch (thrown) {
      const error = asDepotError(thrown, `fetch object ${wanted.sha256} of ${repository}`);
      if (failure === undefined || isHopeless(error)) failure = error;
    }
  };
  await Promise.all(batch.map((wanted) => limit(take, wanted)));
  const staged = here.filter(({ sha256 }) => !store.objects.has(sha256));
  await store.objects.admit(staged.map((wanted) => ({ ...wanted, from: store.layout.stagingFile(wanted.sha256) })));
  store.transfers.done(
    repository,
    here.map(({ sha256 }) => sha256),
  );
  return failure;
}

/** Failures after which the remaining objects need not be tried. */
function isHopeless(error: DepotError): boolean {
  return error.code !== 'object-damaged' && error.code !== 'not-found' && error.code !== 'object-missing';
}

/** A cut is tried again at once; bytes that came before it count. */
async function fetchObject(
  depot: SyncDepot,
  parent: Parent,
  repository: string,
  wanted: WantedObject,
  meter: CycleMeter,
  signal: AbortSignal,
): Promise<void> {
  if (depot.store.objects.has(wanted.sha256)) return;
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      const request = (offset: number): ReturnType<typeof parent.client.object> =>
        parent.client.object(repository, wanted.sha256, wanted.size, offset, signal);
      await receiveObject(depot.store, wanted, request, meter);
      return;
    } catch (error) {
      const isCut = error instanceof DepotError && error.code === 'transfer-cut';
      if (!isCut || attempt === attempts) throw error;
      await depot.host.sleep(200 * attempt, signal);
    }
  }
}
