/** A window of the base that is looked up, and how far apart the windows begin; bytes. */
const windowBytes = 16;
const strideBytes = 8;
/** From here on they begin twice as far apart. */
const largeBytes = 32 * 1024 ** 2;

/** How many windows of one hash are compared, those nearest to where the match is expected. */
const candidates = 16;

/**
 * Where windows of the base are: for each hash the places of its windows, in ascending order, all in one array. Five
 * eighths of a byte for each byte of the base, and up to a half for the hashes.
 */
export class PatchIndex {
  readonly #base: Uint8Array;
  readonly #next: Uint8Array;
  readonly #view: DataView;
  readonly #stride: number;
  readonly #shift: number;
  readonly #starts: Uint32Array;
  readonly #places: Uint32Array;
  /** Of the match last found. */
  position = 0;

  constructor(base: Uint8Array, next: Uint8Array) {
    const stride = base.length > largeBytes ? 2 * strideBytes : strideBytes;
    const windows = Math.max(0, Math.floor((base.length - windowBytes) / stride) + 1);
    const bits = Math.min(24, Math.max(4, Math.ceil(Math.log2(windows + 1)) - 1));
    const shift = 32 - bits;
    const view = new DataView(base.buffer, base.byteOffset, base.length);
    const starts = new Uint32Array(2 ** bits + 1);
    const hashes = new Int32Array(windows);
    for (let i = 0; i < windows; i++) {
      const hash = hashAt(view, i * stride);
      hashes[i] = hash;
      if (hash !== 0) starts[hash >>> shift]!++;
    }
    let total = 0;
    for (let i = 0; i < starts.length; i++) starts[i] = total += starts[i]!;
    const places = new Uint32Array(total);
    for (let i = windows - 1; i >= 0; i--) {
      const hash = hashes[i]!;
      if (hash !== 0) places[--starts[hash >>> shift]!] = i;
    }
    this.#base = base;
    this.#next = next;
    this.#view = new DataView(next.buffer, next.byteOffset, next.length);
    this.#stride = stride;
    this.#shift = shift;
    this.#starts = starts;
    this.#places = places;
  }

  /**
   * The length of the longest match of what is at `at`, among those that the index knows; 0 where it knows none. Its
   * place is in `position`.
   */
  find(at: number, expected: number): number {
    const next = this.#next;
    if (at + windowBytes > next.length) return 0;
    const hash = hashAt(this.#view, at);
    if (hash === 0) return 0;
    const bucket = hash >>> this.#shift;
    let from = this.#starts[bucket]!;
    let to = this.#starts[bucket + 1]!;
    if (to - from > candidates) {
      const middle = this.#lowerBound(from, to, expected / this.#stride);
      from = Math.max(from, Math.min(middle - candidates / 2, to - candidates));
      to = from + candidates;
    }
    let best = windowBytes - 1;
    let nearest = Infinity;
    for (let i = from; i < to; i++) {
      const place = this.#places[i]! * this.#stride;
      const length = equalBytes(this.#base, place, next, at);
      const distance = Math.abs(place - expected);
      if (length > best || (length === best && distance < nearest)) {
        best = length;
        nearest = distance;
        this.position = place;
      }
    }
    return best < windowBytes ? 0 : best;
  }

  #lowerBound(from: number, to: number, place: number): number {
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.#places[middle]! < place) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

export function equalBytes(base: Uint8Array, position: number, next: Uint8Array, at: number): number {
  const most = Math.min(base.length - position, next.length - at);
  let length = 0;
  while (length < most && base[position + length] === next[at + length]) length++;
  return length;
}

/** The hash of a window, 0 where it is padding: that would fill a bucket, and is found from beside it. */
function hashAt(view: DataView, at: number): number {
  const first = view.getInt32(at, true);
  const second = view.getInt32(at + 4, true);
  const third = view.getInt32(at + 8, true);
  const fourth = view.getInt32(at + 12, true);
  if (first === second && first === third && first === fourth) return 0;
  const hash =
    Math.imul(first, 0x9e3779b1) ^
    Math.imul(second, 0x85ebca6b) ^
    Math.imul(third, 0xc2b2ae35) ^
    Math.imul(fourth, 0x27d4eb2f);
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) | 1;
}
