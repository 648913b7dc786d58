/** Where nothing was seen. */
export const unknown = -0x80000000;

/** How far what lies at an address was moved, as last seen; the latest of those that share a place. */
export class ShiftTable {
  /** Key and shift, one beside the other. */
  readonly #entries: Int32Array;
  readonly #hash: number;

  constructor(bits: number) {
    this.#entries = new Int32Array(2 ** (bits + 1));
    for (let i = 0; i < this.#entries.length; i += 2) this.#entries[i + 1] = unknown;
    this.#hash = 31 - bits;
  }

  get(key: number): number {
    const place = (Math.imul(key, 0x9e3779b1) >>> this.#hash) & -2;
    return this.#entries[place] === key ? this.#entries[place + 1]! : unknown;
  }

  set(key: number, shift: number): void {
    const place = (Math.imul(key, 0x9e3779b1) >>> this.#hash) & -2;
    this.#entries[place] = key;
    this.#entries[place + 1] = shift;
  }
}
