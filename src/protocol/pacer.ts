import type { Host } from '../host.js';
import { LastSecond } from './last-second.js';

/** How a pacer is set; read anew each time, since windows open and close, and people change rates. */
export interface PacerSettings {
  /** Bytes a second; may be 0 or infinite. */
  readonly rate: number;
  /** Bytes that may be made up for at once after a pause, such as the way of a request and its answer. */
  readonly depth: number;
  /**
   * How a pause is made up for; without it all at once. No second has more than the rate and `excess` bytes; for a shorter time
   * there are `peak` bytes a second, and `burst` bytes at once.
   */
  readonly evenly?: { readonly excess: number; readonly peak: number; readonly burst: number };
  /**
   * How long those of higher rank wait for one whose turn is over to ask again; none where ranks are but an order. Without it
   * one that asks for part after part would share the line with them.
   */
  readonly turnoverMs?: number;
  /** Nobody gets a turn now. */
  readonly isHeld?: boolean;
}

interface Waiting {
  readonly bytes: number;
  readonly rank: number;
  /** Bytes that may be owed when its turn comes. */
  readonly lead: number;
  readonly go: () => void;
}

/** The longest sleep, so that another rate takes effect within it. */
const longestMs = 500;
/** While nobody gets a turn it is looked again after so long. */
const lookMs = 20;
/** How long those behind a rank wait for more of it where no rate says how long it takes to come. */
const unpacedMs = 1_000;
/** Timers are not finer. */
const shortestMs = 1;

/**
 * Gives out the bytes of a line at its rate, by the monotonic clock: what is given is owed, and time pays it back. Those
 * with the lowest rank go first; among them the keys get the same of it, however many wait for each and however large their
 * takes are, and whoever comes first within a key. A key that did not ask for a while has not saved anything up
 * (start-time fair queueing: Goyal, Vin, Cheng, SIGCOMM 1996).
 */
export class Pacer {
  private owed = 0;
  /** The same by the peak rate, and what passed, where pauses are made up for evenly. */
  private owedAtPeak = 0;
  private readonly second = new LastSecond();
  private paidAtMs: number;
  private readonly queues = new Map<string, Waiting[]>();
  /** Where the last take began, in bytes that each key could have had until then; and where those of each key end. */
  private begun = 0;
  private readonly ends = new Map<string, number>();
  private isRunning = false;
  /** Until when somebody of a rank, whose turn then is over, is expected to ask again. */
  private readonly expected = new Map<number, number>();
  private waking = new AbortController();

  constructor(
    private readonly host: Pick<Host, 'monotonic' | 'sleep'>,
    private readonly settings: () => PacerSettings,
  ) {
    this.paidAtMs = host.monotonic();
  }

  /**
   * Resolves when so many bytes may pass; then they count as passed.
   * @param how `lead`: bytes that may be owed then already, where the other side sees to the rate
   * @throws the reason of the signal
   */
  async take(
    bytes: number,
    key: string,
    how: { rank?: number; lead?: number; signal?: AbortSignal } = {},
  ): Promise<void> {
    const { rank = 0, lead = 0, signal } = how;
    signal?.throwIfAborted();
    this.pay();
    if (this.queues.size === 0 && this.isDue({ bytes, lead, rank })) {
      this.give(key, bytes, rank);
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = {
        bytes,
        rank,
        lead,
        go: () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };
      const leave = (): void => {
        this.drop(key, waiting);
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.queues.set(key, [...(this.queues.get(key) ?? []), waiting]);
      this.waking.abort();
      void this.serve();
    });
  }

  /** Bytes that passed without being asked for; negative ones were asked for and did not come. */
  charge(bytes: number): void {
    this.pay();
    this.pass(bytes);
  }

  /** Something of a rank came: where there is no rate, more of it is expected. */
  came(rank: number): void {
    this.pay();
    if (this.settings().rate === Infinity) this.expect(rank, 0);
  }

  /** Whether somebody who comes before a rank is waiting, or expected to ask again. */
  isBehind(rank: number): boolean {
    return (
      this.heldMs(rank) > 0 || [...this.queues.values()].some(([first]) => first !== undefined && first.rank < rank)
    );
  }

  /** False while nobody waits and no two ranks are served: then nobody is behind anybody. */
  get isContended(): boolean {
    return this.queues.size > 0 || this.expected.size > 1;
  }

  /** Bytes that are owed; negative: that may be made up for. */
  get debt(): number {
    this.pay();
    return this.owed;
  }

  /** Whether nothing is owed, nobody waits, and nobody is expected to ask again. */
  get isFree(): boolean {
    this.pay();
    return this.queues.size === 0 && this.isDue({ bytes: 0, lead: 0, rank: Infinity });
  }

