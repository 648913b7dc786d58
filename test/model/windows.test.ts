import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hiddenWindows } from '../../src/model/hidden-windows.js';
import { stricter, type Rate } from '../../src/model/rate.js';
import { excesses, nextOpening, rateAt, spans, type Span, type Window, type Windows } from '../../src/model/windows.js';
import { openMinutes } from './minute-by-minute.js';
import { scenes } from './scenes.js';

const hour = 3_600_000;
const always: Window = { dates: null, days: null, fromMinute: 0, toMinute: 1440, rate: 'unlimited' };
const at = (text: string): number => Date.parse(text);
const day = (text: string): number => at(`${text}T00:00Z`) / (24 * hour);

function minutesOf({ fromMs, untilMs, rate }: Span): Rate[] {
  return Array.from({ length: (untilMs - fromMs) / 60_000 }, () => rate);
}

/** As `rate x minutes`. */
function runs(rates: readonly unknown[]): string[] {
  const found: { rate: unknown; minutes: number }[] = [];
  for (const rate of rates) {
    const last = found.at(-1);
    if (last !== undefined && last.rate === rate) last.minutes += 1;
    else found.push({ rate, minutes: 1 });
  }
  return found.map(({ rate, minutes }) => `${String(rate)} x ${minutes}`);
}

describe('what windows come to', () => {
  it('is what going through the days minute by minute comes to, on days when the clock is changed in six zones', () => {
    fc.assert(
      fc.property(scenes, ({ around, windows }) => {
        const [from, to] = [(around - 1) * 24 * hour, (around + 3) * 24 * hour];
        const expected = openMinutes(windows, from, to);
        expect(runs(spans(windows, from, to).flatMap(minutesOf))).toEqual(runs(expected));
      }),
      { numRuns: 150 },
    );
  });

  it('is the same whether one asks for an instant or for the days around it', () => {
    fc.assert(
      fc.property(scenes, fc.integer({ min: 0, max: 3 * 24 * 60 }), ({ around, windows }, minutes) => {
        const now = (around - 1) * 24 * hour + minutes * 60_000 + 17;
        const { rate, untilMs } = rateAt(windows, now);
        for (const span of spans(windows, now, now + 15 * 24 * hour)) {
          if (span.fromMs < untilMs) expect(span.rate).toBe(rate);
          else if (span.fromMs === untilMs) expect(span.rate).not.toBe(rate);
        }
      }),
      { numRuns: 60 },
    );
  });
});

/** Days of a change, with windows of a depot and of its company, each in a zone of its own. */
const bounded = fc.tuple(scenes, scenes).map(([{ around, windows }, other]) => {
  const moved = (dates: Window['dates']): Window['dates'] =>
    dates?.map(([first, last]) => [first - other.around + around, last - other.around + around] as const) ?? null;
  const list = other.windows.list.map((each) => ({ ...each, dates: moved(each.dates) }));
  return { around, windows, within: { ...other.windows, list } };
});

