import { DepotError } from '../model/errors.js';
import type { Keeper, Line } from './line.js';

/** The bytes of an object from `offset` on: the one asked for, or 0 where the parent does not do ranges. */
export interface ObjectBody {
  readonly offset: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** The bytes of a body of `total` bytes, from `offset` on. */
export interface Part {
  readonly offset: number;
  readonly total: number;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** All of it comes, though a part was asked for. */
  readonly isWhole: boolean;
}

export interface FramedRequest {
  readonly line: Line | undefined;
  readonly repository: string;
  readonly keeper: () => Keeper;
  readonly offset: number;
  /** Undefined where only the answer says it. */
  readonly size: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** Asks for so many bytes from `from` on; infinitely many: all that there are. Undefined where there is no such thing. */
  readonly ask: (from: number, bytes: number) => Promise<Part | undefined>;
}

/**
 * A body in parts of a frame, each when the line has room for it; whole, where nothing limits the line. It ends between two
 * frames where the line is closed, and what came is for the caller to go on from.
 * @throws DepotError `window-closed`, and what `ask` throws
 */
export async function inFrames(request: FramedRequest): Promise<ObjectBody | undefined> {
  const first = await admitted(request, request.offset, request.size);
  if (first === undefined) return undefined;
  const { part } = first;
  return { offset: part.offset, chunks: parts(request, first) };
}

interface Admitted {
  readonly part: Part;
  readonly bytes: number;
}

/** What is not known to be smaller may be as long as a frame. */
async function admitted(request: FramedRequest, from: number, size: number | undefined): Promise<Admitted | undefined> {
  const { line, repository, keeper, signal, ask } = request;
  const left = size === undefined ? Infinity : size - from;
  if (line === undefined || !line.isFramed) {
    const part = await ask(from, left);
    return part && { part, bytes: Infinity };
  }
  const bytes = await line.admit(left, repository, keeper(), signal);
  try {
    const part = await ask(from, bytes);
    if (part === undefined) line.release(bytes);
    return part && { part, bytes };
  } catch (error) {
    line.release(bytes);
    throw error;
  }
}

async function* parts(request: FramedRequest, first: Admitted): AsyncGenerator<Uint8Array> {
  const { line, repository } = request;
  const { offset, total } = first.part;
  let at = offset;
  for (let next: Admitted | undefined = first; next !== undefined;) {
    const { part, bytes } = next;
    let left = bytes === Infinity ? 0 : bytes;
    try {
      for await (const chunk of part.chunks) {
        at += chunk.length;
        const expected = Math.min(left, chunk.length);
        left -= expected;
        line?.arrived(expected);
        yield chunk;
        if (line === undefined || at >= total) continue;
        // The whole of it was asked for when nothing limited the line; that has changed.
        if (bytes === Infinity && line.isFramed) break;
        // It can be read at the rate, at least.
        if (part.isWhole && left === 0) left = await line.admit(chunk.length, repository, 'does-not', request.signal);
      }
    } finally {
      if (left > 0) line?.release(left);
    }
    if (at >= total) return;
    next = await admitted(request, at, total);
    if (next !== undefined && next.part.offset !== at) throw elsewhere(repository, at, next.part.offset);
  }
}

function elsewhere(repository: string, at: number, offset: number): DepotError {
  const message = `${repository}: bytes from ${at} on were asked for, and those from ${offset} came`;
  return new DepotError('transfer-cut', message, { retry: 'now' });
}

/** The chunks of a body that was admitted whole, as they come. */
export async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  admittedBytes: number,
  line: Line,
): AsyncGenerator<Uint8Array> {
  let left = admittedBytes;
  try {
    for await (const chunk of chunks) {
      const expected = Math.min(left, chunk.length);
      left -= expected;
      line.arrived(expected);
      yield chunk;
    }
  } finally {
    line.release(left);
  }
}
