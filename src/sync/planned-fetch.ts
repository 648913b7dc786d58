import { largeBytes } from '../model/encoding.js';
import type { FileCount } from '../model/plan-status.js';
import type { WantedObject } from '../store/transfers.js';

/** What a plan fetches. */
export interface PlannedFetch {
  readonly fetch: FileCount;
  /** The large objects of it, the first `mostForetold`, batch by batch: a batch is fetched when those before it are here. */
  readonly large: readonly (readonly WantedObject[])[];
}

/** Large objects of one plan of which a parent is asked what it has; of others it is at most their size that crosses the line. */
const mostForetold = 10_000;

/** Collects the large objects of a plan. */
export class LargeObjects {
  private readonly batches: WantedObject[][] = [];
  private count = 0;

  add(object: WantedObject): void {
    if (object.size <= largeBytes || this.count === mostForetold) return;
    this.count += 1;
    if (this.batches.length === 0) this.nextBatch();
    this.batches.at(-1)?.push(object);
  }

  nextBatch(): void {
    this.batches.push([]);
  }

  get all(): PlannedFetch['large'] {
    return this.batches;
  }
}
