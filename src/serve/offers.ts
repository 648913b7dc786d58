import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseEncodingName } from '../model/encoding.js';
import { DepotError } from '../model/errors.js';
import { mostSteps, type Offer, type OfferedForm } from '../model/offer.js';
import type { Sha256 } from '../model/sha256.js';
import { limits } from '../protocol/limits.js';
import { offersRequest, parseMessage, type OffersRequest } from '../protocol/messages.js';
import type { Job, RunJob } from '../store/job.js';
import type { Store } from '../store/store.js';

/** @throws DepotError `bad-request` */
export function parseOffersRequest(body: Uint8Array, child: string): OffersRequest {
  try {
    return parseMessage(offersRequest, body);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DepotError('bad-request', `question of ${child} for offers: ${reason}`, { cause });
  }
}

/** What one offer has in a message beside its forms, and each of these; bytes. */
const [offerBytes, formBytes] = [120, 100];

/**
 * What is ready here of some objects, then of the bases of their deltas, and of the bases of those: a child that holds none of
 * the first ones may hold one further back. Only what retained manifests of the repository reference is named.
 */
export const findOffers: Job<OffersRequest & { readonly repository: string }, Offer[]> = {
  name: 'find-offers',
  run(store, { repository, objects }, control) {
    const names = readdirSync(store.layout.encodings);
    const offers: Offer[] = [];
    const seen = new Set<Sha256>();
    let room: number = limits.offersBytes;
    let next = [...new Set(objects)].filter((object) => store.objects.belongs(repository, object));
    for (let step = 0; step < mostSteps && next.length > 0; step += 1) {
      control.throwIfStopped();
      const ready = formsOf(store, repository, names, next);
      const bases = new Set<Sha256>();
      for (const object of next) {
        seen.add(object);
        const forms = ready.get(object) ?? [];
        const size = store.objects.size(object);
        if (forms.length === 0 || size === undefined) continue;
        room -= offerBytes + forms.length * formBytes;
        if (room < 0 || offers.length === limits.offers) return offers;
        offers.push({ object, size, forms });
        for (const { base, bytes } of forms) if (base !== null && bytes !== null) bases.add(base);
      }
      next = [...bases].filter((base) => !seen.has(base));
    }
    return offers;
  },
};

/** Answers questions for offers. Each goes through all encodings, so a child gets one answer after the other, however many it asks for. */
export class Offering {
  /** The last question of each child that has one open. */
  private readonly last = new Map<string, Promise<unknown>>();

  constructor(private readonly run: RunJob) {}

  /**
   * @param isWanted false once nobody waits for the answer
   * @throws DepotError `interrupted` where it is not wanted any more when its turn comes
   */
  async find(
    child: string,
    question: OffersRequest & { readonly repository: string },
    isWanted: () => boolean,
  ): Promise<Offer[]> {
    const before = this.last.get(child);
    const answer = (async () => {
      await before?.catch(() => undefined);
      if (!isWanted()) throw new DepotError('interrupted', `${child} asked for offers, and did not wait for them`);
      return this.run(findOffers, question);
    })();
    this.last.set(child, answer);
    try {
      return await answer;
    } finally {
      if (this.last.get(child) === answer) this.last.delete(child);
    }
  }
}

/** The files that there are: what is compressed by itself, then the deltas, the smallest first. */
function formsOf(
  store: Store,
  repository: string,
  names: readonly string[],
  objects: readonly Sha256[],
): Map<Sha256, OfferedForm[]> {
  const wanted = new Map<string, OfferedForm[]>(objects.map((object) => [object, []]));
  for (const name of names) {
    const forms = wanted.get(name.slice(0, 64));
    const encoding = forms === undefined ? undefined : parseEncodingName(name);
    if (forms === undefined || encoding === undefined) continue;
    const { base } = encoding;
    if (base !== null && !store.objects.belongs(repository, base)) continue;
    const size = statSync(join(store.layout.encodings, name), { throwIfNoEntry: false })?.size;
    // What does not pay has an empty file.
    if (size !== undefined) forms.push({ base, bytes: size === 0 ? null : size });
  }
  for (const [object, forms] of wanted) wanted.set(object, smallest(forms));
  return wanted as Map<Sha256, OfferedForm[]>;
}

function smallest(forms: readonly OfferedForm[]): OfferedForm[] {
  const rank = ({ base, bytes }: OfferedForm): number => (base === null ? 0 : (bytes ?? Number.MAX_SAFE_INTEGER));
  return [...forms].sort((a, b) => rank(a) - rank(b)).slice(0, limits.offeredForms);
}