describe('windows within others', () => {
  it('are in each minute as fast as the slower of the two, in two zones, on days when the clock is changed', () => {
    fc.assert(
      fc.property(bounded, ({ around, windows, within }) => {
        const [from, to] = [(around - 1) * 24 * hour, (around + 3) * 24 * hour];
        const bounds = openMinutes(within, from, to);
        const expected = openMinutes(windows, from, to).map((rate, at) => stricter(rate, bounds[at] ?? 'closed'));
        const found = spans({ ...windows, within }, from, to);
        expect(runs(found.flatMap(minutesOf))).toEqual(runs(expected));
        expect(found.map(({ untilMs }) => untilMs).slice(0, -1)).toEqual(found.slice(1).map(({ fromMs }) => fromMs));
      }),
      { numRuns: 100 },
    );
  });

  it('open when both are open, and are in excess first where they alone would be faster', () => {
    fc.assert(
      fc.property(bounded, ({ around, windows, within }) => {
        const now = (around - 1) * 24 * hour;
        const both = { ...windows, within };
        const opensAt = nextOpening(both, now);
        if (opensAt !== undefined) expect(rateAt(both, opensAt).rate).not.toBe('closed');
        const [excess] = excesses(both, now);
        const until = excess?.fromMs ?? now + 4 * 24 * hour;
        for (const { fromMs, untilMs, rate } of spans(windows, now, Math.max(now + 60_000, until))) {
          expect(spans(both, fromMs, Math.min(untilMs, until)).every((span) => span.rate === rate)).toBe(true);
        }
        if (excess === undefined) return;
        expect(rateAt(both, excess.fromMs).rate).toBe(rateAt(within, excess.fromMs).rate);
        expect(rateAt(both, excess.fromMs).rate).not.toBe(rateAt(windows, excess.fromMs).rate);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a window', () => {
  const berlin = (list: Window[]): Windows => ({ zone: 'Europe/Berlin', list, otherwise: 'closed' });
  const open = (window: Partial<Window>, from: string, to: string): string[] =>
    spans(berlin([{ ...always, ...window }]), at(from), at(to))
      .filter(({ rate }) => rate !== 'closed')
      .map(({ fromMs, untilMs }) => `${new Date(fromMs).toISOString()} ${(untilMs - fromMs) / hour}`);

  it('across midnight belongs to the day on which it begins', () => {
    const night = { days: [5], fromMinute: 20 * 60, toMinute: 6 * 60 };
    expect(open(night, '2026-11-23T00:00Z', '2026-11-30T00:00Z')).toEqual(['2026-11-27T19:00:00.000Z 10']);
  });

  it('of a night is an hour shorter or longer when the clock is changed in it', () => {
    const night = { fromMinute: 20 * 60, toMinute: 6 * 60 };
    expect(open(night, '2026-03-28T12:00Z', '2026-03-29T12:00Z')).toEqual(['2026-03-28T19:00:00.000Z 9']);
    expect(open(night, '2026-10-24T12:00Z', '2026-10-25T12:00Z')).toEqual(['2026-10-24T18:00:00.000Z 11']);
  });

  it('in an hour that does not exist comes after the change, and in one that exists twice comes once', () => {
    const short = { fromMinute: 135, toMinute: 165 };
    expect(open(short, '2026-03-29T00:00Z', '2026-03-29T22:00Z')).toEqual(['2026-03-29T01:15:00.000Z 0.5']);
    expect(open(short, '2026-10-24T22:30Z', '2026-10-25T22:00Z')).toEqual(['2026-10-25T00:15:00.000Z 0.5']);
  });

  it('opens next when it should, also where that is months away, and never where it does not', () => {
    const may = day('2027-05-03');
    const next = (list: Window[]): number | undefined => nextOpening(berlin(list), at('2026-11-26T12:00Z'));
    expect(next([{ ...always, dates: [[may, may]], fromMinute: 600 }])).toBe(at('2027-05-03T08:00Z'));
    expect(next([{ ...always, rate: 'closed' }])).toBeUndefined();
  });
});

describe('a window is said to be without effect', () => {
  it('where earlier ones cover it, together or alone, and not where they leave something', () => {
    const night = { ...always, fromMinute: 1200, toMinute: 360 };
    const morning = { ...always, fromMinute: 300, toMinute: 720 };
    const both = { ...always, fromMinute: 1300, toMinute: 700 };
    expect(hiddenWindows([night, morning, both])).toEqual([{ window: 2, because: 'earlier' }]);
    expect(hiddenWindows([night, { ...both, days: [3] }])).toEqual([]);
    expect(hiddenWindows([always, morning])).toEqual([{ window: 1, because: 'earlier' }]);
  });

  it('where dates hide dates, and not where dates hide what holds on all days', () => {
    const christmas = { ...always, dates: [[day('2026-12-24'), day('2026-12-26')] as const] };
    expect(hiddenWindows([christmas, always])).toEqual([]);
    expect(hiddenWindows([christmas, { ...christmas, fromMinute: 60 }])).toEqual([{ window: 1, because: 'earlier' }]);
  });

  it('where its days and dates never meet', () => {
    const sunday = { ...always, days: [0], dates: [[day('2026-12-24'), day('2026-12-24')] as const] };
    expect(hiddenWindows([sunday])).toEqual([{ window: 0, because: 'never' }]);
  });
});
