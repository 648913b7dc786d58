import type { BitCoder } from './patch-coder.js';
import { GapModel } from './patch-gaps.js';

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
