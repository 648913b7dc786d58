import type { Host } from '../host.js';
import { DepotError } from '../model/errors.js';
import { limits } from '../protocol/limits.js';

/** Cuts in a row, with hardly anything coming in between. */
const attempts = 3;
/** Asking a busy parent again and again, as it said; then the next poll does. */
const longestPatienceMs = 15 * 60_000;
const maxWaitMs = 60_000;
/** Also where it says that it need not be long: it may say so each time. */
const leastWaitMs = 1_000;

/**
 * Asks again where that can help at once: a few times after a cut, and a busy parent when it said, or up to half as long
 * again, so that those who were sent away together do not come back together. What came before a cut is for `ask` to go
 * on from: a line that is cut every few seconds and brings something each time is worth as many.
 * @param arrived bytes that came so far
 */
export async function patiently<Answer>(
  host: Host,
  signal: AbortSignal,
  ask: () => Promise<Answer>,
  arrived: () => number = () => 0,
): Promise<Answer> {
  const startedAt = host.monotonic();
  const atFirst = arrived();
  let before = atFirst;
  for (let cuts = 0; ;) {
    signal.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof DepotError)) throw error;
      const now = arrived();
      // A cut may come between two frames, before there is an answer.
      if (error.code === 'transfer-cut' || (error.code === 'parent-unreachable' && now > atFirst)) {
        cuts = now - before >= limits.floor.bytes ? 1 : cuts + 1;
        before = now;
        if (cuts === attempts) throw error;
        await host.sleep(200 * cuts, signal);
      } else if (error.code === 'parent-busy' && host.monotonic() - startedAt < longestPatienceMs) {
        const asked = Math.min(Math.max(error.retryAfterMs ?? 0, leastWaitMs), maxWaitMs);
        await host.sleep(asked * (1 + host.random() / 2), signal);
      } else {
        throw error;
      }
    }
  }
}
