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