  private async serve(): Promise<void> {
    if (this.isRunning) return;
    this.isRunning = true;
    for (let next = this.next(); next !== undefined; next = this.next()) {
      this.pay();
      const [key, waiting] = next;
      if (this.isDue(waiting)) {
        this.drop(key, waiting);
        this.give(key, waiting.bytes, waiting.rank);
        waiting.go();
        continue;
      }
      const { rate, evenly, isHeld = false } = this.settings();
      const dueMs = rate > 0 ? ((this.owed - waiting.lead) / rate) * 1000 : longestMs;
      const dueAtPeakMs = evenly === undefined ? 0 : (this.owedAtPeak / evenly.peak) * 1000;
      const ms = isHeld ? lookMs : Math.max(dueMs, dueAtPeakMs, this.heldMs(waiting.rank));
      this.waking = new AbortController();
      // Somebody who comes first may come meanwhile.
      await this.host.sleep(Math.min(Math.max(ms, shortestMs), longestMs), this.waking.signal).catch(() => undefined);
    }
    this.isRunning = false;
  }

  /** The first of the key whose turn it is, among those that come before the others. */
  private next(): [string, Waiting] | undefined {
    let best: [string, Waiting] | undefined;
    for (const [key, [first]] of this.queues) {
      if (first === undefined) continue;
      const isEarlier = best === undefined || this.startOf(key) < this.startOf(best[0]);
      if (best === undefined || first.rank < best[1].rank || (first.rank === best[1].rank && isEarlier)) {
        best = [key, first];
      }
    }
    return best;
  }

  private startOf(key: string): number {
    return Math.max(this.begun, this.ends.get(key) ?? 0);
  }

  private give(key: string, bytes: number, rank: number): void {
    this.pass(bytes);
    this.expect(rank, bytes);
    this.begun = this.startOf(key);
    this.ends.set(key, this.begun + bytes);
    for (const [each, end] of this.ends) if (end <= this.begun) this.ends.delete(each);
  }

  private pass(bytes: number): void {
    this.owed += bytes;
    const { rate, evenly } = this.settings();
    // Without a rate nobody asks for them, so they would be kept for ever.
    if (evenly === undefined || rate === Infinity) return;
    this.owedAtPeak += bytes;
    this.second.add(this.paidAtMs, bytes);
  }

  private expect(rank: number, bytes: number): void {
    const { rate, turnoverMs } = this.settings();
    if (turnoverMs === undefined || rate === 0) return;
    const ms = rate === Infinity ? unpacedMs : (Math.max(bytes, this.owed) / rate) * 1000 + turnoverMs;
    for (const [other, untilMs] of this.expected) if (untilMs < this.paidAtMs) this.expected.delete(other);
    this.expected.set(rank, this.paidAtMs + ms);
  }

  /** Whoever was served goes behind those that have had as much. */
  private drop(key: string, waiting: Waiting): void {
    const left = (this.queues.get(key) ?? []).filter((each) => each !== waiting);
    this.queues.delete(key);
    if (left.length > 0) this.queues.set(key, left);
  }

  private isDue({ bytes, lead, rank }: Pick<Waiting, 'bytes' | 'lead' | 'rank'>): boolean {
    const { rate, evenly, isHeld = false } = this.settings();
    if (isHeld) return false;
    if (rate === Infinity) return this.heldMs(rank) === 0;
    if (rate <= 0 || this.owed > lead + (rate * shortestMs) / 1000 || this.heldMs(rank) > 0) return false;
    if (evenly === undefined) return true;
    if (this.owedAtPeak > (evenly.peak * shortestMs) / 1000) return false;
    const passed = this.second.bytes(this.paidAtMs);
    return passed <= 0 || passed + bytes <= rate + evenly.excess;
  }

  /** How long somebody of a rank waits for others that may ask again first. */
  private heldMs(rank: number): number {
    if (this.settings().turnoverMs === undefined) return 0;
    const untilMs = [...this.expected].reduce((most, [other, ms]) => (other < rank ? Math.max(most, ms) : most), 0);
    return Math.max(0, untilMs - this.host.monotonic());
  }

  private pay(): void {
    const { rate, depth, evenly } = this.settings();
    const now = this.host.monotonic();
    const seconds = (now - this.paidAtMs) / 1000;
    this.owed = rate === Infinity ? -depth : Math.max(-depth, this.owed - rate * seconds);
    this.owedAtPeak = evenly === undefined ? 0 : Math.max(-evenly.burst, this.owedAtPeak - evenly.peak * seconds);
    this.paidAtMs = now;
  }
}
