import { PatchBytes } from './patch-bytes.js';
import { damagedPatch } from './patch-format.js';

/** Chances of a one, each learned from what came before in its context: quickly at first, then slower and slower. */
export class Chances {
  /** In 22 bits the chance, in 10 how often it was learned. */
  readonly of: Int32Array;

  constructor(contexts: number) {
    this.of = new Int32Array(contexts).fill(1 << 31);
  }
}

/** The state of a chance after it has learned a bit. */
function learned(state: number, bit: number): number {
  const seen = state & 1023;
  const step = Math.imul(((bit << 22) - (state >>> 10)) >> 3, rates[seen]!) & ~1023;
  return state + step + (seen < slowest ? 1 : 0);
}

const slowest = 60;
const rates = Int32Array.from({ length: slowest + 1 }, (_, seen) => 8192 / (seen + 1.5));

/** Either direction of the binary arithmetic coder, so that a model is written once for both. */
export interface BitCoder {
  /** Writes `bit`, or does not look at it and reads one. @returns the bit */
  bit(chances: Chances, context: number, bit: number): number;
}

/** Carryless, after lpaq (Mahoney 2007). */
export class BitWriter implements BitCoder {
  readonly #bytes = new PatchBytes();
  #low = 0;
  #high = -1;

  bit({ of }: Chances, context: number, bit: number): number {
    const state = of[context]!;
    const middle = split(this.#low, this.#high, state);
    if (bit === 1) this.#high = middle;
    else this.#low = (middle + 1) | 0;
    of[context] = learned(state, bit);
    while (((this.#low ^ this.#high) & highest) === 0) {
      this.#bytes.push(this.#high >>> 24);
      this.#low <<= 8;
      this.#high = (this.#high << 8) | 255;
    }
    return bit;
  }

  finish(): Uint8Array {
    for (let i = 0, low = this.#high; i < 4; i++, low <<= 8) this.#bytes.push((low >>> 24) & 255);
    return this.#bytes.view();
  }
}

/** Throws `object-damaged` where it would have to read more than there is. */
export class BitReader implements BitCoder {
  readonly #bytes: Uint8Array;
  #at = 0;
  #low = 0;
  #high = -1;
  #code = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    for (let i = 0; i < 4; i++) this.#shift();
  }

  bit({ of }: Chances, context: number): number {
    const state = of[context]!;
    const middle = split(this.#low, this.#high, state);
    const bit = this.#code >>> 0 <= middle >>> 0 ? 1 : 0;
    if (bit === 1) this.#high = middle;
    else this.#low = (middle + 1) | 0;
    of[context] = learned(state, bit);
    while (((this.#low ^ this.#high) & highest) === 0) {
      this.#low <<= 8;
      this.#high = (this.#high << 8) | 255;
      this.#shift();
    }
    return bit;
  }

  #shift(): void {
    if (this.#at >= this.#bytes.length) throw damagedPatch('ends early');
    this.#code = (this.#code << 8) | this.#bytes[this.#at++]!;
  }
}

/** Of 32 bits the eight highest. */
const highest = 0xff000000 | 0;

/** Where an interval is parted. Its ends are numbers of 32 bits without sign, kept in such with one, which is what is fast. */
function split(low: number, high: number, state: number): number {
  const range = (high - low) | 0;
  const chance = (state >>> 16) | 1;
  return (low + Math.imul(range >>> 16, chance) + (Math.imul(range & 0xffff, chance) >>> 16)) | 0;
}

/** `value`, of `bits` bits, from the highest down, each in the context of those before it and of `context`. */
export function codeTree(coder: BitCoder, chances: Chances, context: number, bits: number, value: number): number {
  let node = 1;
  for (let bit = bits - 1; bit >= 0; bit--) {
    node = 2 * node + coder.bit(chances, (context << bits) + node, (value >>> bit) & 1);
  }
  return node - (1 << bits);
}
