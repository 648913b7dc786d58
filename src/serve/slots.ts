import type { Host } from '../host.js';
import { DepotError } from '../model/errors.js';

/** A child that has not asked for so long has given up its place: frames follow each other sooner. */
const idleMs = 5_000;
/** Who has had a place for so long gives it up to one that was sent away. */
const turnMs = 60_000;
/** When those sent away are asked to come back, and how long a place is kept free for the one whose turn it is. */
const comeBackMs = 10_000;
const keptMs = 2 * comeBackMs;

interface Place {
  readonly sinceMs: number;
  answers: number;
  lastMs: number;
}

/**
 * Places for the children that are given bulk bytes. Those that find none are told when to come back, and get the next
 * places in the order in which they first came.
 */
export class Slots {
  private readonly places = new Map<string, Place>();
  /** Who was sent away, when it last came. */
  private readonly queue = new Map<string, number>();

  constructor(
    private readonly host: Pick<Host, 'monotonic' | 'random'>,
    private readonly most: () => number,
  ) {}

  /** @returns to be called when the answer has ended. @throws DepotError `parent-busy` */
  enter(depot: string): () => void {
    const now = this.host.monotonic();
    this.tidy(now);
    const held = this.places.get(depot);
    if (held !== undefined && !(held.answers === 0 && now - held.sinceMs > turnMs && this.isWanted(depot))) {
      return this.answer(held, now);
    }
    this.places.delete(depot);
    const before = held === undefined ? this.before(depot) : this.queue.size;
    if (this.places.size + before >= this.most()) {
      this.queue.set(depot, now);
      const message = `${this.most()} depots are being served, and ${before} come before this one`;
      throw new DepotError('parent-busy', message, { retryAfterMs: comeBackMs * (1 + this.host.random() / 2) });
    }
    this.queue.delete(depot);
    const place = { sinceMs: now, answers: 0, lastMs: now };
    this.places.set(depot, place);
    return this.answer(place, now);
  }

  private answer(place: Place, now: number): () => void {
    place.answers += 1;
    place.lastMs = now;
    return () => {
      place.answers -= 1;
      place.lastMs = this.host.monotonic();
    };
  }

  private isWanted(depot: string): boolean {
    return [...this.queue.keys()].some((other) => other !== depot);
  }

  /** How many were sent away before it. */
  private before(depot: string): number {
    const order = [...this.queue.keys()];
    const at = order.indexOf(depot);
    return at < 0 ? order.length : at;
  }

  private tidy(now: number): void {
    for (const [depot, { answers, lastMs }] of this.places) {
      if (answers === 0 && now - lastMs > idleMs) this.places.delete(depot);
    }
    for (const [depot, lastMs] of this.queue) if (now - lastMs > keptMs) this.queue.delete(depot);
  }
}
