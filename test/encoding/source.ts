import type { ByteSource } from '../../src/encoding/bytes.js';

/** The bytes of a buffer. */
export function bytesOf(buffer: Buffer): ByteSource {
  return {
    size: buffer.length,
    read: (into, position) => buffer.copy(into, 0, position, Math.min(buffer.length, position + into.length)),
  };
}

/** Each piece is copied when it comes: the next one may have its memory. */
export function together(pieces: Iterable<Uint8Array>): Buffer {
  return Buffer.concat(Array.from(pieces, (piece) => Buffer.from(piece)));
}

/** Bytes that do not shrink, the same at each run. */
export function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}
