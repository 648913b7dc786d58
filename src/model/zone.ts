/*
 * Time zones, by what Intl knows of them. Wall times are milliseconds since 1970-01-01T00:00 as a clock on the wall shows
 * them: the same number that the instant would have in UTC.
 */

const minuteMs = 60_000;
const dayMs = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    const numeric = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const;
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', era: 'short', ...numeric });
    formats.set(zone, format);
  }
  return format;
}

export function isZone(zone: string): boolean {
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}

/** What a clock on the wall shows at an instant. Offsets are whole minutes, as all have been since 1972. */
export function wallTime(zone: string, atMs: number): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(atMs)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute) + (((atMs % minuteMs) + minuteMs) % minuteMs);
}

function offsetMs(zone: string, atMs: number): number {
  return wallTime(zone, atMs) - atMs;
}

/** When a wall time is reached, and by how much the clock runs ahead of UTC before that. */
export interface Reached {
  readonly atMs: number;
  readonly offsetMs: number;
}

/**
 * The first instant at which the clock on the wall shows this or more. A time that exists twice is reached the first time; one
 * that does not exist is reached at the instant at which it is skipped. It never runs backwards: a later wall time is
 * never reached before an earlier one.
 */
export function reached(zone: string, wallMs: number): Reached {
  const before = offsetMs(zone, wallMs - dayMs);
  const after = offsetMs(zone, wallMs + dayMs);
  const atMs = wallMs - before;
  if (before === after) return { atMs, offsetMs: before };
  const change = changeBetween(zone, wallMs - dayMs, wallMs + dayMs, before);
  return { atMs: atMs < change ? atMs : Math.max(change, wallMs - after), offsetMs: before };
}

/** The instant at which the offset ceases to be `before`; there is one change in between. */
function changeBetween(zone: string, fromMs: number, toMs: number, before: number): number {
  let [low, high] = [Math.floor(fromMs / minuteMs), Math.ceil(toMs / minuteMs)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetMs(zone, middle * minuteMs) === before) low = middle;
    else high = middle;
  }
  return high * minuteMs;
}

/** The day, counted from 1970-01-01, that a calendar on the wall shows. */
export function dayAt(zone: string, atMs: number): number {
  return Math.floor(wallTime(zone, atMs) / dayMs);
}

/** `20:00`; with the day where that is another one than today, `Mon 2026-11-30 20:00`. */
export function momentWords(zone: string, atMs: number, nowMs: number): string {
  const wall = new Date(wallTime(zone, atMs));
  const time = wall.toISOString().slice(11, 16);
  if (dayAt(zone, atMs) === dayAt(zone, nowMs)) return time;
  const weekday = wall.toLocaleDateString('en-GB', { weekday: 'short', timeZone: 'UTC' });
  return `${weekday} ${wall.toISOString().slice(0, 10)} ${time}`;
}

/** By how much a day is longer than 24 hours: 0 but on days when the clock is changed. */
export function extraMs(zone: string, day: number): number {
  return reached(zone, (day + 1) * dayMs).atMs - reached(zone, day * dayMs).atMs - dayMs;
}
