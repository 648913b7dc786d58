import type { EncodingName } from '../model/encoding.js';
import type { Sha256 } from '../model/sha256.js';
import {
  atMost,
  checkBinary,
  checkPart,
  checkRange,
  checkTag,
  exactly,
  lengthOf,
  refusalOf,
  wholeOf,
} from './acceptance.js';
import { droppable, nothingLeft, type Body } from './body.js';
import { formatBundleRequest } from './bundle.js';
import type { Answer } from './exchange.js';
import { counted, inFrames, type ObjectBody } from './frames.js';
import { compressedBound, limits } from './limits.js';
import type { Part } from './part.js';
import type { Requester } from './requester.js';

/*
 * What is large is asked for when the line has room for it, in parts where the line has a rate. `ParentClient` says what
 * the caller gets.
 */

interface Wanted {
  /** Of the object. */
  readonly size: number;
  /** Bytes that the caller has already. */
  readonly offset: number;
  readonly signal: AbortSignal | undefined;
}

export async function askObject(
  requester: Requester,
  repository: string,
  sha256: Sha256,
  { size, offset, signal }: Wanted,
): Promise<ObjectBody> {
  if (offset === size) return { offset, ...nothingLeft };
  const route = { name: 'object', repository, sha256 } as const;
  const ask = async (from: number, bytes: number, until = signal): Promise<Part> => {
    const isWhole = from === 0 && bytes >= size;
    const headers = isWhole ? {} : { range: rangeOf(from, from + bytes < size ? bytes : Infinity) };
    const answer = await requester.ask(route, headers, isWhole ? [200] : [200, 206], until);
    checkBinary(answer);
    checkTag(answer, sha256);
    const { drop } = answer;
    if (answer.status === 200) {
      return { offset: 0, end: size, total: size, chunks: exactly(answer, size), isWhole: !isWhole, drop };
    }
    const length = Math.min(bytes, size - from);
    checkRange(answer, from, length, size);
    return { offset: from, end: from + length, total: size, chunks: exactly(answer, length), isWhole: false, drop };
  };
  const body = await inFrames({ ...sharing(requester, repository), offset, size, most: size, signal, ask });
  return body ?? { offset, ...nothingLeft };
}

export function askEncoding(
  requester: Requester,
  repository: string,
  encoding: EncodingName,
  { size, offset, signal, offered }: Wanted & { readonly offered: number },
): Promise<ObjectBody | undefined> {
  const route = { name: 'encoding', repository, encoding } as const;
  const most = compressedBound(size);
  const ask = async (from: number, bytes: number, until = signal): Promise<Part | undefined> => {
    const headers = from === 0 && bytes === Infinity ? {} : { range: rangeOf(from, bytes) };
    const answer = await requester.ask(route, headers, [200, 206, 404, 416], until);
    if (answer.status === 404) {
      await refusalOf(answer);
      return undefined;
    }
    if (answer.status === 416) {
      // It is here to its last byte, or another one now; what it holds will tell.
      await refusalOf(answer);
      return { offset: from, end: from, total: from, ...nothingLeft, isWhole: false };
    }
    checkBinary(answer);
    const { drop } = answer;
    if (answer.status === 200) {
      const total = lengthOf(answer);
      if (total > offered) return refused(answer);
      return { offset: 0, end: total, total, chunks: wholeOf(answer, most), isWhole: bytes !== Infinity, drop };
    }
    const total = checkPart(answer, from, bytes, most);
    if (total > offered) return refused(answer);
    const length = Math.min(bytes, total - from);
    return { offset: from, end: from + length, total, chunks: exactly(answer, length), isWhole: false, drop };
  };
  const expected = { size: offered === Infinity ? undefined : offered, most: Math.min(most, offered) };
  return inFrames({ ...sharing(requester, repository), offset, ...expected, signal, ask });
}

/** What is larger than it was offered is not there: nobody reads it. */
function refused({ drop }: Answer): undefined {
  drop();
}

/** A compressed archive, and whether it is made on the bases. */
export interface BundleBody extends Body {
  readonly isOnBases: boolean;
}

interface WantedBundle {
  readonly objects: readonly Sha256[];
  readonly bases: readonly Sha256[];
  /** What the objects have together. */
  readonly bytes: number;
  readonly signal: AbortSignal | undefined;
}

export async function askBundle(
  requester: Requester,
  repository: string,
  { objects, bases, bytes, signal }: WantedBundle,
): Promise<BundleBody | undefined> {
  const { line } = requester;
  const body = formatBundleRequest(objects, bases);
  const headers = { 'content-type': 'application/octet-stream' };
  await line?.turn(bytes, repository, requester.keeper, signal);
  let isBegun = false;
  try {
    const answer = await requester.ask({ name: 'bundle', repository }, headers, [200, 404, 405, 501], signal, body);
    if (answer.status !== 200) {
      await refusalOf(answer);
      return undefined;
    }
    checkBinary(answer);
    const isOnBases = answer.headers['depotd-bases'] === 'all';
    const came = droppable(atMost(answer, compressedBound(limits.bundleBytes * 2)), answer.drop);
    isBegun = true;
    return { isOnBases, ...(line === undefined ? came : counted(came, bytes, line, repository)) };
  } finally {
    if (!isBegun) line?.release(bytes, repository);
  }
}

function sharing(requester: Requester, repository: string) {
  return { line: requester.line, repository, keeper: () => requester.keeper, lanes: requester.lanes };
}

function rangeOf(from: number, bytes: number): string {
  return `bytes=${from}-${bytes === Infinity ? '' : from + bytes - 1}`;
}
