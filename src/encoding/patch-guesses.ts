import { ShiftTable, unknown } from './patch-shifts.js';

/** How many guesses there are for the difference of a word. */
export const guesses = 7;

/**
 * What the differences of words are likely to be, by those seen before. A word may be an address relative to its place:
 * then it changes as far as its target was moved, less as far as the place was. Or it says where something is in another
 * way: then it changes like words of about its value.
 */
export class DifferenceGuesses {
  readonly #targets = new ShiftTable(18);
  readonly #targetPages = new ShiftTable(16);
  readonly #targetRegions = new ShiftTable(14);
  readonly #values = new ShiftTable(18);
  readonly #valuePages = new ShiftTable(16);
  readonly #valueRegions = new ShiftTable(14);
  #last = 0;

  /** How far what lies at `target` was moved; `unknown` where nothing tells. */
  moveOf(target: number): number {
    const move = this.#targets.get(target);
    return move === unknown ? this.#targetPages.get(target >> 12) : move;
  }

  /** Fills `into` with guesses for a word whose place was `moved`; 0 where there is none, or it is the same as another. */
  list(into: Int32Array, word: number, target: number, moved: number): void {
    into[0] = relative(this.#targets.get(target), moved);
    into[1] = relative(this.#targetPages.get(target >> 12), moved);
    into[2] = relative(this.#values.get(word >> 8), 0);
    into[3] = relative(this.#valuePages.get(word >> 12), 0);
    into[4] = relative(this.#valueRegions.get(word >> 16), 0);
    into[5] = relative(this.#targetRegions.get(target >> 16), moved);
    into[6] = this.#last;
    for (let i = 1; i < guesses; i++) {
      for (let j = 0; j < i; j++) if (into[i] === into[j]) into[i] = 0;
    }
  }

  learn(word: number, target: number, difference: number, moved: number): void {
    const move = (difference + moved) | 0;
    this.#targets.set(target, move);
    this.#targetPages.set(target >> 12, move);
    this.#targetRegions.set(target >> 16, move);
    this.#values.set(word >> 8, difference);
    this.#valuePages.set(word >> 12, difference);
    this.#valueRegions.set(word >> 16, difference);
    if (difference !== 0) this.#last = difference;
  }

  /** Of the first word that points to `target`, which did not change. */
  learnMove(target: number, move: number): void {
    this.#targets.set(target, move);
    this.#targetPages.set(target >> 12, move);
  }
}

function relative(move: number, moved: number): number {
  return move === unknown ? 0 : (move - moved) | 0;
}
