import type { Sha256 } from '../model/sha256.js';

/**
 * A set of hashes by their first 64 bits: 16 to 32 bytes a hash, so that a million cost what a manifest page costs. It may
 * say yes for a hash that was never added (one in 10^13 at a million), never no for one that was.
 */
export class PrefixSet {
  private high = new Uint32Array(1024);
  private low = new Uint32Array(1024);
  private count = 0;

  get size(): number {
    return this.count;
  }

  add(sha256: Sha256): void {
    if (this.count * 2 >= this.high.length) this.grow();
    this.insert(firstWord(sha256), secondWord(sha256));
  }

  has(sha256: Sha256): boolean {
    const high = firstWord(sha256);
    const low = secondWord(sha256);
    const slot = this.slotOf(high, low);
    return this.high[slot] === high && this.low[slot] === low;
  }

  private insert(high: number, low: number): void {
    const slot = this.slotOf(high, low);
    if (this.high[slot] === high && this.low[slot] === low) return;
    this.high[slot] = high;
    this.low[slot] = low;
    this.count += 1;
  }

  /** Where the prefix stands, or the empty slot where it would. */
  private slotOf(high: number, low: number): number {
    const mask = this.high.length - 1;
    let slot = (high ^ low) & mask;
    while ((this.high[slot] !== 0 || this.low[slot] !== 0) && (this.high[slot] !== high || this.low[slot] !== low)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private grow(): void {
    const { high, low } = this;
    this.high = new Uint32Array(high.length * 2);
    this.low = new Uint32Array(high.length * 2);
    this.count = 0;
    for (let slot = 0; slot < high.length; slot += 1) {
      const first = high[slot] ?? 0;
      const second = low[slot] ?? 0;
      if (first !== 0 || second !== 0) this.insert(first, second);
    }
  }
}

function firstWord(sha256: Sha256): number {
  return Number.parseInt(sha256.slice(0, 8), 16);
}

/** Never 0, because two zero words mark an empty slot. */
function secondWord(sha256: Sha256): number {
  return Number.parseInt(sha256.slice(8, 16), 16) || 1;
}
