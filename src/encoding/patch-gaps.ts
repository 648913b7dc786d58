import { codeTree, Chances, type BitCoder } from './patch-coder.js';
import { damagedPatch } from './patch-format.js';
import { lengthOf, LowBits } from './patch-number.js';

const symbolBits = 6;
/** Shorter ones are a symbol each, longer ones share one with those of as many bits. */
const exactBits = 5;
const exact = 2 ** exactBits;
const longest = exact + 31 - exactBits;

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
    if (symbol < exact) return symbol;
    if (symbol > longest) throw damagedPatch('has a gap that cannot be');
    return this.#low.code(symbol - exact + exactBits, gap);
  }
}
