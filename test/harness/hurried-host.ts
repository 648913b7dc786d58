import { onTestFinished } from 'vitest';
import type { Host } from '../../src/host.js';

/** Sleeps that are longer end only when all parties sleep so long: others may have bytes on their way. */
const longMs = 2_000;
/** Rounds of the event loop in which no file is read or written: what was on its way on loopback is there then. */
const quietRounds = 6;
const dozeRounds = 200;

/** A clock that goes on to where somebody wakes up as soon as nothing else happens in this process. */
export function hurriedHost(startMs = Date.UTC(2026, 10, 26), parties: () => number = () => 0): Host {
  let now = startMs;
  let quiet = 0;
  let isOver = false;
  const sleepers: { atMs: number; wake: () => void }[] = [];
  const look = (): void => {
    if (isOver) return;
    quiet = isReadingFiles() ? 0 : quiet + 1;
    const [next] = sleepers.sort((a, b) => a.atMs - b.atMs);
    const isTime = next !== undefined && (next.atMs - now <= longMs || sleepers.length >= parties());
    if (isTime && quiet >= quietRounds) {
      quiet = 0;
      sleepers.shift();
      now = Math.max(now, next.atMs);
      next.wake();
    }
    if (quiet < dozeRounds) setImmediate(look);
    else setTimeout(look, 1);
  };
  look();
  onTestFinished(() => void (isOver = true));
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

function isReadingFiles(): boolean {
  return process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));
}
