import { codeTree, Chances, type BitCoder } from './patch-coder.js';
import { lengthOf, LowBits } from './patch-number.js';

const symbolBits = 6;
/** Shorter ones are a symbol each, longer ones share one with those of as many bits. */
const exactBits = 5;
const exact = 2 ** exactBits;

/** The lengths between differences, each in the context of the two before it. */
export class GapModel {
  readonly #symbols = new Chances(2 ** (3 * symbolBits));
  readonly #isLikely = new Chances(2 ** (2 * symbolBits));
  /** What came last after the same two. */
  readonly #likely = new Uint8Array(2 ** (2 * symbolBits));
  readonly #low: LowBits;
  readonly #coder: BitCoder;
  #context = 0;

  constructor(coder: BitCoder) {
    this.#coder = coder;
    this.#low = new LowBits(coder);
  }

  code(gap: number): number {
    const wanted = gap < exact ? gap : exact + lengthOf(gap) - exactBits;
    const likely = this.#likely[this.#context]!;
    const symbol =
      this.#coder.bit(this.#isLikely, this.#context, wanted === likely ? 1 : 0) === 1
        ? likely
        : codeTree(this.#coder, this.#symbols, this.#context, symbolBits, wanted);
    this.#likely[this.#context] = symbol;
    this.#context = ((this.#context << symbolBits) | symbol) & (2 ** (2 * symbolBits) - 1);
    return symbol < exact ? symbol : this.#low.code(symbol - exact + exactBits, gap);
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
