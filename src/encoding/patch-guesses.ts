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
  /** Those for the present word. */
  readonly #given = new Int32Array(guesses);

  /** How far what lies at `target` was moved; `unknown` where nothing tells. */
  moveOf(target: number): number {
    const move = this.#targets.get(target);
    return move === unknown ? this.#targetPages.get(target >> 12) : move;
  }

  /**
   * The guess in this place, from 0 on, for a word whose place was `moved`; 0 where there is none, or it is the same as one
   * before. They are asked for in order: the first is right most of the time, and the rest need not be looked up.
   */
  guess(place: number, word: number, target: number, moved: number): number {
    const guess = this.#inPlace(place, word, target, moved);
    this.#given[place] = guess;
    for (let before = 0; before < place; before++) if (this.#given[before] === guess) return 0;
    return guess;
  }

  #inPlace(place: number, word: number, target: number, moved: number): number {
    switch (place) {
      case 0:
        return relative(this.#targets.get(target), moved);
      case 1:
        return relative(this.#targetPages.get(target >> 12), moved);
      case 2:
        return relative(this.#values.get(word >> 8), 0);
      case 3:
        return relative(this.#valuePages.get(word >> 12), 0);
      case 4:
        return relative(this.#valueRegions.get(word >> 16), 0);
      case 5:
        return relative(this.#targetRegions.get(target >> 16), moved);
      default:
        return this.#last;
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
