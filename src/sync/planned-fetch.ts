import { largeBytes } from '../model/encoding.js';
import type { FileCount } from '../model/plan-status.js';
import type { WantedObject } from '../store/transfers.js';

/** What a plan fetches. */
export interface PlannedFetch {
  readonly fetch: FileCount;
  /** The large objects of it, the first `mostForetold`, in the order in which they are asked for: each can be a base of those behind it. */
  readonly large: readonly WantedObject[];
}

/** Large objects of one plan of which a parent is asked what it has; of others it is at most their size that crosses the line. */
const mostForetold = 10_000;

/** Collects the large objects of a plan. */
export class LargeObjects {
  readonly all: WantedObject[] = [];

  add(object: WantedObject): void {
    if (object.size > largeBytes && this.all.length < mostForetold) this.all.push(object);
  }
}
