import { DepotError } from '../model/errors.js';
import { Ahead } from './ahead.js';
import type { Line } from './line.js';
import { asked, turnOf, type Asked, type FramedRequest } from './part.js';

/** The bytes of an object from `offset` on: the one asked for, or 0 where the parent does not do ranges. */
export interface ObjectBody {
  readonly offset: number;
  readonly chunks: AsyncIterable<Uint8Array>;
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

/** What is not known to be smaller may be as long as a frame. */
async function admitted(request: FramedRequest, from: number, size: number | undefined): Promise<Asked | undefined> {
  return asked(request, from, await turnOf(request, from, size));
}

async function* parts(request: FramedRequest, first: Asked): AsyncGenerator<Uint8Array> {
  const { line, repository, keeper } = request;
  const { offset, total } = first.part;
  let at = offset;
  let ahead: Ahead | undefined;
  try {
    for (let next: Asked | undefined = first; next !== undefined;) {
      const { part, bytes }: Asked = next;
      const isBrief = bytes !== Infinity && !part.isWhole && line?.isBrief(bytes, repository) === true;
      if (isBrief && keeper() === 'paces') ahead ??= new Ahead(request, at + bytes, total);
      let left = bytes === Infinity ? 0 : bytes;
      try {
        for await (const chunk of part.chunks) {
          at += chunk.length;
          const expected = Math.min(left, chunk.length);
          left -= expected;
          line?.arrived(expected, repository, chunk.length);
          yield chunk;
          if (line === undefined || at >= total) continue;
          // The whole of it was asked for when nothing limited the line; that has changed.
          if (bytes === Infinity && line.isFramed) break;
          // It can be read at the rate, at least.
          if (part.isWhole && left === 0) left = await line.admit(chunk.length, repository, 'does-not', request.signal);
        }
      } finally {
        if (left > 0) line?.release(left, repository);
      }
      if (at >= total) return;
      next = await ahead?.next();
      if (next === undefined) {
        ahead = undefined;
        next = await admitted(request, at, total);
      }
      if (next !== undefined && next.part.offset !== at) throw elsewhere(repository, at, next.part.offset);
    }
  } finally {
    ahead?.stop();
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
  repository: string,
): AsyncGenerator<Uint8Array> {
  let left = admittedBytes;
  try {
    for await (const chunk of chunks) {
      const expected = Math.min(left, chunk.length);
      left -= expected;
      line.arrived(expected, repository, chunk.length);
      yield chunk;
    }
  } finally {
    line.release(left, repository);
  }
}
