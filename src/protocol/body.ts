import type { Readable } from 'node:stream';
import { DepotError } from '../model/errors.js';

/** The least headway of a body: so many bytes in so much time that was spent waiting for them. */
export interface Floor {
  readonly bytes: number;
  readonly windowMs: number;
}

/** A body on its way. */
export interface Body {
  /** To be read to the end, or their iteration to be ended. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Lets go of it where nobody reads it; does nothing once somebody has begun. */
  drop(): void;
}

/** @param letGo ends what a generator that was never begun does not end itself */
export function droppable(chunks: AsyncIterable<Uint8Array>, letGo: () => void): Body {
  let isOver = false;
  async function* read(): AsyncGenerator<Uint8Array> {
    isOver = true;
    yield* chunks;
  }
  const drop = (): void => {
    if (!isOver) letGo();
    isOver = true;
  };
  return { chunks: read(), drop };
}

/** Of what is here to its last byte. */
export const nothingLeft: Body = {
  chunks: { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }) },
  drop: () => undefined,
};

const ticksAWindow = 20;

/**
 * The chunks of a body that keeps moving. Only time in which the reader waits counts, so that a slow disk behind it is
 * not taken for a slow line; a timer measures it, since the wall clock may be set while a transfer runs.
 * Stops the slow retrieval attack: https://theupdateframework.github.io/specification/latest/#slow-retrieval-attacks
 * @throws DepotError `transfer-cut` below the floor; and what the stream throws.
 */
export async function* flowing(body: Readable, floor: Floor, subject: string): AsyncGenerator<Uint8Array> {
  let isWaiting = true;
  let ticks = 0;
  let arrived = 0;
  const tick = (): void => {
    if (!isWaiting) return;
    ticks += 1;
    if (ticks < ticksAWindow) return;
    if (arrived < floor.bytes) body.destroy(tooSlow(subject, arrived, floor));
    ticks = 0;
    arrived = 0;
  };
  const timer = setInterval(tick, floor.windowMs / ticksAWindow);
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      isWaiting = false;
      arrived += chunk.length;
      yield chunk;
      isWaiting = true;
    }
  } finally {
    clearInterval(timer);
  }
}

function tooSlow(subject: string, arrived: number, floor: Floor): DepotError {
  const seconds = Math.round(floor.windowMs / 1000);
  return new DepotError('transfer-cut', `${subject}: ${arrived} bytes in ${seconds} s, the least is ${floor.bytes}`, {
    hint: 'the line or the other side is nearly standing still; what came is kept',
    retry: 'now',
  });
}

/** All of a body in one piece; whoever made the chunks bounds them. */
export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const held: Uint8Array[] = [];
  for await (const chunk of chunks) held.push(chunk);
  return Buffer.concat(held);
}
