import { DepotError } from '../model/errors.js';
import { largeBytes, type EncodingName } from '../model/encoding.js';
import { decodeObject } from './decode-job.js';
import type { Fetching } from './fetching.js';
import { patiently } from './patience.js';
import type { WantedObject } from '../store/transfers.js';
import { appendBody } from './receive.js';

/**
 * A large object in the cheapest form that the parent has or makes: on what its file was before, else compressed by itself.
 * What came before a cut is gone on with.
 * @returns whether the staging file of the object is whole and verified; false where it has to be asked for as it is
 */
export async function shipEncoded(fetching: Fetching, wanted: WantedObject): Promise<boolean> {
  const { store } = fetching.depot;
  // Of what came raw already the rest is asked for raw.
  if (wanted.size <= largeBytes || store.staging.size(wanted.sha256) > 0) return false;
  for (const base of wanted.raw ? [wanted.base?.sha256] : [wanted.base?.sha256, null]) {
    if (base === undefined || (base !== null && !store.objects.has(base))) continue;
    if (await take(fetching, wanted, { sha256: wanted.sha256, base })) return true;
  }
  return false;
}

async function take(fetching: Fetching, wanted: WantedObject, name: EncodingName): Promise<boolean> {
  const { depot, parent, repository, meter, signal } = fetching;
  let arrived = 0;
  const receive = (): Promise<boolean> =>
    appendBody(
      depot.store.layout.encodingPart(name),
      (offset) => parent.client.encoding(repository, name, wanted.size, offset, signal),
      (bytes) => {
        arrived += bytes;
        meter.arrived(bytes);
      },
    );
  const came = await patiently(depot.host, signal, receive);
  if (!came) return false;
  try {
    await depot.run(decodeObject, { name, size: wanted.size });
    meter.kept(wanted.size - arrived);
    return true;
  } catch (error) {
    if (!(error instanceof DepotError) || !/^object-(damaged|missing)$/.test(error.code)) throw error;
    meter.lost(arrived);
    depot.log.info({ repository, parent: parent.url }, `${error.message}; asking for it in another form`);
    return false;
  }
}
