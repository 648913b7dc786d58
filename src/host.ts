import { setTimeout as delay } from 'node:timers/promises';

/** The one door to time and chance. Everything below `daemon` takes it as an argument, so that a test can script it. */
export interface Host {
  /** Wall clock, milliseconds since 1970-01-01T00:00:00Z. It can be set while the process runs. */
  now(): number;
  /** Milliseconds since some moment, as they passed: what rates and waits are measured by. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Uniform in [0, 1). */
  random(): number;
}

export const realHost: Host = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  },
  random: () => Math.random(),
};
