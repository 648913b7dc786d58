import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { DepotError } from '../model/errors.js';
import { ConfigError } from './problems.js';

/** A configuration is a few kilobytes; what is larger is not one. */
const maxConfigBytes = 1024 * 1024;

/**
 * The text of a configuration file, without a byte order mark.
 * @throws DepotError `config-missing` when it cannot be read, ConfigError when it is too large or not UTF-8.
 */
export async function readConfigFile(file: string): Promise<string> {
  const bytes = await readCapped(file);
  const refuse = (line: number, column: number, message: string): never => {
    throw new ConfigError([{ file, line, column, path: '', message }], `is ${file} the right file?`);
  };
  if (bytes.length > maxConfigBytes) refuse(1, 1, 'the file is larger than 1 MiB; a configuration has a few kilobytes');
  if (!isUtf8(bytes)) {
    const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
    const { line, column } = firstForeignByte(bytes);
    refuse(line, column, `the file is not UTF-8${utf16 ? ' but UTF-16' : ' from here on'}; save it as UTF-8`);
  }
  return new TextDecoder().decode(bytes);
}

async function readCapped(file: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    // One byte more than is allowed tells a file that is too large, and ends a device that never ends.
    for await (const chunk of createReadStream(file, { end: maxConfigBytes })) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } catch (cause) {
    throw missing(file, cause);
  }
}

function missing(file: string, cause: unknown): DepotError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  const sentences: Record<string, readonly [string, string]> = {
    ENOENT: ['there is no such file', `write one: depot init --config ${file}`],
    ENOTDIR: ['a part of the path is not a folder', `write one: depot init --config ${file}`],
    EISDIR: ['it is a folder', 'name the file in it, such as depot.yaml'],
    EACCES: ['this user may not read it', 'use sudo, or become a member of the group that owns it'],
  };
  const [reason, hint] = sentences[code] ?? [
    cause instanceof Error ? cause.message : String(cause),
    'name another with --config',
  ];
  return new DepotError('config-missing', `cannot read the configuration ${file}: ${reason}`, {
    cause,
    hint,
    retry: 'never',
  });
}

function firstForeignByte(bytes: Buffer): { line: number; column: number } {
  let begin = 0;
  for (let line = 1; ; line += 1) {
    const feed = bytes.indexOf(0x0a, begin);
    const row = bytes.subarray(begin, feed === -1 ? bytes.length : feed);
    if (feed === -1 || !isUtf8(row)) return { line, column: new TextDecoder().decode(row).indexOf('\ufffd') + 1 };
    begin = feed + 1;
  }
}
