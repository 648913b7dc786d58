/** A window of the base that is looked up, and how far apart the windows begin; bytes. */
export const windowBytes = 16;
const strideBytes = 8;

/** How many windows of one hash are compared, those nearest to where the match is expected. */
const candidates = 16;

/**
 * Where windows of the base are: for each hash the places of its windows, in ascending order, all in one array. Five
 * eighths of a byte for each byte of the base, and up to a half for the hashes.
 */
export class PatchIndex {
  readonly #base: Uint8Array;
  readonly #shift: number;
  readonly #starts: Uint32Array;
  readonly #places: Uint32Array;
  /** Of the match last found. */
  position = 0;

  constructor(base: Uint8Array) {
    const windows = Math.max(0, Math.floor((base.length - windowBytes) / strideBytes) + 1);
    const bits = Math.min(24, Math.max(4, Math.ceil(Math.log2(windows + 1)) - 1));
    this.#base = base;
    this.#shift = 32 - bits;
    const starts = new Uint32Array(2 ** bits + 1);
    for (let i = 0, at = 0; i < windows; i++, at += strideBytes) {
      if (!isRun(base, at)) starts[hashAt(base, at) >>> this.#shift]!++;
    }
    let total = 0;
    for (let i = 0; i < starts.length; i++) starts[i] = total += starts[i]!;
    const places = new Uint32Array(total);
    for (let i = windows - 1, at = i * strideBytes; i >= 0; i--, at -= strideBytes) {
      if (!isRun(base, at)) places[--starts[hashAt(base, at) >>> this.#shift]!] = i;
    }
    this.#starts = starts;
    this.#places = places;
  }

  /**
   * The length of the longest match of what is at `at`, among those that the index knows; 0 where it knows none. Its
   * place is in `position`.
   */
  find(next: Uint8Array, at: number, expected: number): number {
    if (at + windowBytes > next.length) return 0;
    const bucket = hashAt(next, at) >>> this.#shift;
    let from = this.#starts[bucket]!;
    let to = this.#starts[bucket + 1]!;
    if (to - from > candidates) {
      const middle = this.#lowerBound(from, to, expected / strideBytes);
      from = Math.max(from, Math.min(middle - candidates / 2, to - candidates));
      to = from + candidates;
    }
    let best = windowBytes - 1;
    let nearest = Infinity;
    for (let i = from; i < to; i++) {
      const place = this.#places[i]! * strideBytes;
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

/** Padding would fill the buckets, and is found from beside it. */
function isRun(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at];
  for (let i = 1; i < windowBytes; i++) if (bytes[at + i] !== first) return false;
  return true;
}

function hashAt(bytes: Uint8Array, at: number): number {
  let hash = 0;
  for (let end = at + windowBytes; at < end; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return Math.imul(hash, 0x85ebca6b);
}
