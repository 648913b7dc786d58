import { DepotError } from '../model/errors.js';
import type { Lanes } from './lanes.js';
import type { Line } from './line.js';
import type { Keeper } from './pace.js';

/** Where nothing limits the line, and as much as this may be missing, a first frame is asked for; bytes. */
const begunBytes = 8 * 1024 ** 2;
/** By the first frame it is seen how fast one connection is, and whether the parent does ranges at all; bytes. */
const firstFrameBytes = 1024 ** 2;

/** Bytes of a body of `total` bytes. */
export interface Part {
  readonly offset: number;
  /** The place behind its last byte. */
  readonly end: number;
  readonly total: number;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** All of it comes, though a part was asked for. */
  readonly isWhole: boolean;
  /** Lets go of it, unread. */
  drop(): void;
}

export interface FramedRequest {
  readonly line: Line | undefined;
  readonly repository: string;
  readonly keeper: () => Keeper;
  readonly offset: number;
  /** Undefined where only the answer says it. */
  readonly size: number | undefined;
  /** It has no more bytes than that. */
  readonly most: number;
  readonly lanes: Lanes;
  readonly signal: AbortSignal | undefined;
  /**
   * Asks for so many bytes from `from` on; infinitely many: all that there are. Undefined where there is no such thing.
   * `until` ends the request, and the part that came of it.
   */
  readonly ask: (from: number, bytes: number, until: AbortSignal | undefined) => Promise<Part | undefined>;
}

/** A part that was asked for. */
export interface Asked {
  readonly part: Part;
  /** What was admitted for it; infinite: all that is left, without a turn. */
  readonly bytes: number;
}

/** How many bytes may be asked for now. */
export async function turnOf(request: FramedRequest, from: number, size: number | undefined): Promise<number> {
  const { line, repository, keeper, signal } = request;
  if (line === undefined) return Infinity;
  if (!line.isFramed) {
    await line.letPass(repository, signal);
    return Infinity;
  }
  return line.admit(size === undefined ? Infinity : size - from, repository, keeper(), signal);
}

/** Asks for so many bytes, for which `turnOf` gave the turn; without a turn for all that are left, or their beginning. */
export async function asked(request: FramedRequest, from: number, bytes: number): Promise<Asked | undefined> {
  const { line, repository, most, signal, ask } = request;
  const release = (): void => (bytes === Infinity ? undefined : line?.release(bytes, repository));
  try {
    const isBegun = bytes === Infinity && most - from > begunBytes;
    const part = await ask(from, isBegun ? firstFrameBytes : bytes, signal);
    if (part === undefined) release();
    return part && { part, bytes };
  } catch (error) {
    release();
    throw error;
  }
}

/** The same, ended by another signal, too. */
export function stoppable(request: FramedRequest, stopping: AbortSignal): FramedRequest {
  const { signal } = request;
  return { ...request, signal: signal === undefined ? stopping : AbortSignal.any([signal, stopping]) };
}

/** Lets go of a part that nobody reads. */
export function letGo({ line, repository }: FramedRequest, { part, bytes }: Asked): void {
  part.drop();
  if (bytes !== Infinity) line?.release(bytes, repository);
}

/** @param offset what came in place of the bytes from `at` on; undefined: they are not there any more */
export function elsewhere(repository: string, at: number, offset: number | undefined): DepotError {
  const came = offset === undefined ? 'there are none now' : `those from ${offset} came`;
  const message = `${repository}: bytes from ${at} on were asked for, and ${came}`;
  return new DepotError('transfer-cut', message, { retry: 'now' });
}
