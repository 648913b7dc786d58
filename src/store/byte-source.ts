import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ByteSource } from '../encoding/bytes.js';

/** Gives `use` the content of a file, which is open that long. For worker threads. */
export async function withBytesOf<T>(file: string, use: (bytes: ByteSource) => T | Promise<T>): Promise<T> {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    return await use({ size, read: (into, position) => readSync(descriptor, into, 0, into.length, position) });
  } finally {
    closeSync(descriptor);
  }
}

export const pieceBytes = 256 * 1024;

/** A file from its beginning; each piece is good until the next one is asked for. For worker threads. */
export function* piecesOf(file: string): Generator<Uint8Array> {
  const piece = Buffer.allocUnsafe(pieceBytes);
  const descriptor = openSync(file, 'r');
  try {
    for (let length = readSync(descriptor, piece); length > 0; length = readSync(descriptor, piece)) {
      yield piece.subarray(0, length);
    }
  } finally {
    closeSync(descriptor);
  }
}
