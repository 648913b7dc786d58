import { bytesPerSecond, type Rate } from './rate.js';
import { spans, type Windows } from './windows.js';
import { dayAt, extraMs, reached } from './zone.js';

const dayMs = 86_400_000;

/** One day as the line has it. Times are ISO 8601 in UTC. */
export interface WindowDay {
  /** `2026-11-26`, in the zone of the windows. */
  readonly date: string;
  /** By how much the day is longer than 24 hours; 0 but on days when the clock is changed. */
  readonly extraMinutes: number;
  readonly spans: readonly {
    readonly from: string;
    readonly until: string;
    readonly rate: Rate;
    /** What can come in it; null where the rate is unlimited. */
    readonly bytes: number | null;
    /** Whether the directory sets it, for the site of this depot, and the depot itself would be faster. */
    readonly limited: boolean;
  }[];
  /** The sum; null where a rate is unlimited. */
  readonly bytes: number | null;
}

/** The days from an instant on, the first from there. */
export function windowDays(windows: Windows, atMs: number, days: number): WindowDay[] {
  const today = dayAt(windows.zone, atMs);
  return Array.from({ length: days }, (_, at): WindowDay => {
    const day = today + at;
    const beginMs = Math.max(atMs, reached(windows.zone, day * dayMs).atMs);
    const endMs = reached(windows.zone, (day + 1) * dayMs).atMs;
    const shown = spans(windows, beginMs, endMs).map(({ fromMs, untilMs, rate, isLimited }) => ({
      from: new Date(fromMs).toISOString(),
      until: new Date(untilMs).toISOString(),
      rate,
      bytes: rate === 'unlimited' ? null : Math.floor((bytesPerSecond(rate) * (untilMs - fromMs)) / 1000),
      limited: isLimited,
    }));
    const sum = shown.reduce<number | null>(
      (total, { bytes }) => (total === null || bytes === null ? null : total + bytes),
      0,
    );
    return {
      date: new Date(day * dayMs).toISOString().slice(0, 10),
      extraMinutes: extraMs(windows.zone, day) / 60_000,
      spans: shown,
      bytes: sum,
    };
  });
}
