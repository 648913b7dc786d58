import { Chances, codeTree, type BitCoder } from './patch-coder.js';

const lengthBits = 5;
/** Of the bits below the highest, so many are coded in the context of those above them. */
const topBits = 3;

/** The bits of a number below its highest. */
export class LowBits {
  readonly #chances = new Chances(32 * 64);
  readonly #coder: BitCoder;

  constructor(coder: BitCoder) {
    this.#coder = coder;
  }

  code(length: number, number: number): number {
    let value = 1;
    for (let bit = length - 2; bit >= 0; bit--) {
      const place = length - 2 - bit < topBits ? value : 16 + bit;
      value = (value << 1) | this.#coder.bit(this.#chances, (length << 6) | place, (number >>> bit) & 1);
    }
    return value;
  }
}

/** Numbers from 0 to 2^31 - 1: how many bits, then those below the highest. */
export class NumberModel {
  readonly #lengths: Chances;
  readonly #low: LowBits;
  readonly #coder: BitCoder;

  /** @param contexts how many there are to code numbers in */
  constructor(coder: BitCoder, contexts: number) {
    this.#coder = coder;
    this.#lengths = new Chances(contexts << lengthBits);
    this.#low = new LowBits(coder);
  }

  code(context: number, number: number): number {
    const length = codeTree(this.#coder, this.#lengths, context, lengthBits, lengthOf(number));
    return length === 0 ? 0 : this.#low.code(length, number);
  }
}

/** In bits; 0 for 0. */
export function lengthOf(number: number): number {
  return 32 - Math.clz32(number);
}

/** Small numbers of either sign as small ones without: 0, -1, 1, -2, ... */
export function zigzag(number: number): number {
  return (number << 1) ^ (number >> 31);
}

export function unzigzag(number: number): number {
  return (number >>> 1) ^ -(number & 1);
}
