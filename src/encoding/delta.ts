import { DepotError } from '../model/errors.js';
import { partOf, readBytes, Room, type ByteSource } from './bytes.js';
import { dropCompressors } from './contexts.js';
import { decodePatch } from './patch-decode.js';
import { encodePatch } from './patch-encode.js';
import { seemsCompressible } from './whole.js';
import { compressSolid, contentOf, inflateSolid, prefixFrom, prefixLength as lengthOfPrefix } from './solid.js';

/**
 * A delta: segments of the new content, each made on the part of the base where its like was. So memory is bounded, however
 * large the files are. README section 3 has the format.
 */
const magic = Buffer.from('depotd-delta 1\n');
const headBytes = 1 + 4 + 6 + 4 + 4;
/** Kinds of segments: a frame on a prefix, and a patch. */
const onPrefix = 1;
const patched = 2;

const quickLevel = 1;

/**
 * Where zstd leaves a part of a segment between these, a patch is tried, which takes longer and is for native binaries. What
 * hardly shrinks has nothing in common with its base, or is compressed already.
 */
const worthPatching = { from: 0.02, to: 0.8 };
/**
 * Of programs, whose addresses have moved everywhere, zstd leaves more than this at a quick look, and a patch a tenth of that: then
 * its thorough look, which takes as long as the patch, is spared. A patch that is no better than a quarter is compared with it.
 */
const likeProgram = { from: 0.1, better: 4, lookLevel: 3 };

/** Of the new content in a segment, and of the base before and behind its place; bytes. With 100 MB all of it can be read. */
const segmentBytes = 24 * 1024 ** 2;
const marginBytes = 16 * 1024 ** 2;
/** What the format allows. Each segment may take as long as its base is to read, so small ones are not many. */
const most = { segment: 32 * 1024 ** 2, base: 96 * 1024 ** 2 };
const leastOfSegment = 1024 ** 2;

/** Beyond these levels zstd takes ten times as long, and saves a fifth at the most. */
const levels = [
  { upTo: 64 * 1024 ** 2, level: 12 },
  { upTo: Infinity, level: 9 },
] as const;

/** What encoding a segment takes of memory, of its length: the contents, tables of zstd, the index of a patch. */
const memoryOfSegment = 11;

/** About how much memory `encodeDelta` takes, bytes. */
export function memoryOfDelta(base: number, next: number): number {
  return memoryOfSegment * Math.min(segmentBytes, Math.max(base / 2, next));
}

/** The delta that turns `base` into `next`, in pieces, each to be read before the next. For worker threads. */
export function* encodeDelta(
  base: ByteSource,
  next: ByteSource,
  onBytes: (bytes: number) => void,
): Generator<Uint8Array> {
  yield magic;
  const rooms = { base: roomFor(base), next: new Room(), frame: new Room() };
  try {
    for (let at = 0; at < next.size; at += segmentBytes) {
      const content = readBytes(next, at, segmentBytes, rooms.next);
      // What was appended to a file lies behind the end of its base.
      const start = Math.min(Math.max(0, at - marginBytes), Math.max(0, base.size - segmentBytes));
      const prefix = partOf(base, start, at - start + segmentBytes + marginBytes);
      const span = prefix.size + content.length;
      const { level } = levels.find(({ upTo }) => span <= upTo) ?? levels[1];
      const { kind, body } = smaller(prefixFrom(prefix, rooms.base), content, level, rooms.frame);
      const head = Buffer.alloc(headBytes);
      head.writeUInt8(kind, 0);
      head.writeUInt32BE(content.length, 1);
      head.writeUIntBE(start, 5, 6);
      head.writeUInt32BE(prefix.size, 11);
      head.writeUInt32BE(body.length, 15);
      yield head;
      yield body;
      onBytes(content.length);
    }
  } finally {
    dropCompressors();
  }
}

/** Text has no zeros. */
function isBinary(content: Uint8Array): boolean {
  return content.subarray(0, 4096).includes(0);
}

/** @param before the prefix that the base makes */
function smaller(
  before: Uint8Array,
  content: Uint8Array,
  level: number,
  room: Room,
): { readonly kind: number; readonly body: Uint8Array } {
  if (!seemsCompressible({ size: content.length, read: (into, at) => copied(content, into, at) })) {
    // Archives and pictures: either they have long runs in common, or nothing.
    const quick = compressSolid(before, content, quickLevel, true, room);
    if (quick.length > content.length * worthPatching.to) return { kind: onPrefix, body: quick };
  }
  let patch: Uint8Array | undefined;
  if (isBinary(content)) {
    const { length } = compressSolid(before, content, likeProgram.lookLevel, undefined, room);
    const part = length / content.length;
    if (part > likeProgram.from && part < worthPatching.to) {
      patch = encodePatch(contentOf(before), content);
      if (patch.length * likeProgram.better < length) return { kind: patched, body: patch };
    }
  }
  const frame = compressSolid(before, content, level, undefined, room);
  const part = frame.length / Math.max(1, content.length);
  if (part < worthPatching.from || part > worthPatching.to) return { kind: onPrefix, body: frame };
  patch ??= encodePatch(contentOf(before), content);
  return patch.length < frame.length ? { kind: patched, body: patch } : { kind: onPrefix, body: frame };
}

/**
 * The new content, in pieces, each to be read before the next; never more than `size` bytes. Whether it is the right one its hash tells.
 * @throws DepotError `object-damaged`
 */
export function* decodeDelta(delta: ByteSource, base: ByteSource, size: number): Generator<Uint8Array> {
  if (Buffer.compare(readBytes(delta, 0, magic.length), magic) !== 0) throw damaged('begins with something else');
  const rooms = { base: roomFor(base), next: new Room() };
  let position = magic.length;
  let done = 0;
  while (position < delta.size) {
    const head = Buffer.from(readBytes(delta, position, headBytes));
    if (head.length < headBytes) throw damaged('ends within a segment');
    const [length, start] = [head.readUInt32BE(1), head.readUIntBE(5, 6)];
    const [prefixLength, bodyLength] = [head.readUInt32BE(11), head.readUInt32BE(15)];
    position += headBytes;
    const isRight =
      (head.readUInt8(0) === onPrefix || head.readUInt8(0) === patched) &&
      length <= Math.min(most.segment, size - done) &&
      (length >= leastOfSegment || position + bodyLength === delta.size) &&
      prefixLength <= most.base &&
      start + prefixLength <= base.size &&
      bodyLength <= delta.size - position &&
      bodyLength <= 2 * most.segment;
    if (!isRight) throw damaged(`has a segment that cannot be, at ${position - headBytes}`);
    const body = readBytes(delta, position, bodyLength);
    position += bodyLength;
    const part = partOf(base, start, prefixLength);
    const isPatch = head.readUInt8(0) === patched;
    const inflated = (): Uint8Array => inflateSolid(prefixFrom(part, rooms.base), body, length, rooms.next);
    let made = 0;
    for (const piece of isPatch ? decodePatch(body, part, length) : [inflated()]) {
      made += piece.length;
      yield piece;
    }
    if (made !== length) throw damaged(`has a segment that makes ${made} bytes in place of ${length}`);
    done += made;
  }
}

/** The parts of the base that segments are made on. */
function roomFor(base: ByteSource): Room {
  return new Room(lengthOfPrefix(Math.min(base.size, segmentBytes + 2 * marginBytes)));
}

function damaged(what: string): DepotError {
  return new DepotError('object-damaged', `a delta ${what}`);
}

function copied(from: Uint8Array, into: Uint8Array, position: number): number {
  const part = from.subarray(position, position + into.length);
  into.set(part);
  return part.length;
}
