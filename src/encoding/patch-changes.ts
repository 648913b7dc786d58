import { Chances, codeTree, type BitCoder } from './patch-coder.js';
import type { Quiet } from './patch-gaps.js';
import { NumberModel, unzigzag, zigzag } from './patch-number.js';
import { ShiftTable, unknown } from './patch-shifts.js';

/** A copy is coded in parts of so many bytes, none of which looks into another. */
export const partBytes = 64 * 1024;

const always = 1;
const afterEscape = 2;

/**
 * What differs between a copy and its original. An address in code is relative to the place where it stands, so what it
 * points to tells how it changes: as far as the target was moved, less as far as the place was. Where the target was
 * moved to is learned from the addresses before it. PATCH.md has the model; writer and reader share it.
 */
export class ChangeModel {
  readonly #coder: BitCoder;
  readonly #quiet: Quiet;
  readonly #targets = new ShiftTable(18);
  readonly #pages = new ShiftTable(16);
  readonly #regions = new ShiftTable(14);
  readonly #values = new ShiftTable(18);
  readonly #valuePages = new ShiftTable(16);
  readonly #valueRegions = new ShiftTable(14);
  readonly #expected = new Chances(2 * 65536);
  readonly #isCandidate = new Chances(8 * 256);
  readonly #isWord = new Chances(256);
  readonly #differences: NumberModel;
  readonly #bytes = new Chances(256 * 256);
  readonly #candidates = new Int32Array(8);
  /** The part as it was in the base. */
  readonly old = new Uint8Array(partBytes);
  /** The same in pairs. */
  readonly #pairs = new Uint16Array(this.old.buffer);
  #last = 0;
  #lastByte = 0;

  constructor(coder: BitCoder, quiet: Quiet) {
    this.#coder = coder;
    this.#differences = new NumberModel(coder, 1);
    this.#quiet = quiet;
  }

  /**
   * Turns the first `length` bytes of `old`, which the base has at `position`, into what they became at `place`. What
   * writes has that in `next`; what reads has the old bytes there, and finds the new ones.
   */
  part(next: Uint8Array, position: number, place: number): void {
    const moved = (place - position) | 0;
    const old = this.old;
    const end = next.length;
    for (let i = 0, site = 0; i < end;) {
      if (site <= i) site = this.#nextOperand(Math.max(2, i), end);
      const stay = this.#quiet.stay(old, next, i, site);
      i += stay;
      if (i < site) i += this.#change(old, next, i, position, moved);
      else if (site < end) i += this.#atSite(old, next, i, position, moved);
    }
  }

  /** Where an operand begins, from `from` on; or the end. */
  #nextOperand(from: number, end: number): number {
    const [old, pairs] = [this.old, this.#pairs];
    const last = end - 5;
    for (let before = from - 1; before <= last; before++) {
      if (before % 2 === 0) {
        while (before <= last && quietPairs[pairs[before >> 1]!] === 1) before += 2;
        if (before > last) return end;
      }
      const kind = beforeOperand[old[before]!];
      if (kind !== 0 && (kind === always || old[before - 1] === 0x0f)) return before + 1;
    }
    return end;
  }

  #atSite(old: Uint8Array, next: Uint8Array, i: number, position: number, moved: number): number {
    const word = wordAt(old, i);
    const target = (position + i + 4 + word) | 0;
    let shift = this.#targets.get(target);
    if (shift === unknown) shift = this.#pages.get(target >> 12);
    if (shift === unknown || shift === moved) {
      if (this.#quiet.stay(old, next, i, i + 1) === 0) return this.#change(old, next, i, position, moved);
      if (shift === unknown) {
        this.#pages.set(target >> 12, moved);
        this.#targets.set(target, moved);
      }
      return 1;
    }
    const guess = (shift - moved) | 0;
    const context = ((old[i - 1]! << 8) | old[i - 2]!) << 1;
    const difference = (wordAt(next, i) - word) | 0;
    let found = guess;
    if (this.#coder.bit(this.#expected, context, difference === guess ? 1 : 0) === 0) {
      if (this.#coder.bit(this.#expected, context + 1, difference === 0 ? 1 : 0) === 0) {
        return this.#change(old, next, i, position, moved);
      }
      found = 0;
    }
    this.#learn(target, word, found, moved);
    putWord(next, i, word + found);
    return 4;
  }

