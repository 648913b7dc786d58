const always = 1;
const afterEscape = 2;

/** Bytes that an operand relative to its place follows: of x86 the call, the jumps, the ModRM of what is relative to rip. */
const beforeOperand = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0xe8 || byte === 0xe9 || (byte & 0xc7) === 0x05) return always;
  return (byte & 0xf0) === 0x80 ? afterEscape : 0; // conditional jumps, after 0f
});

/** 1 for two bytes, the first one low, where no operand follows either, whatever comes before. */
const quietPairs = Uint8Array.from({ length: 65536 }, (_, pair) => {
  const [first, second] = [beforeOperand[pair & 255], beforeOperand[pair >> 8]];
  return first === 0 && (second === 0 || (second === afterEscape && (pair & 255) !== 0x0f)) ? 1 : 0;
});

/**
 * Where a word begins, from `from` on, that is likely to be an operand relative to its place; `end` where there is none
 * before that. `from` is 2 or more.
 * @param pairs the same bytes, two by two
 */
export function nextOperand(bytes: Uint8Array, pairs: Uint16Array, from: number, end: number): number {
  const last = end - 5;
  for (let before = from - 1; before <= last; before++) {
    if (before % 2 === 0) {
      while (before <= last && quietPairs[pairs[before >> 1]!] === 1) before += 2;
      if (before > last) return end;
    }
    const kind = beforeOperand[bytes[before]!];
    if (kind !== 0 && (kind === always || bytes[before - 1] === 0x0f)) return before + 1;
  }
  return end;
}

/** Little-endian, with sign. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

export function putWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word & 255;
  bytes[at + 1] = (word >>> 8) & 255;
  bytes[at + 2] = (word >>> 16) & 255;
  bytes[at + 3] = word >>> 24;
}
