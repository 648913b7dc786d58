import { codeTree, Chances, type BitCoder } from './patch-coder.js';

const symbolBits = 6;
/** From here on a symbol is a number of bits. */
const exact = 36;

/** The lengths between differences, each in the context of the two before it. */
export class GapModel {
  readonly #symbols = new Chances(2 ** (3 * symbolBits));
  readonly #low = new Chances(2 ** symbolBits);
  readonly #coder: BitCoder;
  #context = 0;

  constructor(coder: BitCoder) {
    this.#coder = coder;
  }

  code(gap: number): number {
    const bits = 31 - Math.clz32(gap);
    const wanted = gap < exact ? gap : exact + bits - 5;
    const symbol = codeTree(this.#coder, this.#symbols, this.#context, symbolBits, wanted);
    this.#context = ((this.#context << symbolBits) | symbol) & (2 ** (2 * symbolBits) - 1);
    if (symbol < exact) return symbol;
    let value = 1;
    for (let bit = symbol - exact + 5 - 1; bit >= 0; bit--) {
      value = ((value << 1) | this.#coder.bit(this.#low, symbol, (gap >>> bit) & 1)) >>> 0;
    }
    return value;
  }
}

/** What tells whether a byte stays as it was. */
export interface Quiet {
  /** Takes note of whether it `stays`, or does not look at that and tells. */
  stays(stays: boolean): boolean;
}

export class QuietWriter implements Quiet {
  readonly #gaps: GapModel;
  #length = 0;

  constructor(coder: BitCoder) {
    this.#gaps = new GapModel(coder);
  }

  stays(stays: boolean): boolean {
    if (stays) this.#length++;
    else this.finish();
    return stays;
  }

  finish(): void {
    this.#gaps.code(this.#length);
    this.#length = 0;
  }
}

export class QuietReader implements Quiet {
  readonly #gaps: GapModel;
  #length: number;

  constructor(coder: BitCoder) {
    this.#gaps = new GapModel(coder);
    this.#length = this.#gaps.code(0);
  }

  stays(): boolean {
    if (this.#length > 0) {
      this.#length--;
      return true;
    }
    this.#length = this.#gaps.code(0);
    return false;
  }
}
