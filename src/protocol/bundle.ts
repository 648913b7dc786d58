import { DepotError } from '../model/errors.js';
import type { Sha256 } from '../model/sha256.js';
import { limits } from './limits.js';

/**
 * The beginning of the name of an object, 16 hexadecimal digits: enough to find it among those of a repository, and a
 * quarter of the bytes. What comes is verified under the whole name, so a wrong guess costs a transfer and nothing else.
 */
export type ShortName = string;

/** A request for many small objects (README section 6). */
export interface BundleRequest {
  readonly objects: readonly ShortName[];
  /** Objects that the child holds and that those resemble, in the order in which both sides lay them as the prefix. */
  readonly bases: readonly ShortName[];
}

const nameBytes = 8;
const headBytes = 8;

/** The body of the request: two counts of 32 bits, big-endian, then the names, 8 bytes each. */
export function formatBundleRequest(objects: readonly Sha256[], bases: readonly Sha256[]): Buffer {
  const body = Buffer.alloc(headBytes + nameBytes * (objects.length + bases.length));
  body.writeUInt32BE(objects.length, 0);
  body.writeUInt32BE(bases.length, 4);
  [...objects, ...bases].forEach((name, at) => body.write(name, headBytes + at * nameBytes, nameBytes, 'hex'));
  return body;
}

/** @throws DepotError `bad-request` */
export function parseBundleRequest(body: Uint8Array): BundleRequest {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const [objects, bases] = bytes.length < headBytes ? [0, 0] : [bytes.readUInt32BE(0), bytes.readUInt32BE(4)];
  const isWhole = bytes.length === headBytes + nameBytes * (objects + bases);
  if (!isWhole || objects === 0 || objects > limits.bundleObjects || bases > limits.bundleObjects) {
    throw new DepotError('bad-request', `a request for ${objects} objects on ${bases} bases has ${bytes.length} bytes`);
  }
  const names = Array.from({ length: objects + bases }, (_, at) => {
    const start = headBytes + at * nameBytes;
    return bytes.toString('hex', start, start + nameBytes);
  });
  return { objects: names.slice(0, objects), bases: names.slice(objects) };
}
