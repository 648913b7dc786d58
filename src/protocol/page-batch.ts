import type { PageRef } from '../manifest/page.js';
import { DepotError } from '../model/errors.js';
import { isSha256, type Sha256 } from '../model/sha256.js';
import { compressedBound, limits } from './limits.js';

/*
 * Many pages in one answer (README section 5): a manifest of 100,000 files has 800, and asked for one by one they take as
 * many round trips.
 */

const nameBytes = 32;
const lengthBytes = 4;

/** The body of the request: the names, 32 bytes each. */
export function formatPagesRequest(pages: readonly PageRef[]): Buffer {
  return Buffer.concat(pages.map(({ sha256 }) => Buffer.from(sha256, 'hex')));
}

/** @throws DepotError `bad-request` */
export function parsePagesRequest(body: Buffer): Sha256[] {
  const count = body.length / nameBytes;
  if (!Number.isInteger(count) || count < 1 || count > limits.pagesAtOnce) {
    throw new DepotError('bad-request', `a request for pages has ${body.length} bytes`);
  }
  const named = new Set<Sha256>();
  for (let at = 0; at < body.length; at += nameBytes) {
    const name = body.toString('hex', at, at + nameBytes);
    if (!isSha256(name)) throw new DepotError('bad-request', `${name} is no name of a page`);
    if (named.has(name)) throw new DepotError('bad-request', `a request for pages names ${name} twice`);
    named.add(name);
  }
  return [...named];
}

/** The answer: of each page the length in 32 bits, big-endian, and its bytes, compressed; length 0 for one that is left out. */
export function formatPages(pages: readonly (Uint8Array | undefined)[]): Buffer {
  return Buffer.concat(
    pages.flatMap((page) => {
      const length = Buffer.alloc(lengthBytes);
      length.writeUInt32BE(page?.length ?? 0);
      return page === undefined ? [length] : [length, page];
    }),
  );
}

/** The most that an answer can have. */
export function pagesBound(pages: readonly PageRef[]): number {
  return pages.reduce((sum, { length }) => sum + lengthBytes + compressedBound(length), 0);
}

/** The pages of an answer in the order of the request, unverified; undefined where one was left out, or does not fit. */
export function parsePages(answer: Buffer, count: number): (Uint8Array | undefined)[] {
  let at = 0;
  return Array.from({ length: count }, () => {
    if (at + lengthBytes > answer.length) return undefined;
    const length = answer.readUInt32BE(at);
    const start = at + lengthBytes;
    at = start + length;
    return length === 0 || at > answer.length ? undefined : answer.subarray(start, at);
  });
}
