import { DepotError } from '../model/errors.js';
import { formatEncodingName, largeBytes, type EncodingName } from '../model/encoding.js';
import type { Offers } from '../model/offer.js';
import type { Route, RouteStep } from '../model/route.js';
import type { Sha256 } from '../model/sha256.js';
import { nothingLeft } from '../protocol/body.js';
import type { ObjectBody } from '../protocol/frames.js';
import { Arrival } from './arrival.js';
import { decodeObject } from './decode-job.js';
import type { Fetching, UnderWay } from './fetching.js';
import { patiently } from './patience.js';
import type { Share } from './progress.js';
import type { WantedObject } from '../store/transfers.js';
import { appendBody } from './receive.js';
import { nextRoute } from './routes.js';

/** Forms that are not there or not right; then what the parent offers of an object is not believed any more. */
const mostWrong = 4;

/**
 * A large object by the cheapest route that the parent offers or makes, where one form is not there or wrong by the next.
 * What came before a cut is gone on with.
 * @returns whether the staging file of the object is whole and verified; false where it has to be asked for as it is
 */
export async function shipEncoded(
  fetching: Fetching,
  wanted: WantedObject,
  share: Share,
  before: UnderWay,
): Promise<boolean> {
  const { store, claims } = fetching.depot;
  // Of what came raw already the rest is asked for raw.
  if (wanted.size <= largeBytes || store.staging.size(wanted.sha256) > 0) return false;
  const tried = new Set<string>();
  const offers = (): Offers => (tried.size < mostWrong ? fetching.offers : new Map());
  const asked = new Map<string, EncodingName>();
  // What is under way and was asked for earlier can be a base soon.
  const coming = (object: Sha256 | null): Promise<void> | undefined => {
    const claim = object === null || store.objects.has(object) ? undefined : before.get(object);
    return object !== null && claim !== undefined && claims.get(object) === claim ? claim : undefined;
  };
  for (;;) {
    const route = nextRoute(wanted, {
      offers: offers(),
      isHeld: (object) => store.objects.has(object) || coming(object) !== undefined,
      isUsable: (name) => !tried.has(formatEncodingName(name)),
    });
    const awaited = coming(route.steps[0]?.name.base ?? null);
    if (awaited !== undefined) {
      await awaited;
      continue;
    }
    for (const { name } of route.steps) asked.set(formatEncodingName(name), name);
    const wrong = route.steps.length === 0 ? undefined : await takeRoute(fetching, wanted, route, share);
    if (wrong !== undefined) {
      tried.add(formatEncodingName(wrong));
      continue;
    }
    // What came of routes that were left is of no use any more.
    for (const name of asked.values()) store.staging.discardForm(wanted.sha256, name);
    return route.steps.length > 0;
  }
}

/** @returns the form that is not there or not right; undefined: the object was made */
async function takeRoute(
  fetching: Fetching,
  wanted: WantedObject,
  { steps, bytes: most }: Route,
  share: Share,
): Promise<EncodingName | undefined> {
  const { depot, parent, repository } = fetching;
  const { staging } = depot.store;
  const last = steps.at(-1);
  if (last === undefined) return undefined;
  const follower = new Follower(fetching, wanted, last.name, steps.length);
  let arrived = 0;
  const came = (bytes: number): void => {
    arrived += bytes;
    share.arrived(bytes);
    follower.came();
  };
  try {
    for (const step of steps) {
      if (await takeStep(fetching, wanted, step, { most, came, follower })) continue;
      share.lost(arrived);
      return step.name;
    }
    const isDone = await follower.end('whole');
    if (isDone) return undefined;
    await depot.run(decodeObject, { name: last.name, size: wanted.size, before: steps.slice(0, -1), arrival: null });
    return undefined;
  } catch (error) {
    if (!(error instanceof DepotError)) throw error;
    // A chain takes room for what is made on the way; the object itself may have room.
    const isLeft = /^object-(damaged|missing)$/.test(error.code) || (error.code === 'disk-full' && steps.length > 1);
    if (!isLeft) throw error;
    share.lost(arrived);
    depot.log.info({ repository, parent: parent.url }, `${error.message}; asking for it in another form`);
    // One that is not right is gone.
    const wrong = steps.find(({ name }) => staging.formBytes(wanted.sha256, name) === 0) ?? last;
    return wrong.name;
  } finally {
    await follower.end('ended').catch(() => undefined);
  }
}

interface TakenRoute {
  /** Bytes: what is made on demand is not taken where it is larger than the next way. */
  readonly most: number;
  readonly came: (bytes: number) => void;
  readonly follower: Follower;
}

/** Receives one form behind what is here of it. @returns whether it is whole; false where the parent does not have it */
async function takeStep(
  { depot, parent, repository, signal }: Fetching,
  wanted: WantedObject,
  { name, bytes, size }: RouteStep,
  { most, came, follower }: TakenRoute,
): Promise<boolean> {
  const { staging } = depot.store;
  const file = staging.formFile(wanted.sha256, name);
  // It is another one now: what is here is not of that.
  if (bytes !== null && staging.formBytes(wanted.sha256, name) > bytes) staging.discardForm(wanted.sha256, name);
  let arrived = 0;
  const receive = (): Promise<boolean> =>
    appendBody(
      file,
      async (offset): Promise<ObjectBody | undefined> => {
        if (offset === bytes) return { offset, ...nothingLeft };
        const body = await parent.client.encoding(repository, name, size, offset, signal, bytes ?? most);
        if (body === undefined || body.offset === offset) return body;
        await follower.end('ended').catch((error: unknown) => {
          body.drop();
          throw error;
        });
        return body;
      },
      (more) => {
        arrived += more;
        came(more);
      },
    );
  return patiently(depot.host, signal, receive, () => arrived);
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
    steps: number,
  ) {
    const { depot } = fetching;
    const isWorthIt = steps === 1 && name.base === null && wanted.size >= followedBytes && !depot.line.isFramed;
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
    const result = depot.run(decodeObject, { name: this.name, size: this.wanted.size, before: [], arrival: shared });
    result.catch(() => undefined); // whoever ends it is told
    return result;
  }
}
