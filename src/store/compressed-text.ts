import { closeSync, openSync, readSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CompressStream } from 'zstd-napi';
import binding from 'zstd-napi/binding.js';
import { DepotError } from '../model/errors.js';
import { writeFileDurably } from './durable.js';

/** Text of this length is more than any difference stream that pays; what claims more is a bomb. UTF-8 bytes. */
const maxTextBytes = 4 * 1024 ** 3;

/**
 * The UTF-8 text of a zstd file in pieces, in bounded memory. Synchronous: for worker threads.
 * @throws DepotError `manifest-damaged` where it is not such a file, is cut off, or does not end
 */
export function* readCompressedText(file: string): Generator<string> {
  const damaged = (what: string, cause?: unknown): DepotError =>
    new DepotError('manifest-damaged', `the compressed text ${file} ${what}`, { cause });
  const inflater = new binding.DCtx();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const input = Buffer.allocUnsafe(64 * 1024);
  const output = Buffer.allocUnsafe(256 * 1024);
  const descriptor = openSync(file, 'r');
  let length = 0;
  let isWithinFrame = false;
  const inflate = (rest: Uint8Array): { text: string; rest: Uint8Array; isFull: boolean } => {
    try {
      const [hint, produced, consumed] = inflater.decompressStream(output, rest);
      isWithinFrame = hint !== 0;
      length += produced;
      if (length > maxTextBytes) throw damaged(`has more than ${maxTextBytes} bytes`);
      const text = decoder.decode(output.subarray(0, produced), { stream: true });
      return { text, rest: rest.subarray(consumed), isFull: produced === output.length };
    } catch (cause) {
      throw cause instanceof DepotError ? cause : damaged('is not zstd of UTF-8', cause);
    }
  };
  try {
    for (let read = readSync(descriptor, input); read > 0; read = readSync(descriptor, input)) {
      let rest: Uint8Array = input.subarray(0, read);
      for (let isFull = false; rest.length > 0 || isFull;) {
        const piece = inflate(rest);
        ({ rest, isFull } = piece);
        if (piece.text !== '') yield piece.text;
      }
    }
    if (isWithinFrame) throw damaged('is cut off');
  } finally {
    closeSync(descriptor);
  }
}

/** Writes text as a zstd file, durably, while it comes. For worker threads: compressing is synchronous. */
export async function writeCompressedText(file: string, chunks: Iterable<string>, level: number): Promise<void> {
  await pipeline(
    Readable.from(chunks, { objectMode: false }),
    new CompressStream({ compressionLevel: level }),
    async (compressed: AsyncIterable<Uint8Array>) => writeFileDurably(file, compressed),
  );
}
