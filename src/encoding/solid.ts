import binding from 'zstd-napi/binding.js';
import { DepotError } from '../model/errors.js';
import { readBytes, Room, type ByteSource } from './bytes.js';
import { giveCompressor, giveInflater, takeCompressor, takeInflater } from './contexts.js';

/** Not in the table of zstd-napi: ZSTD_c_forceAttachDict, and its value ZSTD_dictForceLoad. */
const forceAttachDict = 1001 as binding.CParameter;
const forceLoad = 3;

const maxWindowLog = 28;
const beginning = Buffer.from('depotd\n');
const pieceBytes = 256 * 1024;
/** From here on the tables of a level do not reach back far enough; bytes. */
const longSpan = 32 * 1024 ** 2;

/**
 * Content that both sides hold, laid before what is compressed, so that what it repeats of it costs next to nothing. It
 * begins with bytes of its own: zstd would read what begins like one of its dictionaries as one.
 */
export function prefixOf(contents: readonly Uint8Array[]): Uint8Array {
  return contents.length === 0 ? new Uint8Array(0) : Buffer.concat([beginning, ...contents]);
}

/** The same of one content that may be large, which is in memory once. */
export function prefixFrom(content: ByteSource, room: Room): Uint8Array {
  const size = prefixLength(content.size);
  return readBytes(
    { size, read: (into, at) => (at === 0 ? beginning.copy(into) : content.read(into, at - beginning.length)) },
    0,
    size,
    room,
  );
}

/** Of a prefix with so many bytes of content. */
export function prefixLength(bytes: number): number {
  return beginning.length + bytes;
}

/** The content of such a prefix. */
export function contentOf(prefix: Uint8Array): Uint8Array {
  return prefix.subarray(beginning.length);
}

/**
 * One Zstandard frame; `prefix` of `prefixOf` has to be there to read it. For worker threads.
 * @param isLong whether matches are looked for over long distances, whatever the level
 * @param room where the frame comes to
 */
export function compressSolid(
  prefix: Uint8Array,
  content: Uint8Array,
  level: number,
  isLong = prefix.length + content.length > longSpan,
  room = new Room(),
): Uint8Array {
  const compressor = takeCompressor();
  const span = prefix.length + content.length;
  compressor.setParameter(binding.CParameter.compressionLevel, level);
  compressor.setParameter(binding.CParameter.windowLog, windowLogOf(span));
  compressor.setParameter(binding.CParameter.enableLongDistanceMatching, isLong ? 1 : 0);
  compressor.setParameter(binding.CParameter.checksumFlag, 0); // each object in it has its hash
  if (prefix.length > 0) {
    compressor.setParameter(forceAttachDict, forceLoad);
    compressor.loadDictionary(prefix);
  }
  const output = room.of(binding.compressBound(content.length));
  const length = compressor.compress2(output, content);
  giveCompressor(compressor);
  return output.subarray(0, length);
}

/**
 * What a whole frame on a prefix holds, at once: so no window has to be kept beside it.
 * @param most bytes that it can hold
 * @throws DepotError `object-damaged`
 */
export function inflateSolid(prefix: Uint8Array, frame: Uint8Array, most: number, room: Room): Uint8Array {
  const inflater = takeInflater();
  const output = room.of(most);
  try {
    return output.subarray(0, inflater.decompressUsingDict(output, frame, prefix));
  } catch (cause) {
    throw notReadable(cause);
  } finally {
    giveInflater(inflater);
  }
}

/**
 * What such a frame holds, in pieces, as far as it came. Ends without an error where the frame is cut off: what it held is
 * told by its content.
 * @param most bytes that it can hold; what claims more is a bomb
 * @param into where each piece comes, to be read before the next; undefined: each has memory of its own
 * @throws DepotError `object-damaged` where it is no such frame
 */
export function* readSolid(
  prefix: Uint8Array,
  chunks: Iterable<Uint8Array>,
  most: number,
  into?: Uint8Array,
): Generator<Uint8Array> {
  let total = 0;
  const inflater = takeInflater();
  try {
    inflater.setParameter(binding.DParameter.windowLogMax, maxWindowLog);
    if (prefix.length > 0) inflater.loadDictionary(prefix);
    for (const chunk of chunks) {
      for (let rest = chunk, isFull = false; rest.length > 0 || isFull;) {
        const piece = into ?? Buffer.allocUnsafe(pieceBytes);
        const [, produced, consumed] = inflate(inflater, piece, rest);
        rest = rest.subarray(consumed);
        isFull = produced === piece.length;
        total += produced;
        if (total > most)
          throw new DepotError('object-damaged', `what came holds more than the ${most} bytes asked for`);
        if (produced > 0) yield piece.subarray(0, produced);
      }
    }
  } finally {
    giveInflater(inflater);
  }
}

function inflate(inflater: binding.DCtx, piece: Uint8Array, rest: Uint8Array) {
  try {
    return inflater.decompressStream(piece, rest);
  } catch (cause) {
    throw notReadable(cause);
  }
}

function notReadable(cause: unknown): DepotError {
  return new DepotError('object-damaged', 'what came is not zstd, or not on the content that it was made on', {
    cause,
  });
}

function windowLogOf(span: number): number {
  return Math.min(maxWindowLog, Math.max(17, Math.ceil(Math.log2(Math.max(1, span)))));
}