  /** @returns how many bytes it is about */
  #change(old: Uint8Array, next: Uint8Array, i: number, position: number, moved: number): number {
    const op = i > 0 ? old[i - 1]! : 0;
    if (i + 4 <= next.length) {
      const word = wordAt(old, i);
      const difference = (wordAt(next, i) - word) | 0;
      const target = (position + i + 4 + word) | 0;
      const found = this.#word(old, next, i, op, word, difference, target, moved);
      if (found !== 0) {
        this.#learn(target, word, found, moved);
        this.#last = found;
        putWord(next, i, word + found);
        return 4;
      }
    }
    const was = old[i]!;
    const change = (next[i]! - was) & 255;
    const byte = codeTree(this.#coder, this.#bytes, this.#lastByte, 8, change);
    this.#lastByte = byte;
    next[i] = (was + byte) & 255;
    return 1;
  }

  /** The difference of a word, or 0 where single bytes say it better. */
  #word(
    old: Uint8Array,
    next: Uint8Array,
    i: number,
    op: number,
    word: number,
    difference: number,
    target: number,
    moved: number,
  ): number {
    const candidates = this.#candidates;
    candidates[0] = relative(this.#targets.get(target), moved);
    candidates[1] = relative(this.#pages.get(target >> 12), moved);
    candidates[2] = relative(this.#values.get(word >> 8), 0);
    candidates[3] = relative(this.#valuePages.get(word >> 12), 0);
    candidates[4] = relative(this.#valueRegions.get(word >> 16), 0);
    candidates[5] = relative(this.#regions.get(target >> 16), moved);
    candidates[6] = this.#last;
    for (let c = 0; c < 7; c++) {
      const candidate = candidates[c]!;
      if (candidate === 0) continue;
      let isNew = true;
      for (let d = 0; d < c; d++) if (candidates[d] === candidate) isNew = false;
      if (isNew && this.#coder.bit(this.#isCandidate, (c << 8) | op, difference === candidate ? 1 : 0) === 1)
        return candidate;
    }
    const isWord = next[i + 3] === old[i + 3] || (Math.abs(difference) < 2 ** 25 && next[i + 1] !== old[i + 1]);
    if (this.#coder.bit(this.#isWord, op, isWord ? 1 : 0) === 0) return 0;
    return unzigzag(this.#differences.code(0, zigzag(difference)));
  }

  #learn(target: number, word: number, difference: number, moved: number): void {
    const shift = (difference + moved) | 0;
    this.#targets.set(target, shift);
    this.#pages.set(target >> 12, shift);
    this.#regions.set(target >> 16, shift);
    this.#values.set(word >> 8, difference);
    this.#valuePages.set(word >> 12, difference);
    this.#valueRegions.set(word >> 16, difference);
  }
}

/** Bytes that an operand relative to its place follows: x86 call, jump, ModRM of what is relative to rip. */
const beforeOperand = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0xe8 || byte === 0xe9 || (byte & 0xc7) === 0x05) return always;
  return (byte & 0xf0) === 0x80 ? afterEscape : 0; // conditional jumps
});

/** 1 for two bytes, the first one low, that no operand follows, and neither one is half of what does. */
const quietPairs = Uint8Array.from({ length: 65536 }, (_, pair) =>
  beforeOperand[pair & 255] === 0 &&
  (beforeOperand[pair >> 8] === 0 || (beforeOperand[pair >> 8] === afterEscape && (pair & 255) !== 0x0f))
    ? 1
    : 0,
);

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function putWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word & 255;
  bytes[at + 1] = (word >>> 8) & 255;
  bytes[at + 2] = (word >>> 16) & 255;
  bytes[at + 3] = word >>> 24;
}

function relative(shift: number, moved: number): number {
  return shift === unknown ? 0 : (shift - moved) | 0;
}
