import { isUtf8 } from 'node:buffer';
import { crc32 } from 'node:zlib';
import { Inflate } from 'fflate';
import { DepotError } from '../model/errors.js';
import { readBytes, type ByteSource } from './bytes.js';
import { codePage437 } from './code-page.js';
import { extras, flags, full16, full32, lengths, methods, signatures } from './zip-records.js';

/** A member of a zip file, as its directory says; nothing of it is checked but what is needed to find it. */
export interface ZipMember {
  /** Parts between `/`; that of a folder ends with one. */
  readonly name: string;
  /** Bytes of the content. */
  readonly size: number;
  readonly mtimeMs: number;
  /** A Unix file mode; 0 where the file was not made on such a system. */
  readonly mode: number;
  /** Why its content cannot be read here; undefined where it can. It completes "it …". */
  readonly flaw: string | undefined;
  readonly place: Place;
}

interface Place {
  /** Of its local record. */
  readonly offset: number;
  readonly packed: number;
  readonly method: number;
  readonly crc: number;
}

/** So much of a member is read at once: a zip of nothing but zeros makes about a thousand times as much of it. */
const pieceBytes = 16 * 1024;
/** No honest directory is larger: more than ten million members. */
const mostDirectoryBytes = 1024 ** 3;

/**
 * The members of a zip file, in the order of its directory, ZIP64 or not.
 * @throws DepotError `bad-request` where it is none, is cut off, or two members share bytes, as in a file that was made to burst
 */
export function zipMembers(file: ByteSource): ZipMember[] {
  const { entries, offset, length, shift } = findDirectory(file);
  const directory = Buffer.from(readBytes(file, offset, length));
  const members: ZipMember[] = [];
  let at = 0;
  while (members.length < entries) {
    if (at + lengths.central > directory.length || directory.readUInt32LE(at) !== signatures.central) {
      throw noZip(`its directory ends after ${members.length} of ${entries} members`);
    }
    const end = at + lengths.central + [28, 30, 32].reduce((sum, field) => sum + directory.readUInt16LE(at + field), 0);
    if (end > directory.length) throw noZip('its directory is cut off');
    members.push(memberAt(directory.subarray(at, end), shift));
    at = end;
  }
  requireApart(members, offset);
  return members;
}

/**
 * The content of a member, in pieces of at most about 16 MiB.
 * @throws DepotError `object-damaged` where it is not what the directory says in size and checksum
 */
export function* memberBytes(file: ByteSource, { name, size, flaw, place }: ZipMember): Generator<Uint8Array> {
  const damaged = (what: string): DepotError =>
    new DepotError('object-damaged', `${name} in the zip file ${what}`, { retry: 'never' });
  if (flaw !== undefined) throw damaged(flaw);
  const local = Buffer.from(readBytes(file, place.offset, lengths.local));
  if (local.length < lengths.local || local.readUInt32LE(0) !== signatures.local)
    throw damaged('is not where it should be');
  const start = place.offset + lengths.local + local.readUInt16LE(26) + local.readUInt16LE(28);
  let made: Uint8Array[] = [];
  const inflate = place.method === methods.deflated ? new Inflate((bytes) => made.push(bytes)) : undefined;
  let [crc, bytes] = [0, 0];
  for (let at = 0; at < place.packed; at += pieceBytes) {
    const piece = readBytes(file, start + at, Math.min(pieceBytes, place.packed - at));
    if (piece.length === 0) throw damaged('is cut off');
    made = inflate === undefined ? [piece] : [];
    try {
      inflate?.push(piece, at + piece.length >= place.packed);
    } catch (cause) {
      throw new DepotError('object-damaged', `${name} in the zip file cannot be unpacked: ${String(cause)}`, { cause });
    }
    for (const each of made) {
      crc = crc32(each, crc);
      bytes += each.length;
      if (bytes > size) throw damaged(`has more than the ${size} bytes that it says`);
      yield each;
    }
  }
  if (bytes !== size) throw damaged(`has ${bytes} bytes, and says ${size}`);
  if (crc !== place.crc) throw damaged('does not have the checksum that it says');
}

interface Directory {
  readonly entries: number;
  readonly offset: number;
  readonly length: number;
  /** Bytes in front of the zip, as those of a program that unpacks itself: offsets do not count them. */
  readonly shift: number;
}

function findDirectory(file: ByteSource): Directory {
  // The end may be followed by a comment.
  const from = Math.max(0, file.size - lengths.end - full16);
  const tail = Buffer.from(readBytes(file, from, file.size - from));
  const at = findEnd(tail);
  if (at === undefined) throw noZip('it has no end, or is none');
  const end = tail.subarray(at);
  const locatorAt = from + at - lengths.locator64;
  const locator = locatorAt < 0 ? undefined : Buffer.from(readBytes(file, locatorAt, lengths.locator64));
  const is64 = locator?.readUInt32LE(0) === signatures.locator64;
  if (end.readUInt16LE(4) !== 0 && end.readUInt16LE(4) !== full16) throw noZip('it is one part of several');
  const found = is64 && locator !== undefined ? end64At(file, locator, locatorAt) : undefined;
  const endAt = found?.endAt ?? from + at;
  const entries = found?.entries ?? end.readUInt16LE(10);
  const length = found?.length ?? end.readUInt32LE(12);
  const said = found?.offset ?? end.readUInt32LE(16);
  const offset = endAt - length;
  if (offset < 0 || said > offset || length > mostDirectoryBytes)
    throw noZip('its directory is not where its end says');
  return { entries, offset, length, shift: offset - said };
}

