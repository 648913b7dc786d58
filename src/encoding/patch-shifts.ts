/** How far what lies at an address was moved, as last seen; the latest of those that share a place. */
export class ShiftTable {
  readonly #keys: Int32Array;
  readonly #shifts: Int32Array;
  readonly #hash: number;

  constructor(bits: number) {
    this.#keys = new Int32Array(2 ** bits).fill(-1);
    this.#shifts = new Int32Array(2 ** bits);
    this.#hash = 32 - bits;
  }

  has(key: number): boolean {
    return this.#keys[Math.imul(key, 0x9e3779b1) >>> this.#hash] === key;
  }

  get(key: number): number {
    return this.#shifts[Math.imul(key, 0x9e3779b1) >>> this.#hash]!;
  }

  set(key: number, shift: number): void {
    const place = Math.imul(key, 0x9e3779b1) >>> this.#hash;
    this.#keys[place] = key;
    this.#shifts[place] = shift;
  }
}
