import binding from 'zstd-napi/binding.js';
import { readBytes, type ByteSource } from './bytes.js';
import { giveCompressor, takeCompressor } from './contexts.js';

const pieceBytes = 1024 * 1024;
/** Places of a file at which it is tried whether it shrinks. */
const samples = 4;

/** What costs less than this to leave as it is, is left. */
export const worthwhile = 0.97;

const largeBytes = 64 * 1024 ** 2;
/** How far back a large file is looked at, 32 MiB: whoever decodes it holds as much in memory. */
const farWindowLog = 25;

/** Whether a file of so many bytes is one of the large ones, which have a level of their own. */
export function isLargeWhole(size: number): boolean {
  return size > largeBytes;
}

/** Whether a few pieces of it shrink; what is compressed already does not, and is not tried as a whole. */
export function seemsCompressible(content: ByteSource): boolean {
  let before = 0;
  let after = 0;
  const compressor = takeCompressor();
  for (let at = 0; at < samples; at += 1) {
    const position = Math.floor((at * Math.max(0, content.size - pieceBytes)) / (samples - 1));
    const piece = readBytes(content, position, pieceBytes / samples);
    const output = Buffer.allocUnsafe(binding.compressBound(piece.length));
    before += piece.length;
    after += compressor.compress(output, piece, 1);
  }
  giveCompressor(compressor);
  return after < before * worthwhile;
}

/** About how much memory `compressWhole` takes, bytes: what it looks back at, and its tables. */
export function memoryOfWhole(size: number): number {
  return isLargeWhole(size) ? 96 * 1024 ** 2 : 48 * 1024 ** 2;
}

/**
 * The content as one Zstandard frame, in pieces, in memory of some windows. For worker threads.
 * @param level of zstd
 */
export function* compressWhole(
  content: ByteSource,
  level: number,
  onBytes: (bytes: number) => void,
): Generator<Uint8Array> {
  const compressor = new binding.CCtx();
  compressor.setParameter(binding.CParameter.compressionLevel, level);
  if (isLargeWhole(content.size)) {
    compressor.setParameter(binding.CParameter.enableLongDistanceMatching, 1);
    compressor.setParameter(binding.CParameter.windowLog, farWindowLog);
  }
  compressor.setPledgedSrcSize(content.size);
  for (let position = 0; ;) {
    const input = readBytes(content, position, pieceBytes);
    position += input.length;
    onBytes(input.length);
    const isLast = position >= content.size || input.length === 0;
    yield* step(compressor, input, isLast ? binding.EndDirective.end : binding.EndDirective.continue);
    if (isLast) return;
  }
}

function* step(compressor: binding.CCtx, input: Uint8Array, how: binding.EndDirective): Generator<Uint8Array> {
  for (let rest = input; ;) {
    const output = Buffer.allocUnsafe(256 * 1024);
    const [left, produced, consumed] = compressor.compressStream2(output, rest, how);
    rest = rest.subarray(consumed);
    if (produced > 0) yield output.subarray(0, produced);
    if (how === binding.EndDirective.end ? left === 0 : rest.length === 0) return;
  }
}
