/** Bytes that can be read anywhere: a file, a buffer. */
export interface ByteSource {
  readonly size: number;
  /** Fills as much of `into` as there is from `position` on. @returns how much that is */
  read(into: Uint8Array, position: number): number;
}

/**
 * Up to `length` bytes from `position` on; fewer only where the source ends.
 * @param room whose memory they come to; undefined: they have memory of their own
 */
export function readBytes(source: ByteSource, position: number, length: number, room?: Room): Uint8Array {
  const count = Math.max(0, Math.min(length, source.size - position));
  const bytes = room?.of(count) ?? Buffer.allocUnsafe(count);
  let filled = 0;
  while (filled < bytes.length) {
    const read = source.read(bytes.subarray(filled), position + filled);
    if (read === 0) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}

/** Memory that is used again and again: what is dropped by the megabyte stays until the garbage is collected. */
export class Room {
  #bytes: Buffer;

  /** @param expected how much will be asked for at most, as far as that is known */
  constructor(expected = 0) {
    this.#bytes = Buffer.allocUnsafeSlow(expected);
  }

  /** So many bytes; what was given before is written over. */
  of(length: number): Buffer {
    if (this.#bytes.length < length) this.#bytes = Buffer.allocUnsafeSlow(length);
    return this.#bytes.subarray(0, length);
  }
}

/** Up to `length` bytes of a source from `start` on, as a source. */
export function partOf(source: ByteSource, start: number, length: number): ByteSource {
  const size = Math.max(0, Math.min(length, source.size - start));
  return {
    size,
    read: (into, position) => source.read(into.subarray(0, Math.max(0, size - position)), start + position),
  };
}
