import { Readable } from 'node:stream';
import { extract, pack } from 'tar-stream';
import { DepotError } from '../model/errors.js';
import { compressSolid, readSolid } from './solid.js';

/** A file of a bundle: its place in the list that was asked for, and its bytes. */
export interface BundledFile {
  readonly place: number;
  readonly bytes: Uint8Array;
}

const epoch = new Date(0);
/** The most that the archive adds to a file, and at its end: a header and the rest of a block. */
const tarBytes = 1024;

/**
 * A bundle: files as a tar archive, each under its place as its name, compressed in one frame on the prefix. The names say
 * nothing that whoever asked does not know, so they cost nothing.
 */
export async function packBundle(files: Iterable<BundledFile>, prefix: Uint8Array, level: number): Promise<Uint8Array> {
  const tar = pack();
  for (const { place, bytes } of files) tar.entry({ name: String(place), mtime: epoch }, bytes);
  tar.finalize();
  const pieces: Uint8Array[] = [];
  for await (const piece of tar as AsyncIterable<Uint8Array>) pieces.push(piece);
  return compressSolid(prefix, Buffer.concat(pieces), level);
}

/**
 * The files of a bundle, one by one, as far as it came; they may share their memory.
 * @param sizes of the files at their places; what has another is refused before it is held
 * @throws DepotError `object-damaged` where it is no such bundle, `transfer-cut` where it ends early; the files before that
 * were whole
 */
export async function* unpackBundle(
  chunks: Iterable<Uint8Array>,
  prefix: Uint8Array,
  sizes: readonly number[],
): AsyncGenerator<BundledFile> {
  const tar = extract();
  const most = sizes.reduce((sum, size) => sum + size + tarBytes, tarBytes);
  const pieces = Readable.from(readSolid(prefix, chunks, most));
  pieces.once('error', (error) => tar.destroy(error)).pipe(tar);
  try {
    for await (const entry of tar) {
      const { name, type, size } = entry.header;
      const place = Number(name);
      if (type !== 'file' || sizes[place] !== size) {
        throw new DepotError('object-damaged', `a bundle has a ${type} of ${size} bytes in place ${place}`);
      }
      const parts: Uint8Array[] = [];
      for await (const part of entry as AsyncIterable<Uint8Array>) parts.push(part);
      const [first = Buffer.alloc(0)] = parts;
      yield { place, bytes: parts.length > 1 ? Buffer.concat(parts) : first };
    }
  } catch (error) {
    if (error instanceof DepotError) throw error;
    const isCut = error instanceof Error && /unexpected end/i.test(error.message);
    throw isCut
      ? new DepotError('transfer-cut', 'a bundle ended early', { cause: error })
      : new DepotError('object-damaged', 'a bundle is no tar archive', { cause: error });
  }
}
