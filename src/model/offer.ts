import type { EncodingName } from './encoding.js';
import type { Sha256 } from './sha256.js';

/**
 * What a parent has ready of a large object. A hint, and nothing else: the signed size and the hash decide on what comes of
 * it, so what is wrong in it costs bytes at most.
 */
export interface Offer {
  readonly object: Sha256;
  /** Of the object itself, bytes. */
  readonly size: number;
  /** Those that are not listed can be asked for, and are made or declined then. */
  readonly forms: readonly OfferedForm[];
}

export interface OfferedForm {
  /** Null: compressed by itself. */
  readonly base: Sha256 | null;
  /** As it crosses the line; null: it does not pay, and is not given. */
  readonly bytes: number | null;
}

/** Offers by their objects. */
export type Offers = ReadonlyMap<Sha256, Offer>;

/** The form of that name, where the offers list it. */
export function offeredForm(offers: Offers, { sha256, base }: EncodingName): OfferedForm | undefined {
  return offers.get(sha256)?.forms.find((form) => form.base === base);
}

/** Deltas in a row that lead from an object that is held to another one. */
export const mostSteps = 4;
