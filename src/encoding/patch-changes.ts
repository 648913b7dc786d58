import { Chances, codeTree, type BitCoder } from './patch-coder.js';
import type { Quiet } from './patch-gaps.js';
import { ShiftTable } from './patch-shifts.js';

/** A copy is coded in parts of so many bytes, none of which looks into another. */
export const partBytes = 64 * 1024;

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
  readonly #bits = new Chances(256 * 32 + 64);
  readonly #low = new Chances(64 * 8);
  readonly #bytes = new Chances(256 * 256);
  readonly #candidates = new Int32Array(8);
  #last = 0;
  #lastByte = 0;

  constructor(coder: BitCoder, quiet: Quiet) {
    this.#coder = coder;
    this.#quiet = quiet;
  }

  /**
   * Turns `bytes` of the base at `position` into what they became at `place`. What writes has that in `next`; what reads
   * has the bytes of the base there, and finds the new ones.
   */
  part(old: Uint8Array, next: Uint8Array, position: number, place: number): void {
    const moved = (place - position) | 0;
    const end = old.length;
    for (let i = 0; i < end;) {
      let isSite = false;
      let target = 0;
      if (i >= 2 && i + 4 <= end && isOperand(old[i - 1]!, old[i - 2]!)) {
        target = (position + i + 4 + wordAt(old, i)) | 0;
        const page = target >> 12;
        if (this.#targets.has(target) || this.#pages.has(page)) {
          const guess = ((this.#targets.has(target) ? this.#targets.get(target) : this.#pages.get(page)) - moved) | 0;
          if (guess !== 0) {
            i += this.#atSite(old, next, i, target, moved, guess);
            continue;
          }
        } else isSite = true;
      }
      if (this.#quiet.stays(old[i] === next[i])) {
        if (isSite) {
          this.#pages.set(target >> 12, moved);
          this.#targets.set(target, moved);
        }
        i++;
      } else i += this.#change(old, next, i, position, moved);
    }
  }

  #atSite(old: Uint8Array, next: Uint8Array, i: number, target: number, moved: number, guess: number): number {
    const context = ((old[i - 1]! << 8) | old[i - 2]!) << 1;
    const word = wordAt(old, i);
    const difference = (wordAt(next, i) - word) | 0;
    let found = guess;
    if (this.#coder.bit(this.#expected, context, difference === guess ? 1 : 0) === 0) {
      if (this.#coder.bit(this.#expected, context + 1, difference === 0 ? 1 : 0) === 0) {
        return this.#change(old, next, i, target - 4 - word - i, moved);
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
    if (i + 4 <= old.length) {
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
    candidates[0] = this.#targets.has(target) ? this.#targets.get(target) - moved : 0;
    candidates[1] = this.#pages.has(target >> 12) ? this.#pages.get(target >> 12) - moved : 0;
    candidates[2] = this.#values.has(word >> 8) ? this.#values.get(word >> 8) : 0;
    candidates[3] = this.#valuePages.has(word >> 12) ? this.#valuePages.get(word >> 12) : 0;
    candidates[4] = this.#valueRegions.has(word >> 16) ? this.#valueRegions.get(word >> 16) : 0;
    candidates[5] = this.#regions.has(target >> 16) ? this.#regions.get(target >> 16) - moved : 0;
    candidates[6] = this.#last;
    for (let c = 0; c < 7; c++) {
      const candidate = candidates[c]!;
      if (candidate === 0) continue;
      let isNew = true;
      for (let d = 0; d < c; d++) if (candidates[d] === candidate) isNew = false;
      if (isNew && this.#coder.bit(this.#isCandidate, (c << 8) | op, difference === candidate ? 1 : 0) === 1)
        return candidate;
    }
    const isWord =
      isOperand(op, i > 1 ? old[i - 2]! : 0) ||
      (Math.abs(difference) < 2 ** 26 && position4(i) && old[i + 1] !== next[i + 1]);
    if (this.#coder.bit(this.#isWord, op, isWord && difference !== 0 ? 1 : 0) === 0) return 0;
    return this.#number(difference);
  }

  #number(difference: number): number {
    const zigzag = ((difference << 1) ^ (difference >> 31)) >>> 0;
    const bits = codeTree(this.#coder, this.#bits, 0, 5, 31 - Math.clz32(zigzag));
    let value = 1;
    for (let bit = bits - 1; bit >= 0; bit--) {
      value = (value << 1) | this.#coder.bit(this.#low, (bits << 3) | Math.min(7, bits - bit), (zigzag >>> bit) & 1);
    }
    return (value >>> 1) ^ -(value & 1);
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

function position4(i: number): boolean {
  return i % 4 === 0;
}

/** Whether what follows these bytes is likely to be relative to its place: x86 call, jump, operands relative to rip. */
function isOperand(before: number, beforeThat: number): boolean {
  return (
    before === 0xe8 || before === 0xe9 || (before & 0xc7) === 0x05 || ((before & 0xf0) === 0x80 && beforeThat === 0x0f)
  );
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function putWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word & 255;
  bytes[at + 1] = (word >>> 8) & 255;
  bytes[at + 2] = (word >>> 16) & 255;
  bytes[at + 3] = word >>> 24;
}
