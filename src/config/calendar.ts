import { isZone } from '../model/zone.js';
import { orMeant, written } from './leaves.js';

/*
 * The parts of a window: zone, time of day, days of the week, dates. Each reads a text and writes it back.
 */

const dayMs = 86_400_000;

const zoneRule = 'allowed: the name of a time zone, such as Europe/Berlin or America/New_York';

/** A name of the IANA database. */
export const zone = written(zoneRule, /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/, (text) => {
  if (/^[A-Z][A-Za-z0-9_+/-]*$/.test(text) && isZone(text)) return { value: text };
  const candidate = text
    .trim()
    .replaceAll(' ', '_')
    .replace(/\b[a-z]/g, (first) => first.toUpperCase());
  return { refused: `${zoneRule}${orMeant(isZone(candidate) && candidate !== text ? candidate : undefined)}` };
});

/** Minutes since midnight, 0 to 1440. */
export const time = written(
  'allowed: a time of the day from 00:00 to 24:00, in quotes, such as "20:00"',
  /^([01]\d|2[0-3]):[0-5]\d$|^24:00$/,
  (text) => {
    const [, hours, minutes] = /^(\d{1,2})[:.](\d{2})$/.exec(text) ?? [];
    const value = Number(hours) * 60 + Number(minutes);
    if (/^\d{2}:\d{2}$/.test(text) && Number(minutes) < 60 && value <= 1440) return { value };
    const meant = Number(minutes) < 60 && value <= 1440 ? `"${formatTime(value)}"` : undefined;
    return { refused: `allowed: a time of the day from 00:00 to 24:00, such as "20:00"${orMeant(meant)}` };
  },
);

export function formatTime(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}

const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const daysRule = 'allowed: sun, mon, tue, wed, thu, fri, sat, a range such as mon-fri, or a list of these';

/** Days of the week, 0 for Sunday: one day, or a range that may go across the end of a week. */
export const days = written(daysRule, /^(sun|mon|tue|wed|thu|fri|sat)(-(sun|mon|tue|wed|thu|fri|sat))?$/, (text) => {
  const [first = -1, last = first, ...more] = text.split('-').map((day) => weekdays.indexOf(day));
  if (more.length > 0 || first < 0 || last < 0) return { refused: `${daysRule}${orMeant(meantDays(text))}` };
  return { value: Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, at) => (first + at) % 7) };
});

function meantDays(text: string): string | undefined {
  const parts = text
    .toLowerCase()
    .split(/\s*[-–]\s*|\s+to\s+/)
    .map((day) => day.trim().slice(0, 3));
  return parts.length <= 2 && parts.every((day) => weekdays.includes(day)) ? parts.join('-') : undefined;
}

export function formatDays(list: readonly number[]): string[] {
  return list.map((day) => weekdays[day] ?? '');
}

const datesRule = 'allowed: a date such as 2026-12-24, a range such as 2026-12-24..2027-01-02, or a list of these';

/** Days since 1970-01-01, first and last. */
export const dates = written(datesRule, /^\d{4}-\d{2}-\d{2}(\.\.\d{4}-\d{2}-\d{2})?$/, (text) => {
  const [first, last = first, ...more] = text.split('..').map(readDate);
  if (more.length > 0 || first === undefined || last === undefined) return { refused: datesRule };
  if (last < first) return { refused: 'the second date is before the first' };
  return { value: [first, last] as const };
});

function readDate(text: string): number | undefined {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  // 2026-02-30 is read as the first days of March.
  return Number.isFinite(ms) && formatDate(ms / dayMs) === text ? ms / dayMs : undefined;
}

function formatDate(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}

export function formatDates([first, last]: readonly [number, number]): string {
  return first === last ? formatDate(first) : `${formatDate(first)}..${formatDate(last)}`;
}
