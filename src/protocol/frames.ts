import { abreast } from './abreast.js';
import { Ahead } from './ahead.js';
import { droppable, type Body } from './body.js';
import type { Line } from './line.js';
import { asked, elsewhere, letGo, turnOf, type Asked, type FramedRequest } from './part.js';

/** The bytes of an object from `offset` on: the one asked for, or 0 where the parent does not do ranges. */
export interface ObjectBody extends Body {
  readonly offset: number;
}

/**
 * A body in parts of a frame, each when the line has room for it. Where nothing limits the line it comes whole, or over
 * several connections where it is large and the way to the parent is long. It ends between two
 * frames where the line is closed, and what came is for the caller to go on from.
 * @throws DepotError `window-closed`, and what `ask` throws
 */
export async function inFrames(request: FramedRequest): Promise<ObjectBody | undefined> {
  const first = await admitted(request, request.offset, request.size);
  if (first === undefined) return undefined;
  return { offset: first.part.offset, ...droppable(parts(request, first), () => letGo(request, first)) };
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
      const isBrief = bytes !== Infinity && !part.isWhole && line?.isBrief(bytes, repository, keeper()) === true;
      if (isBrief) ahead ??= new Ahead(request, at + bytes, total);
      const isBegun = bytes === Infinity && part.end < total;
      at = yield* isBegun ? abreast(request, part) : alone(request, next);
      if (at >= total) return;
      next = await ahead?.next();
      if (next === undefined) {
        ahead = undefined;
        next = await admitted(request, at, total);
      }
      if (next !== undefined && next.part.offset !== at) {
        letGo(request, next);
        throw elsewhere(repository, at, next.part.offset);
      }
    }
  } finally {
    ahead?.stop();
  }
}

/**
 * One part, as it comes.
 * @returns where it ended: before its end where nothing limited the line when it was asked for, and something does now
 */
async function* alone(request: FramedRequest, { part, bytes }: Asked): AsyncGenerator<Uint8Array, number> {
  const { line, repository, signal } = request;
  let at = part.offset;
  let left = bytes === Infinity ? 0 : bytes;
  try {
    for await (const chunk of part.chunks) {
      at += chunk.length;
      const expected = Math.min(left, chunk.length);
      left -= expected;
      line?.arrived(expected, repository, chunk.length);
      yield chunk;
      if (line === undefined || at >= part.total) continue;
      if (!line.isFramed) {
        await line.letPass(repository, signal);
        continue;
      }
      if (bytes === Infinity && !part.isWhole) break;
      // It can be read at the rate, at least.
      if (part.isWhole && left === 0) left = await line.admit(chunk.length, repository, 'does-not', signal);
    }
    return at;
  } finally {
    if (left > 0) line?.release(left, repository);
  }
}

/** A body that was admitted whole, as it comes. */
export function counted({ chunks, drop }: Body, admittedBytes: number, line: Line, repository: string): Body {
  return droppable(countedChunks(chunks, admittedBytes, line, repository), () => {
    drop();
    line.release(admittedBytes, repository);
  });
}

async function* countedChunks(
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
