import { onTestFinished } from 'vitest';
import type { Host } from '../../src/host.js';

/** Sleeps that are longer end only when all parties sleep so long: others may have bytes on their way. */
const longMs = 2_000;
/** Rounds of the event loop in which no file is read or written: what was on its way on loopback is there then. */
const quietRounds = 6;

export interface HurriedHost extends Host {
  /** Does something with the clock standing still, such as a command, which is a process of its own. */
  standing<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * A clock that goes on to where somebody wakes up as soon as nothing else happens in this process.
 * @param parties those who sleep; or, where there are more sleepers than parties, as in whole daemons, how many real
 * milliseconds of silence mean that nothing is on its way
 */
export function hurriedHost(
  startMs = Date.UTC(2026, 10, 26),
  parties: (() => number) | { readonly silenceMs: number } = () => 0,
): HurriedHost {
  let now = startMs;
  let isStanding = false;
  let quiet = 0;
  let quietSince = performance.now();
  let isOver = false;
  const sleepers: { atMs: number; wake: () => void }[] = [];
  const areAllAsleep = (): boolean =>
    typeof parties === 'function' ? sleepers.length >= parties() : performance.now() - quietSince >= parties.silenceMs;
  const look = (): void => {
    if (isOver) return;
    if (isStanding) {
      setTimeout(look, 5);
      return;
    }
    quiet += 1;
    if (isReadingFiles()) quiet = 0;
    if (quiet === 0) quietSince = performance.now();
    const [next] = sleepers.sort((a, b) => a.atMs - b.atMs);
    if (next !== undefined && quiet >= quietRounds && (next.atMs - now <= longMs || areAllAsleep())) {
      sleepers.shift();
      now = Math.max(now, next.atMs);
      next.wake();
      quiet = 0;
      quietSince = performance.now();
    }
    if (quiet < 10 * quietRounds) setImmediate(look);
    else setTimeout(look, 1);
  };
  look();
  onTestFinished(() => void (isOver = true));
  return {
    async standing(work) {
      isStanding = true;
      try {
        return await work();
      } finally {
        isStanding = false;
        quietSince = performance.now();
      }
    },
    now: () => Math.floor(now),
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

function isReadingFiles(): boolean {
  return process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));
}
