/*
 * The records of a zip file as APPNOTE.TXT 6.3 lays them out, numbers little-endian. Where a number does not fit, its field is
 * all ones and the number stands in the ZIP64 extra field of the record, or in the ZIP64 end.
 */

/** What the fields of 32 and 16 bits hold at most; as values they say "look into the ZIP64 record". */
export const full32 = 0xffffffff;
export const full16 = 0xffff;

export const signatures = {
  local: 0x04034b50,
  descriptor: 0x08074b50,
  central: 0x02014b50,
  end: 0x06054b50,
  end64: 0x06064b50,
  locator64: 0x07064b50,
} as const;

export const lengths = { local: 30, central: 46, end: 22, end64: 56, locator64: 20 } as const;
export const methods = { stored: 0, deflated: 8 } as const;
export const flags = { encrypted: 0x1, described: 0x8, strong: 0x40, utf8: 0x800 } as const;
export const extras = { zip64: 0x0001, times: 0x5455, unicodeName: 0x7075 } as const;
const madeOnUnix = 3;

/** A member of a zip file, as its local and central records say it. */
export interface Member {
  /** Folders end with `/`. */
  readonly name: Uint8Array;
  readonly method: number;
  readonly mtimeMs: number;
  /** A Unix file mode. */
  readonly mode: number;
  /** Whether its sizes may need 64 bits: said before they are known, as the descriptor behind its bytes depends on it. */
  readonly isLarge: boolean;
}

/** What is known of a member once its bytes were written. */
export interface Written {
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

const version = { plain: 20, zip64: 45 } as const;
const written = flags.described | flags.utf8;

/** The record before the bytes of a member; CRC and sizes come behind them. */
export function localRecord(member: Member): Buffer {
  const extra = Buffer.concat([timesExtra(member.mtimeMs), member.isLarge ? zip64Extra([0, 0]) : Buffer.alloc(0)]);
  const record = Buffer.alloc(lengths.local);
  record.writeUInt32LE(signatures.local, 0);
  record.writeUInt16LE(member.isLarge ? version.zip64 : version.plain, 4);
  record.writeUInt16LE(written, 6);
  record.writeUInt16LE(member.method, 8);
  record.writeUInt32LE(dosTime(member.mtimeMs), 10);
  record.writeUInt32LE(member.isLarge ? full32 : 0, 18);
  record.writeUInt32LE(member.isLarge ? full32 : 0, 22);
  record.writeUInt16LE(member.name.length, 26);
  record.writeUInt16LE(extra.length, 28);
  return Buffer.concat([record, member.name, extra]);
}

/** The record behind the bytes of a member. */
export function descriptor({ isLarge }: Member, { crc, packed, size }: Written): Buffer {
  const record = Buffer.alloc(isLarge ? 24 : 16);
  record.writeUInt32LE(signatures.descriptor, 0);
  record.writeUInt32LE(crc, 4);
  if (isLarge) {
    record.writeBigUInt64LE(BigInt(packed), 8);
    record.writeBigUInt64LE(BigInt(size), 16);
  } else {
    record.writeUInt32LE(packed, 8);
    record.writeUInt32LE(size, 12);
  }
  return record;
}

/** The record of a member in the directory at the end of the file. */
export function centralRecord(member: Member, { crc, packed, size, offset }: Written): Buffer {
  const isFar = offset >= full32;
  const wide = [...(member.isLarge ? [size, packed] : []), ...(isFar ? [offset] : [])];
  const extra = Buffer.concat([timesExtra(member.mtimeMs), wide.length > 0 ? zip64Extra(wide) : Buffer.alloc(0)]);
  const record = Buffer.alloc(lengths.central);
  const needed = wide.length > 0 ? version.zip64 : version.plain;
  record.writeUInt32LE(signatures.central, 0);
  record.writeUInt16LE((madeOnUnix << 8) | needed, 4);
  record.writeUInt16LE(needed, 6);
  record.writeUInt16LE(written, 8);
  record.writeUInt16LE(member.method, 10);
  record.writeUInt32LE(dosTime(member.mtimeMs), 12);
  record.writeUInt32LE(crc, 16);
  record.writeUInt32LE(member.isLarge ? full32 : packed, 20);
  record.writeUInt32LE(member.isLarge ? full32 : size, 24);
  record.writeUInt16LE(member.name.length, 28);
  record.writeUInt16LE(extra.length, 30);
  record.writeUInt32LE(((member.mode << 16) | (member.name.at(-1) === 0x2f ? dosFolder : 0)) >>> 0, 38);
  record.writeUInt32LE(isFar ? full32 : offset, 42);
  return Buffer.concat([record, member.name, extra]);
}

const dosFolder = 0x10;

/** What closes the file: where its directory is. With the ZIP64 records where a number needs them. */
export function endRecords(entries: number, directory: { readonly offset: number; readonly length: number }): Buffer {
  const { offset, length } = directory;
  const end = Buffer.alloc(lengths.end);
  end.writeUInt32LE(signatures.end, 0);
  end.writeUInt16LE(Math.min(entries, full16), 8);
  end.writeUInt16LE(Math.min(entries, full16), 10);
  end.writeUInt32LE(Math.min(length, full32), 12);
  end.writeUInt32LE(Math.min(offset, full32), 16);
  if (entries < full16 && offset < full32 && length < full32) return end;
  const end64 = Buffer.alloc(lengths.end64);
  end64.writeUInt32LE(signatures.end64, 0);
  end64.writeBigUInt64LE(BigInt(lengths.end64 - 12), 4);
  end64.writeUInt16LE((madeOnUnix << 8) | version.zip64, 12);
  end64.writeUInt16LE(version.zip64, 14);
  for (const at of [24, 32]) end64.writeBigUInt64LE(BigInt(entries), at);
  end64.writeBigUInt64LE(BigInt(length), 40);
  end64.writeBigUInt64LE(BigInt(offset), 48);
  const locator = Buffer.alloc(lengths.locator64);
  locator.writeUInt32LE(signatures.locator64, 0);
  locator.writeBigUInt64LE(BigInt(offset + length), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([end64, locator, end]);
}

function zip64Extra(values: readonly number[]): Buffer {
  const extra = Buffer.alloc(4 + values.length * 8);
  extra.writeUInt16LE(extras.zip64, 0);
  extra.writeUInt16LE(values.length * 8, 2);
  values.forEach((value, at) => extra.writeBigUInt64LE(BigInt(value), 4 + at * 8));
  return extra;
}

/** Modification time in UTC, to the second; the time of the format itself is local, of some zone. */
function timesExtra(mtimeMs: number): Buffer {
  const seconds = Math.floor(mtimeMs / 1000);
  if (seconds < -(2 ** 31) || seconds >= 2 ** 31) return Buffer.alloc(0);
  const extra = Buffer.alloc(9);
  extra.writeUInt16LE(extras.times, 0);
  extra.writeUInt16LE(5, 2);
  extra.writeUInt8(1, 4);
  extra.writeInt32LE(seconds, 5);
  return extra;
}

/** Local time in steps of two seconds, from 1980 to 2107. */
function dosTime(mtimeMs: number): number {
  const time = new Date(mtimeMs);
  const year = time.getFullYear();
  if (year < 1980) return (1 << 21) | (1 << 16);
  if (year > 2107) return ((127 << 25) | (12 << 21) | (31 << 16)) >>> 0;
  const date = ((year - 1980) << 25) | ((time.getMonth() + 1) << 21) | (time.getDate() << 16);
  return (date | (time.getHours() << 11) | (time.getMinutes() << 5) | (time.getSeconds() >> 1)) >>> 0;
}
