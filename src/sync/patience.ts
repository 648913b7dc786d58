import type { Host } from '../host.js';
import { DepotError } from '../model/errors.js';

const attempts = 3;
const maxWaitMs = 30_000;

/**
 * Asks again, a few times, where that can help at once: after a cut, and when a busy parent said how long to wait.
 * What came before a cut is for `ask` to go on from.
 */
export async function patiently<Answer>(host: Host, signal: AbortSignal, ask: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      const helps = error instanceof DepotError && (error.code === 'transfer-cut' || error.code === 'parent-busy');
      if (!helps || attempt === attempts) throw error;
      await host.sleep(Math.min(error.retryAfterMs ?? 200 * attempt, maxWaitMs), signal);
    }
  }
}
