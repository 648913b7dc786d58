import { createHash } from 'node:crypto';
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DepotError } from '../model/errors.js';
import type { Sha256 } from '../model/sha256.js';
import type { Body } from '../protocol/body.js';
import type { ObjectBody } from '../protocol/frames.js';
import type { Store } from '../store/store.js';
import { appendAll } from './append.js';

/**
 * Writes a stream to a file, replacing what is there. What it holds is verified by whoever reads it. One that does not come
 * whole leaves nothing: a parent that sends without end must not fill the disk poll by poll.
 */
export async function receiveFile(body: Body, file: string): Promise<void> {
  const cut = await receivePart(body, file);
  if (cut === undefined) return;
  await rm(file, { force: true });
  throw cut;
}

/** Likewise; where the line was cut, what came stays, and the error is given. Other failures are thrown and leave nothing. */
export async function receivePart(
  body: Body,
  file: string,
  onBytes: (bytes: number) => void = () => undefined,
): Promise<DepotError | undefined> {
  const handle = await opened(file).catch((error: unknown) => {
    body.drop();
    throw error;
  });
  try {
    await appendAll(handle, body.chunks, ({ length }) => onBytes(length));
    return undefined;
  } catch (error) {
    if (error instanceof DepotError && (error.code === 'transfer-cut' || error.code === 'interrupted')) return error;
    await rm(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

async function opened(file: string): Promise<FileHandle> {
  await mkdir(dirname(file), { recursive: true });
  return open(file, 'w');
}

/**
 * Appends a body to a file, behind what is there; a body that begins elsewhere replaces it. What came before a cut stays.
 * @param request gives undefined where there is no such thing
 * @returns whether the file is whole
 */
export async function appendBody(
  file: string,
  request: (offset: number) => Promise<ObjectBody | undefined>,
  onBytes: (bytes: number) => void,
): Promise<boolean> {
  await mkdir(dirname(file), { recursive: true });
  const handle = await open(file, 'a');
  let isEmpty = true;
  try {
    const { size } = await handle.stat();
    isEmpty = size === 0;
    const body = await request(size);
    if (body === undefined) return false;
    try {
      if (body.offset !== size) await handle.truncate(body.offset);
      await appendAll(handle, body.chunks, ({ length }) => {
        isEmpty = false;
        onBytes(length);
      });
    } finally {
      body.drop();
    }
    return true;
  } finally {
    await handle.close();
    if (isEmpty) await rm(file, { force: true });
  }
}

/** Told of bytes that an earlier transfer left, of bytes as they come, and of those that turned out to be of no use. */
export interface ByteMeter {
  kept(bytes: number): void;
  arrived(bytes: number): void;
  lost(bytes: number): void;
}

/**
 * Receives an object into its staging file, going on where an earlier transfer was cut. The file is verified when this
 * returns: it has the promised size and hashes to its name. Bytes that came before a cut stay for the next time; bytes
 * that cannot be right are dropped at once. Where those of an earlier transfer were among them, all is asked for once more:
 * another parent may have sent them, and this one must not be blamed.
 * @throws DepotError `object-damaged`, or what the transfer threw.
 */
export async function receiveObject(
  store: Store,
  wanted: WantedBytes,
  request: (offset: number) => Promise<ObjectBody>,
  meter: ByteMeter,
  hashed = new Hashed(),
): Promise<void> {
  const isResumed = store.staging.size(wanted.sha256) > 0;
  try {
    await receiveOnce(store, wanted, request, meter, hashed);
  } catch (error) {
    if (!isResumed || !(error instanceof DepotError) || error.code !== 'object-damaged') throw error;
    await receiveOnce(store, wanted, request, meter, hashed);
  }
}

/**
 * The hash of what is here of an object, for those who receive it in several goes: else a file of many gigabytes is read from
 * its beginning after each cut.
 */
export class Hashed {
  private hash = createHash('sha256');
  private bytes = 0;

  /** Goes on behind what the file holds; reads that where it is not what went through here. */
  async begin(handle: FileHandle, length: number): Promise<void> {
    if (length === this.bytes) return;
    this.hash = createHash('sha256');
    this.bytes = 0;
    await hashPrefix(this, handle, length);
  }

  /** Bytes. */
  get length(): number {
    return this.bytes;
  }

  update(chunk: Uint8Array): void {
    this.hash.update(chunk);
    this.bytes += chunk.length;
  }

  /** Of all that went through; then it begins anew. */
  digest(): string {
    const digest = this.hash.digest('hex');
    this.hash = createHash('sha256');
    this.bytes = 0;
    return digest;
  }
}

interface WantedBytes {
  readonly sha256: Sha256;
  readonly size: number;
}

async function receiveOnce(
  store: Store,
  wanted: WantedBytes,
  request: (offset: number) => Promise<ObjectBody>,
  meter: ByteMeter,
  hashed: Hashed,
): Promise<void> {
  const { sha256, size } = wanted;
  if (store.staging.size(sha256) > size) store.staging.discard(sha256);
  const handle = await store.staging.openAppend(sha256);
  let body: ObjectBody | undefined;
  try {
    let position = (await handle.stat()).size;
    // The meter was told of these in an earlier go.
    const known = hashed.length;
    // Before the request: an answer that nobody reads while gigabytes are hashed would be cut.
    await hashed.begin(handle, position);
    meter.kept(position - known);
    body = position < size ? await request(position) : undefined;
    if (body?.offset === 0 && position > 0) {
      await handle.truncate(0);
      await hashed.begin(handle, 0);
      meter.lost(position);
      position = 0;
    }
    if (body !== undefined) {
      await appendAll(handle, body.chunks, (chunk) => {
        hashed.update(chunk);
        position += chunk.length;
        meter.arrived(chunk.length);
      });
    }
    if (position === size && hashed.digest() === sha256) return;
    meter.lost(position);
    await hashed.begin(handle, 0);
    store.staging.discard(sha256);
    const seen = position === size ? 'its bytes hash to something else' : `${position} of ${size} bytes came`;
    throw damagedObject(sha256, seen);
  } finally {
    body?.drop();
    await handle.close();
  }
}

/** Receives an object into memory, unverified but for its length. An empty one is not asked for. */
export async function receiveSmall(
  { sha256, size }: { readonly sha256: Sha256; readonly size: number },
  request: (offset: number) => Promise<ObjectBody>,
  meter: ByteMeter,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const body = size > 0 ? await request(0) : undefined;
  try {
    for await (const chunk of body?.chunks ?? []) {
      chunks.push(chunk);
      length += chunk.length;
      meter.arrived(chunk.length);
    }
    if (length !== size) throw damagedObject(sha256, `${length} of ${size} bytes came`);
    return Buffer.concat(chunks, length);
  } catch (error) {
    meter.lost(length);
    throw error;
  }
}

export function damagedObject(sha256: Sha256, seen: string): DepotError {
  return new DepotError('object-damaged', `object ${sha256} is not what its name says: ${seen}`, {
    hint: 'it is asked for again at the next poll; `depot verify` at the parent finds damage there',
  });
}

async function hashPrefix(hash: Hashed, handle: FileHandle, length: number): Promise<void> {
  const buffer = Buffer.allocUnsafe(64 * 1024);
  for (let at = 0; at < length;) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, length - at), at);
    if (bytesRead === 0) throw new DepotError('object-damaged', 'a partial transfer shrank while it was read');
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}
