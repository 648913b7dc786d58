import { describe, expect, it } from 'vitest';
import { nextScanMs, type ScanIntervals, type SourceEvents } from '../../src/publish/timetable.js';

const second = 1000;
const minute = 60 * second;
const day = 24 * 60 * minute;
const at = 1_000_000;
const quiet: SourceEvents = { scannedMs: at, firstChangeMs: undefined, lastChangeMs: undefined, unfinished: 0 };
const watched: ScanIntervals = { settleMs: 5 * second, rescanMs: 10 * minute, isWatched: true };

function dueIn(events: Partial<SourceEvents>, intervals: Partial<ScanIntervals> = {}): number {
  return nextScanMs({ ...quiet, ...events }, { ...watched, ...intervals }, at) - at;
}

describe('the next scan', () => {
  it('is due at once where there was none', () => {
    expect(nextScanMs({ ...quiet, scannedMs: undefined }, watched, at)).toBe(0);
  });

  it('is due at once where the clock was set back behind the last one', () => {
    expect(nextScanMs(quiet, { ...watched, isWatched: false }, at - 365 * day)).toBe(0);
  });

  it('is due each day where the source is watched, and at the interval where it is not', () => {
    expect(dueIn({})).toBe(day);
    expect(dueIn({}, { isWatched: false })).toBe(10 * minute);
  });

  it('waits until changes have settled', () => {
    expect(dueIn({ firstChangeMs: at + second, lastChangeMs: at + second })).toBe(6 * second);
    expect(dueIn({ firstChangeMs: at + second, lastChangeMs: at + minute })).toBe(minute + 5 * second);
  });

  it('does not wait for ever for a file that is written to all the time', () => {
    expect(dueIn({ firstChangeMs: at, lastChangeMs: at + 9 * minute + 58 * second })).toBe(10 * minute);
  });

  it('comes soon where something was left to do, then ever later up to the interval', () => {
    const delays = [1, 2, 3, 8, 100].map((unfinished) => dueIn({ unfinished }));
    expect(delays).toEqual([5 * second, 10 * second, 20 * second, 10 * minute, 10 * minute]);
    expect(dueIn({ unfinished: 1 }, { settleMs: 0 })).toBe(second);
  });
});
