import pLimit from 'p-limit';
import { largeBytes } from '../model/encoding.js';
import { asDepotError, type DepotError } from '../model/errors.js';
import { keepObjects, type ArrivedObject } from '../store/keep-objects.js';
import { Failures, type Fetching, type Shipping, type UnderWay } from './fetching.js';
import { patiently } from './patience.js';
import { damagedObject, Hashed, receiveObject, receiveSmall } from './receive.js';
import type { Share } from './progress.js';
import { shipEncoded } from './ship-encoded.js';
import { wireLeft } from './wire-left.js';
import type { ObjectBody } from '../protocol/frames.js';
import type { WantedObject } from '../store/transfers.js';

/** Objects of one shipment on their way at once. */
const objectsAtOnce = 8;
/** Up to this size, in bytes, an object is received into memory; a shipment of them is lost with the process at the most. */
const smallBytes = 16 * 1024;

/**
 * Objects one by one: large ones, and whatever a parent without bundles is asked for. An object that fails does not stop
 * the others; what a cut left behind is gone on with.
 * @throws DepotError the gravest failure, after all that could be fetched has been
 */
export async function shipObjects(fetching: Fetching, { id, objects, route, before }: Shipping): Promise<void> {
  const limit = pLimit(objectsAtOnce);
  const arrived: ArrivedObject[] = [];
  const failures = new Failures();
  const take = async (wanted: WantedObject): Promise<void> => {
    if (failures.isHopeless) return;
    const left = wanted.size > largeBytes ? wireLeft(fetching.depot.store, wanted, route) : wanted.size;
    const share = fetching.meter.share(left, wanted.sha256);
    try {
      arrived.push({ ...wanted, bytes: await fetchObject(fetching, wanted, share, before) });
      share.ended();
      fetching.meter.finished();
    } catch (thrown) {
      failures.note(asDepotError(thrown, `fetch object ${wanted.sha256} of ${fetching.repository}`));
    }
  };
  await Promise.all(objects.map((wanted) => limit(take, wanted)));
  failures.note(await keep(fetching, id, arrived));
  failures.throwGravest();
}

/** Makes what came part of the store. Not to be aborted: what came is kept, also when the daemon is to stop. */
async function keep(
  { depot, repository }: Fetching,
  shipment: number,
  arrived: readonly ArrivedObject[],
): Promise<DepotError | undefined> {
  try {
    const { damaged } = await depot.run(keepObjects, { shipment, arrived });
    return damaged[0] === undefined ? undefined : damagedObject(damaged[0], 'its bytes hash to something else');
  } catch (thrown) {
    return asDepotError(thrown, `keep objects of ${repository}`);
  }
}

/** Gives the bytes of a small object, null for a staged one. */
async function fetchObject(
  fetching: Fetching,
  wanted: WantedObject,
  share: Share,
  before: UnderWay,
): Promise<Uint8Array | null> {
  const { depot, parent, repository, signal } = fetching;
  const { store, host } = depot;
  if (store.objects.has(wanted.sha256)) return null;
  const request = (offset: number): Promise<ObjectBody> =>
    parent.client.object(repository, wanted.sha256, wanted.size, offset, signal);
  if (await shipEncoded(fetching, wanted, share, before)) return null;
  const hashed = new Hashed();
  const receive = async (): Promise<Uint8Array | null> => {
    if (wanted.size <= smallBytes) return receiveSmall(wanted, request, share);
    await receiveObject(store, wanted, request, share, hashed);
    return null;
  };
  return patiently(host, signal, receive, () => store.staging.size(wanted.sha256));
}
