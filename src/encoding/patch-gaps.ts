import { codeTree, Chances, type BitCoder } from './patch-coder.js';

const symbolBits = 6;
/** From here on a symbol is a number of bits. */
const exact = 36;

/** The lengths between differences, each in the context of the two before it. */
export class GapModel {
  readonly #symbols = new Chances(2 ** (3 * symbolBits));
  readonly #isLikely = new Chances(2 ** (2 * symbolBits));
  /** What came last after the same two. */
  readonly #likely = new Uint8Array(2 ** (2 * symbolBits));
  readonly #low = new Chances(2 ** symbolBits);
  readonly #coder: BitCoder;
  #context = 0;

  constructor(coder: BitCoder) {
    this.#coder = coder;
  }

  code(gap: number): number {
    const bits = 31 - Math.clz32(gap);
    const wanted = gap < exact ? gap : exact + bits - 5;
    const likely = this.#likely[this.#context]!;
    const symbol =
      this.#coder.bit(this.#isLikely, this.#context, wanted === likely ? 1 : 0) === 1
        ? likely
        : codeTree(this.#coder, this.#symbols, this.#context, symbolBits, wanted);
    this.#likely[this.#context] = symbol;
    this.#context = ((this.#context << symbolBits) | symbol) & (2 ** (2 * symbolBits) - 1);
    if (symbol < exact) return symbol;
    let value = 1;
    for (let bit = symbol - exact + 5 - 1; bit >= 0; bit--) {
      value = ((value << 1) | this.#coder.bit(this.#low, symbol, (gap >>> bit) & 1)) >>> 0;
    }
    return value;
  }
}

/** What tells how many bytes stay as they were. */
export interface Quiet {
  /** How many do so of those from `from` to `to`, until the first that does not; a reader does not look at them. */
  stay(old: Uint8Array, next: Uint8Array, from: number, to: number): number;
}

export class QuietWriter implements Quiet {
  readonly #gaps: GapModel;
  #length = 0;

  constructor(coder: BitCoder) {
    this.#gaps = new GapModel(coder);
  }

  stay(old: Uint8Array, next: Uint8Array, from: number, to: number): number {
    let at = from;
    while (at < to && old[at] === next[at]) at++;
    this.#length += at - from;
    if (at < to) this.finish();
    return at - from;
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

  stay(_old: Uint8Array, _next: Uint8Array, from: number, to: number): number {
    const stays = Math.min(this.#length, to - from);
    if (stays < to - from) this.#length = this.#gaps.code(0);
    else this.#length -= stays;
    return stays;
  }
}
