import type { LimitFunction } from 'p-limit';
import type { DepotError } from '../model/errors.js';
import type { Offers } from '../model/offer.js';
import type { Sha256 } from '../model/sha256.js';
import type { PlannedShipment } from '../store/transfers.js';
import type { SyncDepot } from './depot.js';
import type { Parent } from './parents.js';
import type { CycleMeter } from './progress.js';

/** What all steps of one fetch share. */
export interface Fetching {
  readonly depot: SyncDepot;
  readonly parent: Parent;
  readonly repository: string;
  readonly meter: CycleMeter;
  readonly signal: AbortSignal;
  /** What the parent said that it has of large objects. */
  readonly offers: Offers;
  /** Until the parent answers that it makes none; a static server does not. */
  makesBundles: boolean;
  /** Whether an encoding is being decoded while it comes. */
  isFollowing: boolean;
  /** One bundle is unpacked at a time: two would wait for each other at the catalogue, and keep others from it. */
  readonly alone: LimitFunction;
}

/** Large objects that are under way, with what tells that they are here, or did not come. */
export type UnderWay = ReadonlyMap<Sha256, Promise<void>>;

/** What travels in one request now. */
export interface Shipping extends PlannedShipment {
  /** What the plan asked for before: it can be waited for, since nothing of it waits for this. */
  readonly before: UnderWay;
}

/** The failures of what runs side by side: the gravest counts. */
export class Failures {
  private gravest: DepotError | undefined;

  note(error: DepotError | undefined): void {
    if (error !== undefined && (this.gravest === undefined || isHopeless(error))) this.gravest = error;
  }

  /** Whether the remaining objects need not be tried. */
  get isHopeless(): boolean {
    return this.gravest !== undefined && isHopeless(this.gravest);
  }

  throwGravest(): void {
    if (this.gravest !== undefined) throw this.gravest;
  }
}

function isHopeless(error: DepotError): boolean {
  return error.code !== 'object-damaged' && error.code !== 'not-found' && error.code !== 'object-missing';
}
