import { Chances, codeTree, type BitCoder } from './patch-coder.js';
import { DifferenceGuesses, guesses } from './patch-guesses.js';
import { NumberModel, unzigzag, zigzag } from './patch-number.js';
import { nextOperand, putWord, wordAt } from './patch-operands.js';
import type { Quiet } from './patch-quiet.js';
import { unknown } from './patch-shifts.js';

/** A copy is coded in parts of so many bytes, none of which looks into another. */
export const partBytes = 64 * 1024;

/** What a word that is coded as one may differ by, where its highest byte changes. */
const wideDifference = 2 ** 25;

/** What differs between copies and their originals. PATCH.md section 5 has the model; writer and reader share it. */
export class ChangeModel {
  /** The part as it was in the base. */
  readonly old = new Uint8Array(partBytes);
  readonly #pairs = new Uint16Array(this.old.buffer);
  readonly #coder: BitCoder;
  readonly #quiet: Quiet;
  readonly #guesses = new DifferenceGuesses();
  readonly #isExpected = new Chances(2 * 65536);
  readonly #isGuess = new Chances(guesses * 256);
  readonly #isWord = new Chances(256);
  readonly #differences: NumberModel;
  readonly #bytes = new Chances(256 * 256);
  #lastByte = 0;

  constructor(coder: BitCoder, quiet: Quiet) {
    this.#coder = coder;
    this.#quiet = quiet;
    this.#differences = new NumberModel(coder, 1);
  }

  /**
   * Turns what begins `old`, and lies at `position` in the base, into what it became at `place`. A writer has that in
   * `next`; a reader has the old bytes there, and puts the new ones in.
   */
  part(next: Uint8Array, position: number, place: number): void {
    const moved = (place - position) | 0;
    const end = next.length;
    for (let i = 0, operand = 0; i < end;) {
      if (operand <= i) operand = nextOperand(this.old, this.#pairs, Math.max(2, i), end);
      i += this.#quiet.stay(this.old, next, i, operand);
      if (i < operand) i += this.#change(next, i, position, moved);
      else if (operand < end) i += this.#operand(next, i, position, moved);
    }
  }

  /** What is likely to be an operand. @returns how many bytes are done */
  #operand(next: Uint8Array, i: number, position: number, moved: number): number {
    const old = this.old;
    const word = wordAt(old, i);
    const target = (position + i + 4 + word) | 0;
    const move = this.#guesses.moveOf(target);
    if (move === unknown || move === moved) {
      if (this.#quiet.stay(old, next, i, i + 1) === 0) return this.#change(next, i, position, moved);
      if (move === unknown) this.#guesses.learnMove(target, moved);
      return 1;
    }
    const guess = (move - moved) | 0;
    const difference = (wordAt(next, i) - word) | 0;
    const context = ((old[i - 1]! << 8) | old[i - 2]!) << 1;
    const isGuess = this.#coder.bit(this.#isExpected, context, difference === guess ? 1 : 0) === 1;
    if (!isGuess && this.#coder.bit(this.#isExpected, context + 1, difference === 0 ? 1 : 0) === 0) {
      return this.#change(next, i, position, moved);
    }
    const found = isGuess ? guess : 0;
    this.#guesses.learn(word, target, found, moved);
    putWord(next, i, word + found);
    return 4;
  }

  /** What is not as it was, and begins at `i`. @returns how many bytes are done */
  #change(next: Uint8Array, i: number, position: number, moved: number): number {
    if (i + 4 <= next.length) {
      const word = wordAt(this.old, i);
      const target = (position + i + 4 + word) | 0;
      const found = this.#word(next, i, word, target, moved);
      if (found !== 0) {
        this.#guesses.learn(word, target, found, moved);
        putWord(next, i, word + found);
        return 4;
      }
    }
    const was = this.old[i]!;
    this.#lastByte = codeTree(this.#coder, this.#bytes, this.#lastByte, 8, (next[i]! - was) & 255);
    next[i] = (was + this.#lastByte) & 255;
    return 1;
  }

  /** The difference of the word at `i`; 0 where it is not told as a word. */
  #word(next: Uint8Array, i: number, word: number, target: number, moved: number): number {
    const before = i > 0 ? this.old[i - 1]! : 0;
    const difference = (wordAt(next, i) - word) | 0;
    for (let g = 0; g < guesses; g++) {
      const guess = this.#guesses.guess(g, word, target, moved);
      if (guess === 0) continue;
      if (this.#coder.bit(this.#isGuess, (g << 8) | before, difference === guess ? 1 : 0) === 1) return guess;
    }
    const isWord =
      next[i + 3] === this.old[i + 3] || (Math.abs(difference) < wideDifference && next[i + 1] !== this.old[i + 1]);
    if (this.#coder.bit(this.#isWord, before, isWord ? 1 : 0) === 0) return 0;
    return unzigzag(this.#differences.code(0, zigzag(difference)));
  }
}
