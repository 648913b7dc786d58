import { onTestFinished } from 'vitest';
import type { Host } from '../../src/host.js';

/** Sleeps that are longer end only when all parties sleep so long: others may have bytes on their way. */
const longMs = 2_000;

/** A clock that goes on to where somebody wakes up as soon as nothing else happens. */
export function hurriedHost(startMs = Date.UTC(2026, 10, 26), parties: () => number = () => 0): Host {
  let now = startMs;
  const sleepers: { atMs: number; wake: () => void }[] = [];
  const timer = setInterval(() => {
    const [next] = sleepers.sort((a, b) => a.atMs - b.atMs);
    if (next === undefined || (next.atMs - now > longMs && sleepers.length < parties())) return;
    sleepers.shift();
    now = Math.max(now, next.atMs);
    next.wake();
  }, 1);
  onTestFinished(() => clearInterval(timer));
  return {
    now: () => now,
    monotonic: () => now,
    random: () => 0.5,
    sleep: (ms, signal) =>
      new Promise((wake, reject) => {
        const abort = (): void => {
          const at = sleepers.indexOf(sleeper);
          if (at >= 0) sleepers.splice(at, 1);
          reject(new Error('aborted'));
        };
        const sleeper = { atMs: now + ms, wake: () => (signal?.removeEventListener('abort', abort), wake()) };
        sleepers.push(sleeper);
        signal?.addEventListener('abort', abort, { once: true });
      }),
  };
}
