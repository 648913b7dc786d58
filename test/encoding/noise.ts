/** Bytes that look random and repeat after `period`; the same for the same seed. */
export function noise(length: number, seed: number, period: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed | 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bytes[i] = i < period ? state >>> 24 : (bytes[i - period] ?? 0);
  }
  return bytes;
}
