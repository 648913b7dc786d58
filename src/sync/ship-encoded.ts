import { DepotError } from '../model/errors.js';
import { largeBytes, type EncodingName } from '../model/encoding.js';
import { Arrival } from './arrival.js';
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
  const follower = new Follower(fetching, wanted, name);
  let arrived = 0;
  const receive = (): Promise<boolean> =>
    appendBody(
      depot.store.layout.encodingPart(name),
      async (offset) => {
        const body = await parent.client.encoding(repository, name, wanted.size, offset, signal);
        if (body !== undefined && body.offset !== offset) await follower.end('ended');
        return body;
      },
      (bytes) => {
        arrived += bytes;
        meter.arrived(bytes);
        follower.came();
      },
    );
  try {
    if (!(await patiently(depot.host, signal, receive, () => arrived))) return false;
    const isDone = await follower.end('whole');
    if (!isDone) await depot.run(decodeObject, { name, size: wanted.size, arrival: null });
    meter.kept(wanted.size - arrived);
    return true;
  } catch (error) {
    if (!(error instanceof DepotError) || !/^object-(damaged|missing)$/.test(error.code)) throw error;
    meter.lost(arrived);
    depot.log.info({ repository, parent: parent.url }, `${error.message}; asking for it in another form`);
    return false;
  } finally {
    await follower.end('ended').catch(() => undefined);
  }
}

/** From here on decoding takes long enough to be begun while the rest comes; bytes. */
const followedBytes = 8 * 1024 ** 2;

/**
 * Decodes what is compressed by itself while it comes, one object at a time, where nothing holds the line back: there the line
 * is what takes long.
 */
class Follower {
  private arrival: Arrival | undefined;
  private result: Promise<boolean> | undefined;

  constructor(
    private readonly fetching: Fetching,
    private readonly wanted: WantedObject,
    private readonly name: EncodingName,
  ) {
    const { depot } = fetching;
    const isWorthIt = name.base === null && wanted.size >= followedBytes && !depot.line.isFramed;
    if (!isWorthIt || fetching.isFollowing) return;
    fetching.isFollowing = true;
    this.arrival = new Arrival();
  }

  came(): void {
    if (this.arrival === undefined) return;
    this.result ??= this.begin(this.arrival);
    this.arrival.came();
  }

  /** @returns whether the object was made; throws what `decodeObject` does */
  async end(state: 'whole' | 'ended'): Promise<boolean> {
    const { arrival } = this;
    if (arrival === undefined) return false;
    this.arrival = undefined;
    arrival.end(state);
    this.fetching.isFollowing = false;
    return (await this.result) ?? false;
  }

  private begin({ shared }: Arrival): Promise<boolean> {
    const { depot } = this.fetching;
    const result = depot.run(decodeObject, { name: this.name, size: this.wanted.size, arrival: shared });
    result.catch(() => undefined); // whoever ends it is told
    return result;
  }
}
