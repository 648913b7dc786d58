import fc from 'fast-check';
import { expect, it } from 'vitest';
import { WindowClock } from '../../src/model/window-clock.js';
import { bytesPerSecond, stricter, type Rate } from '../../src/model/rate.js';
import { rateAt, type Windows } from '../../src/model/windows.js';

const minute = 60_000;
const start = Date.parse('2026-11-26T12:00:00Z');
const night: Windows = {
  zone: 'Europe/Berlin',
  list: [{ dates: null, days: null, fromMinute: 20 * 60, toMinute: 6 * 60, rate: 'unlimited' }],
  otherwise: 'closed',
};

it('opens nothing while a clock that was set is on trial, and believes it after ten minutes', () => {
  const steps = fc.array(
    fc.record({
      afterMinutes: fc.integer({ min: 1, max: 300 }),
      byMs: fc.integer({ min: -12 * 60 * minute, max: 12 * 60 * minute }),
    }),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(steps, (set) => {
      const clock = new WindowClock();
      const look = (wall: number, mono: number): Rate =>
        clock.look(wall, mono).reduce<Rate>((rate, at) => stricter(rate, rateAt(night, at).rate), 'unlimited');
      let offset = start;
      let sinceMs = -Infinity;
      let monotonic = 0;
      for (const { afterMinutes, byMs } of [...set, { afterMinutes: 60, byMs: 0 }]) {
        for (const end = monotonic + afterMinutes * minute; monotonic < end; monotonic += minute) {
          const rate = look(offset + monotonic, monotonic);
          const isOnTrial = monotonic - sinceMs < 10 * minute;
          const shown = rateAt(night, offset + monotonic).rate;
          expect(bytesPerSecond(rate)).toBeLessThanOrEqual(bytesPerSecond(shown));
          if (!isOnTrial) expect(rate).toBe(shown);
        }
        if (Math.abs(byMs) > 2_000) sinceMs = monotonic;
        offset += byMs;
      }
    }),
    { numRuns: 60 },
  );
});

it('does not close and open again where the clock goes back by a second', () => {
  const clock = new WindowClock();
  const closing = Date.parse('2026-11-26T05:00:00Z');
  expect(clock.look(closing, 10_000)).toEqual([closing]);
  expect(clock.look(closing - 900, 10_100)).toEqual([closing]);
  expect(clock.look(closing + 100, 11_100)).toEqual([closing + 100]);
});
