import type { Host } from '../host.js';
import { bytesPerSecond, type Rate } from '../model/rate.js';

/** A speed is what came in so much time in which something was under way, milliseconds. */
const sampleMs = 500;
/** No part is smaller because the line is slow, and none is larger before it is known how fast it is; bytes. */
const [leastBytes, firstBytes] = [16 * 1024, 64 * 1024];
/** Of the line, as fast as it really is, seconds. */
const secondsUnderWay = 2;

/**
 * What was asked for and has not come yet, and how fast it comes: that may be less than the rate, where the line or the parent
 * gives less, and is all there is to go by where there is none. It bounds what is still to come when the line closes.
 */
export class Flow {
  /** By the rate at which it was asked for, the oldest first. */
  private readonly underWay = new Map<Rate, number>();
  private sum = 0;
  private cameBytes = 0;
  private busyMs = 0;
  private lookedAtMs: number;
  private measured: number | undefined;

  constructor(private readonly host: Pick<Host, 'monotonic'>) {
    this.lookedAtMs = host.monotonic();
  }

  /** Bytes a second; undefined before it was measured. */
  get speed(): number | undefined {
    return this.measured;
  }

  /** So many bytes are asked for. */
  begin(bytes: number, rate: Rate): void {
    this.look();
    this.underWay.set(rate, (this.underWay.get(rate) ?? 0) + bytes);
    this.sum += bytes;
  }

  /** So many came, of those that were asked for. */
  came(bytes: number): void {
    this.look();
    this.cameBytes += bytes;
    if (this.busyMs >= sampleMs) {
      this.measured = (this.cameBytes * 1000) / this.busyMs;
      [this.cameBytes, this.busyMs] = [0, 0];
    }
    this.end(bytes);
  }

  /** So many will not come. */
  dropped(bytes: number): void {
    this.look();
    this.end(bytes);
  }

  /** The most that one part may have at a rate, as far as this tells. */
  mostOfPart(rate: Rate): number {
    if (this.measured !== undefined) return Math.max(leastBytes, this.measured * secondsUnderWay);
    return rate === 'unlimited' ? firstBytes : Infinity;
  }

  /** Whether nothing more should be asked for before some has come. */
  get isFull(): boolean {
    return this.measured !== undefined && this.sum >= Math.max(leastBytes, this.measured * secondsUnderWay);
  }

  /** The rate, or that of what is under way where it is faster: a part ends at the rate that it was asked for. */
  fastest(rate: Rate): Rate {
    return [...this.underWay.keys()].reduce((a, b) => (bytesPerSecond(b) > bytesPerSecond(a) ? b : a), rate);
  }

  private end(bytes: number): void {
    let left = Math.min(bytes, this.sum);
    this.sum -= left;
    for (const [rate, some] of this.underWay) {
      const ended = Math.min(left, some);
      left -= ended;
      if (ended === some) this.underWay.delete(rate);
      else this.underWay.set(rate, some - ended);
      if (left === 0) return;
    }
  }

  private look(): void {
    const now = this.host.monotonic();
    if (this.sum > 0) this.busyMs += now - this.lookedAtMs;
    this.lookedAtMs = now;
  }
}
