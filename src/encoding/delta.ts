import { DepotError } from '../model/errors.js';
import { readBytes, type ByteSource } from './bytes.js';
import { compressSolid, prefixOf, readSolid } from './solid.js';

/**
 * A delta: segments of the new content, each made on the part of the base where its like was. So memory is bounded, however
 * large the files are. README section 3 has the format.
 */
const magic = Buffer.from('depotd-delta 1\n');
const headBytes = 1 + 4 + 6 + 4 + 4;
const onPrefix = 1;

/** Of the new content in a segment, and of the base before and behind its place; bytes. */
const segmentBytes = 64 * 1024 ** 2;
const marginBytes = 16 * 1024 ** 2;

/** Beyond these levels zstd takes ten times as long, and saves a fifth at the most. */
const levels = [
  { upTo: 64 * 1024 ** 2, level: 12 },
  { upTo: Infinity, level: 9 },
] as const;

/** The delta that turns `base` into `next`, in pieces. For worker threads. */
export function* encodeDelta(
  base: ByteSource,
  next: ByteSource,
  onBytes: (bytes: number) => void,
): Generator<Uint8Array> {
  yield magic;
  for (let at = 0; at < next.size; at += segmentBytes) {
    const content = readBytes(next, at, segmentBytes);
    // What was appended to a file lies behind the end of its base.
    const start = Math.min(Math.max(0, at - marginBytes), Math.max(0, base.size - segmentBytes));
    const prefix = readBytes(base, start, at - start + segmentBytes + marginBytes);
    const span = prefix.length + content.length;
    const { level } = levels.find(({ upTo }) => span <= upTo) ?? levels[1];
    const body = compressSolid(prefixOf([prefix]), content, level);
    const head = Buffer.alloc(headBytes);
    head.writeUInt8(onPrefix, 0);
    head.writeUInt32BE(content.length, 1);
    head.writeUIntBE(start, 5, 6);
    head.writeUInt32BE(prefix.length, 11);
    head.writeUInt32BE(body.length, 15);
    yield head;
    yield body;
    onBytes(content.length);
  }
}

/**
 * The new content, in pieces; never more than `size` bytes. Whether it is the right one its hash tells.
 * @throws DepotError `object-damaged`
 */
export function* decodeDelta(delta: ByteSource, base: ByteSource, size: number): Generator<Uint8Array> {
  if (Buffer.compare(readBytes(delta, 0, magic.length), magic) !== 0) throw damaged('begins with something else');
  let position = magic.length;
  let done = 0;
  while (position < delta.size) {
    const head = Buffer.from(readBytes(delta, position, headBytes));
    if (head.length < headBytes) throw damaged('ends within a segment');
    const [length, start] = [head.readUInt32BE(1), head.readUIntBE(5, 6)];
    const [prefixLength, bodyLength] = [head.readUInt32BE(11), head.readUInt32BE(15)];
    position += headBytes;
    const isRight =
      head.readUInt8(0) === onPrefix &&
      length <= Math.min(segmentBytes, size - done) &&
      prefixLength <= segmentBytes + 2 * marginBytes + segmentBytes &&
      start + prefixLength <= base.size &&
      bodyLength <= delta.size - position &&
      bodyLength <= 2 * segmentBytes;
    if (!isRight) throw damaged(`has a segment that cannot be, at ${position - headBytes}`);
    const prefix = prefixOf([readBytes(base, start, prefixLength)]);
    const body = readBytes(delta, position, bodyLength);
    position += bodyLength;
    for (const piece of readSolid(prefix, [body], length)) {
      done += piece.length;
      yield piece;
    }
  }
}

function damaged(what: string): DepotError {
  return new DepotError('object-damaged', `a delta ${what}`);
}
