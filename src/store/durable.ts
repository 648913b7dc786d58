import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { DepotError } from '../model/errors.js';
import { syncFilesystemOf } from './barrier.js';
import { isCode } from './system-error.js';

/** From here on one barrier for the whole filesystem costs less than one a file. */
const manyFiles = 16;

/**
 * Replaces a file so that a crash leaves the old one or the new one, whole. Makes the folder when it is missing.
 * `mode` is exact, whatever the umask; default 0644.
 */
export async function writeFileDurably(
  path: string,
  bytes: Uint8Array | string | AsyncIterable<Uint8Array>,
  options: { readonly mode?: number } = {},
): Promise<void> {
  const temporary = temporaryBeside(path);
  await makeFolderDurably(dirname(path));
  try {
    const handle = await open(temporary, 'w');
    try {
      await handle.chmod(options.mode ?? 0o644);
      await writeFile(handle, bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Makes a folder and those above it that are missing. */
export async function makeFolderDurably(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

let temporaries = 0;

/** A name for a file that is not whole yet, in the folder of the file that it will become. */
export function temporaryBeside(path: string): string {
  temporaries += 1;
  return join(dirname(path), `.${basename(path)}.${process.pid}-${threadId}-${temporaries}.tmp`);
}

/** Whether a file was left behind under a name of `temporaryBeside`. */
export function isTemporary(name: string): boolean {
  return name.startsWith('.') && name.endsWith('.tmp');
}

/** Entries made, renamed or removed in the folder are durable when it resolves. */
export async function syncFolder(path: string): Promise<void> {
  await syncPath(path);
}

/**
 * Files and the folders that name them are durable when it resolves: one by one for a few, else the whole filesystem of
 * `data` at once. With `mayBeGone`, files that somebody removed are passed over.
 */
export async function syncMany(
  data: string,
  files: readonly string[],
  options: { readonly mayBeGone?: boolean } = {},
): Promise<void> {
  if (files.length > manyFiles && (await syncFilesystemOf(data))) return;
  for (const file of files) {
    try {
      await syncPath(file);
    } catch (error) {
      if (options.mayBeGone !== true || !isCode(error, 'ENOENT')) throw error;
    }
  }
  for (const folder of new Set(files.map((file) => dirname(file)))) await syncPath(folder);
}

/**
 * All that was written to the filesystem of `data` before is durable when it resolves.
 * @throws DepotError `internal` where it cannot be run or the disk reports an error
 */
export async function syncFilesystem(data: string): Promise<void> {
  if (!(await syncFilesystemOf(data))) {
    throw new DepotError('internal', `sync -f ${data} failed`, {
      hint: 'coreutils and a healthy disk are needed; see dmesg',
    });
  }
}

async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
