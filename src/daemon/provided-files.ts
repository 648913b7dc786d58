import { readFile } from 'node:fs/promises';
import type { Settings } from '../config/settings.js';
import { DepotError } from '../model/errors.js';
import type { ProvidedPair } from '../trust/provided.js';

/** @throws DepotError `certificate-refused` where one of the files cannot be read */
export async function readProvidedFiles({ file, key }: NonNullable<Settings['certificate']>): Promise<ProvidedPair> {
  return { chain: await read(file), key: await read(key) };
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DepotError('certificate-refused', `the file that certificate: names cannot be read: ${reason}`, {
      cause,
      hint: 'the daemon runs as its own user: is the file open to it?',
    });
  }
}
