import { hash } from 'node:crypto';

const bitsOfLeaf = 7;
const bitsOfLevel = 6;

/**
 * The highest level on which a key is the last of its page, -1 for none: level L asks that the SHA-256 of the key's
 * UTF-8 begins with at least 7 + 6 L zero bits. Pages hold 128 entries, or 64 pages of the level below, on average.
 */
export function boundaryLevel(key: string): number {
  const digest = hash('sha256', key, 'binary');
  // Seven zero bits leave 0 or 1 as the first byte; 127 of 128 keys end here.
  if (digest.charCodeAt(0) > 1) return -1;
  let zeroBits = 0;
  for (let at = 0; at < digest.length; at += 1) {
    const byte = digest.charCodeAt(at);
    zeroBits += Math.clz32(byte) - 24;
    if (byte !== 0) break;
  }
  return Math.floor((zeroBits - bitsOfLeaf) / bitsOfLevel);
}
