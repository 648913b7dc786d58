import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timesOpen } from '../../src/model/forecast-status.js';
import { forecast, type LinePlan } from '../../src/model/forecast.js';
import { bytesPerSecond, stricter, type Rate } from '../../src/model/rate.js';
import { speedsFrom } from '../../src/model/speed.js';
import type { Windows } from '../../src/model/windows.js';
import { openMinutes } from './minute-by-minute.js';
import { scenes } from './scenes.js';

const hour = 3_600_000;
const minute = 60_000;

const constant = (otherwise: Rate): Windows => ({ zone: 'UTC', list: [], otherwise });
const orders = (now: number): fc.Arbitrary<LinePlan['order']> =>
  fc.option(
    fc.record({
      windows: fc.constantFrom<Rate>('closed', 'unlimited', 20_000).map(constant),
      untilMs: fc.integer({ min: 1, max: 2000 }).map((minutes) => now + minutes * minute),
    }),
  );
/** What a parent gives: other rates at some hours of the day. */
const above = (zone: string): fc.Arbitrary<Windows | undefined> => {
  const rates = fc.constantFrom<Rate>('closed', 'unlimited', 15_000, 25_000);
  const hours = fc.record({
    fromMinute: fc.integer({ min: 0, max: 1439 }),
    toMinute: fc.integer({ min: 1, max: 1440 }),
  });
  const window = fc.tuple(hours, rates).map(([times, rate]) => ({ dates: null, days: null, ...times, rate }));
  return fc.option(fc.record({ zone: fc.constant(zone), list: fc.array(window, { maxLength: 2 }), otherwise: rates }), {
    nil: undefined,
  });
};
const measured = fc
  .uniqueArray(
    fc.tuple(fc.constantFrom<Rate>('unlimited', 64_000, 1000, 20_000), fc.integer({ min: 500, max: 2_000_000 })),
    { selector: ([rate]) => rate, maxLength: 4 },
  )
  .map((pairs) => new Map(pairs));
const cases = scenes.chain(({ around, windows }) => {
  const now = (around - 1) * 24 * hour;
  return fc.record({
    now: fc.constant(now),
    plan: fc.record({
      windows: fc.constant(windows),
      order: orders(now),
      urgent: fc.constantFrom<Rate>('closed', 30_000, 'unlimited'),
      above: above(windows.zone),
      ordinaryFromMs: fc.option(
        fc.integer({ min: -100, max: 3000 }).map((minutes) => now + minutes * minute),
        { nil: undefined },
      ),
    }),
    amount: fc.record({
      urgent: fc.integer({ min: 0, max: 5_000_000_000 }),
      ordinary: fc.integer({ min: 0, max: 20_000_000_000 }),
    }),
    measured,
  });
});

/** The bytes that come in each minute of some days, by going through them one by one, and when the last one has come. */
function walk(
  { windows, order, urgent, above = constant('unlimited'), ordinaryFromMs = 0 }: LinePlan,
  amount: { readonly urgent: number; readonly ordinary: number },
  now: number,
  speedOf: (rate: Exclude<Rate, 'closed'>) => number | undefined,
  days: number,
): number | 'unmeasured' | 'later' {
  const rates = openMinutes(windows, now, now + days * 24 * hour);
  const given = openMinutes(above, now, now + days * 24 * hour);
  const left = { ...amount };
  for (const [at, ofWindow] of rates.entries()) {
    const atMs = now + at * minute;
    const isOrdered = order !== null && atMs < (order.untilMs ?? Infinity);
    let seconds = 60;
    for (const kind of ['urgent', 'ordinary'] as const) {
      if (left[kind] === 0) continue;
      const isFaster = kind === 'urgent' && !isOrdered && bytesPerSecond(urgent) > bytesPerSecond(ofWindow);
      const own = isOrdered ? order.windows.otherwise : isFaster ? urgent : ofWindow;
      const isLater = kind === 'ordinary' && atMs < ordinaryFromMs;
      const rate = isLater ? 'closed' : stricter(own, given[at] ?? 'closed');
      const speed = rate === 'closed' ? 0 : speedOf(rate);
      if (speed === undefined) return 'unmeasured';
      const bytes = Math.min(left[kind], speed * seconds);
      left[kind] -= bytes;
      if (speed > 0) seconds -= bytes / speed;
      // What is urgent is not over in this minute, so the rest does not begin.
      if (left[kind] > 0) break;
      if (left.urgent + left.ordinary === 0) return atMs + (60 - seconds) * 1000;
    }
  }
  return 'later';
}

