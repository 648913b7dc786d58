import { readBytes, Room, type ByteSource } from './bytes.js';

/** Places of a content that are looked for in another one. */
const samples = 256;
/** What is compared: so many bytes, from one place in so many of the one, and from each of so many places of a sample. */
const windowBytes = 16;
const sampleBytes = 2 * windowBytes - 1;
const pieceBytes = 1024 ** 2;

/**
 * Whether two contents have anything in common, by samples: places all over the one are looked for anywhere in the other. It takes
 * a thirtieth of what making a delta does, and memory for the samples alone. Of two that share a fiftieth, one in two hundred
 * pairs is missed.
 */
export function resembles(base: ByteSource, content: ByteSource): boolean {
  const sought = windowsOf(content);
  if (sought.size === 0) return false;
  const room = new Room(Math.min(base.size, pieceBytes));
  for (let at = 0; at + windowBytes <= base.size; at += pieceBytes) {
    const piece = readBytes(base, at, pieceBytes, room);
    const view = new DataView(piece.buffer, piece.byteOffset, piece.length);
    for (let start = 0; start + windowBytes <= piece.length; start += windowBytes) {
      const found = sought.get(hashAt(view, start));
      if (found?.some((window) => window.every((byte, i) => byte === piece[start + i])) === true) return true;
    }
  }
  return false;
}

/** The windows of all samples by their hashes; those of one value only, as padding is, say nothing. */
function windowsOf(content: ByteSource): Map<number, Uint8Array[]> {
  const windows = new Map<number, Uint8Array[]>();
  const stride = Math.max(sampleBytes, Math.floor(content.size / samples));
  for (let at = 0; at + sampleBytes <= content.size; at += stride) {
    const sample = readBytes(content, at, sampleBytes);
    const view = new DataView(sample.buffer, sample.byteOffset, sample.length);
    for (let start = 0; start + windowBytes <= sample.length; start += 1) {
      const window = sample.subarray(start, start + windowBytes);
      if (new Set(window).size < windowBytes / 4) continue;
      const hash = hashAt(view, start);
      windows.set(hash, [...(windows.get(hash) ?? []), window]);
    }
  }
  return windows;
}

function hashAt(view: DataView, at: number): number {
  const low = Math.imul(view.getInt32(at, true), 0x9e3779b1) ^ Math.imul(view.getInt32(at + 4, true), 0x85ebca6b);
  const high = Math.imul(view.getInt32(at + 8, true), 0xc2b2ae35) ^ Math.imul(view.getInt32(at + 12, true), 0x27d4eb2f);
  return low ^ high;
}
