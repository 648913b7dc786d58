import type { EncodingName } from '../model/encoding.js';
import { mostSteps, offeredForm, type Offers } from '../model/offer.js';
import type { Route } from '../model/route.js';
import type { Sha256 } from '../model/sha256.js';
import type { WantedObject } from '../store/transfers.js';

export type Wanted = Pick<WantedObject, 'sha256' | 'size' | 'form' | 'base'>;

/** What is known where a route is chosen. */
export interface RouteKnowledge {
  readonly offers: Offers;
  readonly isHeld: (object: Sha256) => boolean;
  /** False for forms that were asked for and are not there, or are wrong. */
  readonly isUsable: (name: EncodingName) => boolean;
}

/** What a request costs on the line beside its body. It keeps a chain of many requests from saving some bytes. */
export const requestBytes = 500;

/** What differs more in size is no step on the way: its size is the word of the parent, and takes room on the disk. */
const sizeFactor = 4;

/** Chains that are gone on with at each step, the cheapest: a parent may offer thousands, and a choice is made for each object. */
const mostEnds = 32;

/** The cheapest way by what is offered: whole, by one form, or by a chain of deltas on objects that are not held. */
export function cheapestRoute(wanted: Wanted, { offers, isHeld, isUsable }: RouteKnowledge): Route {
  if (wanted.form === 'raw') return { steps: [], bytes: wanted.size };
  const isThere = remembering(isHeld);
  let best: Route & { readonly cost: number } = { steps: [], bytes: wanted.size, cost: wanted.size + requestBytes };
  let ends = new Map<Sha256, Route & { readonly cost: number }>([[wanted.sha256, { steps: [], bytes: 0, cost: 0 }]]);
  for (let step = 0; step < mostSteps; step += 1) {
    const next: typeof ends = new Map();
    for (const [sha256, end] of ends) {
      const offer = offers.get(sha256);
      const size = sha256 === wanted.sha256 ? wanted.size : (offer?.size ?? 0);
      for (const { base, bytes } of offer?.forms ?? []) {
        const name = { sha256, base };
        // A form that is larger than what it makes is none.
        if (bytes === null || bytes > size || base === wanted.sha256) continue;
        if ((base === null && wanted.form !== 'any') || !isUsable(name)) continue;
        const cost = end.cost + bytes + requestBytes;
        if (cost >= best.cost) continue;
        const route = { steps: [{ name, bytes, size }, ...end.steps], bytes: end.bytes + bytes, cost };
        if (base === null || isThere(base)) best = route;
        else if (isStep(offers, base, wanted) && cost < (next.get(base)?.cost ?? Infinity)) next.set(base, route);
      }
    }
    ends = cheapest(next);
  }
  const { steps, bytes } = best;
  return { steps, bytes };
}

function cheapest<End extends { readonly cost: number }>(ends: Map<Sha256, End>): Map<Sha256, End> {
  if (ends.size <= mostEnds) return ends;
  return new Map([...ends].sort(([, a], [, b]) => a.cost - b.cost).slice(0, mostEnds));
}

/** Asks once for each object. */
function remembering(isHeld: (object: Sha256) => boolean): (object: Sha256) => boolean {
  const known = new Map<Sha256, boolean>();
  return (object) => {
    const isThere = known.get(object) ?? isHeld(object);
    known.set(object, isThere);
    return isThere;
  };
}

function isStep(offers: Offers, base: Sha256, { size }: Wanted): boolean {
  const offer = offers.get(base);
  return offer !== undefined && offer.size <= size * sizeFactor;
}

/**
 * A route is small up to this, or up to this part of its object: a parent needs about a second to make a delta of 10 MB,
 * and most deltas of software are not much smaller.
 */
const small = { bytes: 64 * 1024, part: 1 / 64 };

/**
 * How an object is to be asked for next. Where what is offered is not small, first the delta on what its file was before,
 * which the parent makes if it can; where nothing is offered, what it is compressed, likewise. So of a parent that tells
 * nobody what it has, each form is asked for in turn.
 */
export function nextRoute(wanted: Wanted, knowledge: RouteKnowledge): Route {
  const offered = cheapestRoute(wanted, knowledge);
  const { sha256, size, form, base } = wanted;
  if (form === 'raw') return offered;
  const isSmall = offered.steps.length > 0 && offered.bytes <= Math.max(small.bytes, size * small.part);
  const onDemand: (Sha256 | null)[] = [];
  if (!isSmall && base !== null && knowledge.isHeld(base.sha256)) onDemand.push(base.sha256);
  if (offered.steps.length === 0 && form === 'any') onDemand.push(null);
  for (const each of onDemand) {
    const name = { sha256, base: each };
    if (offeredForm(knowledge.offers, name) !== undefined || !knowledge.isUsable(name)) continue;
    return { steps: [{ name, bytes: null, size }], bytes: offered.bytes };
  }
  return offered;
}

/** Whether a route brings as many bytes as it says, and not only at most. */
export function isExact({ steps }: Route): boolean {
  return steps.every(({ bytes }) => bytes !== null);
}
