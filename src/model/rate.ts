/**
 * How fast bulk bytes may move: bytes of TCP payload a second, both directions and TLS together; `closed`: not at all.
 * Programs read the same: a number, or one of the two words.
 */
export type Rate = number | 'unlimited' | 'closed';

/** Bytes a second: 0 for `closed`, infinite for `unlimited`. */
export function bytesPerSecond(rate: Rate): number {
  if (rate === 'closed') return 0;
  return rate === 'unlimited' ? Infinity : rate;
}

/** The smaller of two. */
export function stricter(a: Rate, b: Rate): Rate {
  return bytesPerSecond(a) <= bytesPerSecond(b) ? a : b;
}
