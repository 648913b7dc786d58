import type { SpeedOf } from './forecast.js';
import type { Rate } from './rate.js';

/** Bytes a second that really came, by the rate that was set then. */
export type Measured = ReadonlyMap<Rate, number>;

/** What came at a rate while something was fetched, and how long that took. */
export interface Reading {
  readonly rate: Rate;
  readonly bytes: number;
  readonly ms: number;
}

/** A line that gives less than this part of a rate cannot give more. */
const fullShare = 0.8;

/**
 * How fast bytes will come at a rate, by what was measured: at that rate itself, else as fast as it allows and as the line
 * was seen to be. What is unlimited and was never measured is as fast as the fastest that was.
 */
export function speedsFrom(measured: Measured): SpeedOf {
  const all = [...measured].flatMap(([rate, speed]) =>
    rate === 'closed' || !(speed > 0) ? [] : [{ rate: rate === 'unlimited' ? Infinity : rate, speed }],
  );
  return (rate) => {
    const own = measured.get(rate);
    if (rate === 'unlimited') {
      const fastest = Math.max(0, ...all.map(({ speed }) => speed));
      return own !== undefined && own > 0 ? own : fastest === 0 ? undefined : fastest;
    }
    if (own !== undefined && own > 0) return Math.min(rate, own);
    const bounds = all.filter((each) => each.rate >= rate || each.speed < each.rate * fullShare);
    return Math.min(rate, ...bounds.map(({ speed }) => speed));
  };
}