describe('a forecast', () => {
  it('is what going through the days minute by minute comes to, on days when the clock is changed in six zones', () => {
    const days = 5;
    let told = 0;
    fc.assert(
      fc.property(cases, ({ now, plan, amount, measured: figures }) => {
        fc.pre(amount.urgent + amount.ordinary > 0);
        const speedOf = speedsFrom(figures);
        const found = forecast(plan, amount, now, speedOf);
        const expected = walk(plan, amount, now, speedOf, days);
        if (expected === 'unmeasured') expect(found.because).toBe('unmeasured');
        if (expected === 'later') {
          if (found.doneAtMs !== null) expect(found.doneAtMs).toBeGreaterThan(now + days * 24 * hour - minute);
        }
        if (typeof expected === 'string') return;
        told += 1;
        expect(found.doneAtMs).not.toBeNull();
        // Each of the two amounts ends in a whole millisecond.
        expect(Math.abs((found.doneAtMs ?? 0) - expected)).toBeLessThanOrEqual(3);
      }),
      { numRuns: 300 },
    );
    expect(told).toBeGreaterThan(50);
  });

  it('plans no byte beyond what the windows carry, none while the line is closed, and all that there is where it ends', () => {
    fc.assert(
      fc.property(cases, ({ now, plan, amount, measured: figures }) => {
        const found = forecast(plan, amount, now, speedsFrom(figures));
        let atMs = now;
        for (const { fromMs, untilMs, rate, bytesPerSecond: speed, bytes } of found.legs) {
          expect(fromMs).toBe(atMs);
          atMs = untilMs;
          expect(speed).toBeLessThanOrEqual(bytesPerSecond(rate));
          expect(bytes).toBeLessThanOrEqual((speed * (untilMs - fromMs)) / 1000 + 1);
          if (rate === 'closed') expect(bytes).toBe(0);
        }
        const planned = found.legs.reduce((sum, { bytes }) => sum + bytes, 0);
        const all = amount.urgent + amount.ordinary;
        if (found.doneAtMs === null) expect(planned).toBeLessThanOrEqual(all);
        else expect(planned).toBeCloseTo(all, 0);
      }),
      { numRuns: 200 },
    );
  });

  const closed: LinePlan = { windows: { zone: 'UTC', list: [], otherwise: 'closed' }, order: null, urgent: 'closed' };
  const nothing = speedsFrom(new Map());

  it('is never where nothing opens the line, and not known where nothing limits it and nothing was measured', () => {
    const amount = { urgent: 0, ordinary: 1 };
    expect(forecast(closed, amount, 0, nothing)).toMatchObject({ doneAtMs: null, because: 'closed' });
    const free: LinePlan = { ...closed, windows: { ...closed.windows, otherwise: 'unlimited' } };
    expect(forecast(free, amount, 0, nothing)).toMatchObject({ doneAtMs: null, because: 'unmeasured' });
    const paused: LinePlan = { ...free, order: { windows: constant('closed'), untilMs: null } };
    expect(forecast(paused, amount, 0, nothing)).toMatchObject({ doneAtMs: null, because: 'closed' });
    const slow: LinePlan = { ...closed, windows: { ...closed.windows, otherwise: 1000 } };
    expect(forecast(slow, { urgent: 0, ordinary: 1e12 }, 0, nothing)).toMatchObject({
      doneAtMs: null,
      because: 'slow',
    });
    // A window on one date carries some of it, and then none comes again.
    const date = { dates: [[1, 1]] as const, days: null, fromMinute: 0, toMinute: 60, rate: 1000 };
    const once: LinePlan = { ...closed, windows: { ...closed.windows, list: [date] } };
    expect(forecast(once, { urgent: 0, ordinary: 1e9 }, 0, nothing)).toMatchObject({
      doneAtMs: null,
      because: 'closed',
    });
    expect(forecast(closed, { urgent: 0, ordinary: 0 }, 7, nothing)).toEqual({ doneAtMs: 7, because: null, legs: [] });
  });

  it('counts how often the line opens until the end', () => {
    const night = { dates: null, days: null, fromMinute: 60, toMinute: 120, rate: 1000 };
    const plan: LinePlan = { ...closed, windows: { ...closed.windows, list: [night] } };
    const { legs, doneAtMs } = forecast(plan, { urgent: 0, ordinary: 3_600_000 * 2.5 }, 0, nothing);
    expect(timesOpen(legs)).toBe(3);
    expect(doneAtMs).toBe(2 * 24 * hour + 1.5 * hour);
  });
});

describe('the speed that is reckoned with', () => {
  it('is what was measured at a rate, never more than it, and as slow as the line was seen to be', () => {
    const speedOf = speedsFrom(
      new Map<Rate, number>([
        [100_000, 98_000],
        [1_000_000, 300_000],
      ]),
    );
    expect(speedOf(100_000)).toBe(98_000);
    expect(speedOf(1_000_000)).toBe(300_000);
    expect(speedOf(50_000)).toBe(50_000);
    // The line gave less than a third of what was allowed.
    expect(speedOf(5_000_000)).toBe(300_000);
    expect(speedOf('unlimited')).toBe(300_000);
    expect(speedsFrom(new Map<Rate, number>([[1000, 5000]]))(1000)).toBe(1000);
  });
});
