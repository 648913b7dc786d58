import type { Host } from '../../src/host.js';

/** A clock that stands still until a test moves it, and chance that a test decides. */
export interface ScriptedHost extends Host {
  /** Moves the clock, stops at each moment at which somebody wakes up, and lets that one act. */
  advance(ms: number): Promise<void>;
  /** How long those that sleep still have, in milliseconds, the shortest first. */
  sleeping(): number[];
}

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** @param random what chance gives, again and again: from 0 to below 1 */
export function scriptedHost(random: () => number = () => 0.5): ScriptedHost {
  let now = Date.UTC(2026, 0, 1);
  const sleepers = new Set<Sleeper>();
  const next = (): Sleeper | undefined => [...sleepers].sort((a, b) => a.atMs - b.atMs)[0];

  return {
    now: () => now,
    monotonic: () => now,
    random,
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        const wake = (): void => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', abort);
          resolve();
        };
        const sleeper = { atMs: now + ms, wake };
        const abort = (): void => {
          sleepers.delete(sleeper);
          reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
        };
        if (signal?.aborted === true) return abort();
        signal?.addEventListener('abort', abort, { once: true });
        sleepers.add(sleeper);
      });
    },
    async advance(ms) {
      const endMs = now + ms;
      await settled();
      for (let first = next(); first !== undefined && first.atMs <= endMs; first = next()) {
        now = Math.max(now, first.atMs);
        first.wake();
        await settled();
      }
      now = endMs;
    },
    sleeping: () => [...sleepers].map(({ atMs }) => atMs - now).sort((a, b) => a - b),
  };
}

/** Everything that can happen without time passing has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
