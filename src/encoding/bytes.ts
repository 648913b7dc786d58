/** Bytes that can be read anywhere: a file, a buffer. */
export interface ByteSource {
  readonly size: number;
  /** Fills as much of `into` as there is from `position` on. @returns how much that is */
  read(into: Uint8Array, position: number): number;
}

/** Up to `length` bytes from `position` on; fewer only where the source ends. */
export function readBytes(source: ByteSource, position: number, length: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, source.size - position)));
  let filled = 0;
  while (filled < bytes.length) {
    const read = source.read(bytes.subarray(filled), position + filled);
    if (read === 0) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}

/** Up to `length` bytes of a source from `start` on, as a source. */
export function partOf(source: ByteSource, start: number, length: number): ByteSource {
  const size = Math.max(0, Math.min(length, source.size - start));
  return {
    size,
    read: (into, position) => source.read(into.subarray(0, Math.max(0, size - position)), start + position),
  };
}
