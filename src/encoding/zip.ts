import { crc32 } from 'node:zlib';
import { Deflate } from 'fflate';
import type { Entry } from '../model/entry.js';
import { centralRecord, descriptor, endRecords, localRecord, methods, type Member } from './zip-records.js';

/** From here on sizes are written with 64 bits: deflate makes what does not shrink a little larger. */
const largeBytes = 0xf0000000;

/** Unix file modes, as zip files made on Unix keep them. */
const modes = { file: 0o100644, executable: 0o100755, link: 0o120777, folder: 0o040755 } as const;

/**
 * A plain zip of some entries, in pieces: any tool opens it. Executable bits, links and times to the second are there for those
 * that know them. ZIP64 is used where it must be, for more than 65,534 entries, or 4 GiB. Of each entry about 100 bytes stay in
 * memory until the end, for the directory there.
 * @param content the bytes of a file
 * @param compress whether files are compressed; what does not shrink is better stored
 */
export async function* zip(
  entries: Iterable<Entry>,
  content: (entry: Entry & { type: 'file' }) => AsyncIterable<Uint8Array>,
  compress: boolean,
): AsyncGenerator<Uint8Array> {
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const member = memberOf(entry, compress);
    const local = localRecord(member);
    yield local;
    let [crc, size, packed] = [0, 0, 0];
    const pack = member.method === methods.deflated ? deflating() : (piece: Uint8Array) => [piece];
    for await (const piece of bytesOf(entry, content)) {
      crc = crc32(piece, crc);
      size += piece.length;
      for (const made of pack(piece, false)) {
        packed += made.length;
        yield made;
      }
    }
    for (const made of pack(new Uint8Array(0), true)) {
      packed += made.length;
      yield made;
    }
    const written = { crc, size, packed, offset };
    const behind = descriptor(member, written);
    yield behind;
    offset += local.length + packed + behind.length;
    directory.push(centralRecord(member, written));
  }
  yield* directory;
  const length = directory.reduce((sum, record) => sum + record.length, 0);
  yield endRecords(directory.length, { offset, length });
}

function memberOf(entry: Entry, compress: boolean): Member {
  const isFile = entry.type === 'file';
  return {
    name: Buffer.from(entry.type === 'folder' ? `${entry.path}/` : entry.path),
    method: isFile && compress && entry.size > 0 ? methods.deflated : methods.stored,
    mtimeMs: isFile ? entry.mtimeMs : 0,
    mode: isFile ? (entry.executable ? modes.executable : modes.file) : modes[entry.type],
    isLarge: isFile && entry.size >= largeBytes,
  };
}

async function* bytesOf(
  entry: Entry,
  content: (entry: Entry & { type: 'file' }) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (entry.type === 'file') yield* content(entry);
  if (entry.type === 'link') yield Buffer.from(entry.target);
}

/** What compressing each further piece gives. */
function deflating(): (piece: Uint8Array, isLast: boolean) => Uint8Array[] {
  let made: Uint8Array[] = [];
  const deflate = new Deflate({ level: 6 }, (bytes) => made.push(bytes));
  return (piece, isLast) => {
    made = [];
    deflate.push(piece, isLast);
    return made;
  };
}