function findEnd(tail: Buffer): number | undefined {
  for (let at = tail.length - lengths.end; at >= 0; at -= 1) {
    if (tail.readUInt32LE(at) !== signatures.end) continue;
    if (at + lengths.end + tail.readUInt16LE(at + 20) <= tail.length) return at;
  }
  return undefined;
}

function end64At(file: ByteSource, locator: Buffer, locatorAt: number) {
  // Where bytes stand in front, the record is not where the locator says, but right before it.
  for (const endAt of [wide(locator, 8), locatorAt - lengths.end64]) {
    const record = endAt < 0 ? Buffer.alloc(0) : Buffer.from(readBytes(file, endAt, lengths.end64));
    if (record.length < lengths.end64 || record.readUInt32LE(0) !== signatures.end64) continue;
    return { endAt, entries: wide(record, 32), length: wide(record, 40), offset: wide(record, 48) };
  }
  throw noZip('its ZIP64 end is not where it should be');
}

function memberAt(record: Buffer, shift: number): ZipMember {
  const nameAt = lengths.central;
  const extraAt = nameAt + record.readUInt16LE(28);
  const fields = extraFields(record.subarray(extraAt, extraAt + record.readUInt16LE(30)));
  const zip64 = fields.get(extras.zip64) ?? Buffer.alloc(0);
  let wideAt = 0;
  const number = (at: number): number => {
    const short = record.readUInt32LE(at);
    if (short !== full32 || wideAt + 8 > zip64.length) return short;
    wideAt += 8;
    return wide(zip64, wideAt - 8);
  };
  // In this order, and only those that do not fit.
  const size = number(24);
  const packed = number(20);
  const offset = number(42) + shift;
  const [bits, method, system] = [record.readUInt16LE(8), record.readUInt16LE(10), record.readUInt8(5)];
  const isUnix = system === 3 || system === 19;
  const name = nameOf(record.subarray(nameAt, extraAt), bits, fields);
  return {
    name: isUnix ? name : name.replaceAll('\\', '/'),
    size,
    mtimeMs: timeOf(fields.get(extras.times), record.readUInt32LE(12)),
    mode: isUnix ? record.readUInt16LE(40) : 0,
    flaw: flawOf(bits, method, size, packed),
    place: { offset, packed, method, crc: record.readUInt32LE(16) },
  };
}

function flawOf(bits: number, method: number, size: number, packed: number): string | undefined {
  if ((bits & (flags.encrypted | flags.strong)) !== 0) return 'is encrypted';
  if (method === methods.stored) return size === packed ? undefined : 'does not have the size that it says';
  if (method === methods.deflated) return undefined;
  return `is packed by method ${method}; only deflate is unpacked`;
}

/** By field, those that come first. */
function extraFields(extra: Buffer): Map<number, Buffer> {
  const fields = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= extra.length;) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    const id = extra.readUInt16LE(at);
    if (!fields.has(id)) fields.set(id, extra.subarray(at + 4, end));
    at = end;
  }
  return fields;
}

/** UTF-8 where the file says so, or where it is; else as DOS wrote it. */
function nameOf(bytes: Buffer, bits: number, fields: ReadonlyMap<number, Buffer>): string {
  const unicode = fields.get(extras.unicodeName);
  // Its checksum says whether the name was changed by a tool that did not know of the field.
  if (unicode !== undefined && unicode.length > 5 && unicode.readUInt32LE(1) === crc32(bytes)) {
    return unicode.subarray(5).toString('utf8');
  }
  return (bits & flags.utf8) !== 0 || isUtf8(bytes) ? bytes.toString('utf8') : codePage437(bytes);
}

function timeOf(times: Buffer | undefined, dos: number): number {
  if (times !== undefined && times.length >= 5 && (times.readUInt8(0) & 1) === 1) return times.readInt32LE(1) * 1000;
  const [date, time] = [dos >>> 16, dos & full16];
  const at = new Date(
    (date >> 9) + 1980,
    ((date >> 5) & 15) - 1,
    date & 31,
    time >> 11,
    (time >> 5) & 63,
    (time & 31) * 2,
  );
  return at.getTime();
}

/** Members that share bytes are how a small file is made to hold petabytes. */
function requireApart(members: readonly ZipMember[], directoryAt: number): void {
  const places = members.map(({ name, place }) => ({ name, ...place })).sort((a, b) => a.offset - b.offset);
  for (const [at, { name, offset, packed }] of places.entries()) {
    const next = places[at + 1]?.offset ?? directoryAt;
    if (offset < 0 || offset + lengths.local + packed > next)
      throw noZip(`${name} shares bytes with what stands behind it`);
  }
}

function wide(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at));
}

function noZip(why: string): DepotError {
  return new DepotError('bad-request', `this is no zip file that can be read: ${why}`, { retry: 'never' });
}
