import { rateAsWritten } from '../config/network.js';
import { timesOpen, type ForecastStatus, type LegStatus } from '../model/forecast-status.js';
import { momentWords } from '../model/zone.js';
import { plural, safe, size } from './words.js';

const minuteMs = 60_000;
/** Legs that are told one by one. */
const mostLegs = 4;
/** What was measured is told where it is less than this part of the rate. */
const fullShare = 0.95;

/** `1.2 GiB left, 512kbit/s until 20:00, then 20Mbit/s: done Tue 2026-11-24 21:14 at the latest`. */
export function forecastWords(forecast: ForecastStatus, zone: string, now: number): string {
  const { bytesLeft, bytesBefore, contentAt, legs } = forecast;
  const left = bytesLeft === null ? [] : [`${size(bytesLeft)} left`];
  const before = bytesBefore === 0 ? [] : [`${size(bytesBefore)} of other content before it`];
  const begins =
    contentAt === null ? [] : [`fetched from ${momentWords(zone, Date.parse(contentAt), now)} on (poll.content)`];
  const told = [...left, ...before, ...begins, ...legsWords(legs, zone, now)];
  const done = doneWords(forecast, zone, now);
  return told.length === 0 ? done : `${told.join(', ')}: ${done}`;
}

/** `done 21:14 at the latest`, or why nobody knows. */
export function doneWords(
  { doneAt, reason, waitsFor }: Pick<ForecastStatus, 'doneAt' | 'waitsFor'> & { readonly reason: string | null },
  zone: string,
  now: number,
): string {
  const waits = waitsFor === null ? '' : `, once ${safe(waitsFor)} has all of it`;
  if (doneAt !== null) return `done ${endWords(doneAt, zone, now)} at the latest${waits}`;
  switch (reason) {
    case 'closed':
      return 'never done: the line is closed, and nothing opens it';
    case 'slow':
      return 'not done within 400 days';
    case 'unmeasured':
      return `nobody knows when: the line has no rate, and nothing was measured yet${waits}`;
    case 'not-planned':
      return waitsFor === null
        ? 'nobody knows when: how much is missing is not known yet'
        : `nobody knows when: ${safe(waitsFor)} does not have all of it yet`;
    default:
      return `nobody knows when${waits}`;
  }
}

/** The minute in which something has ended, which is not over before it is shown. */
export function endWords(time: string, zone: string, now: number): string {
  return momentWords(zone, Math.ceil(Date.parse(time) / minuteMs) * minuteMs, now);
}

function legsWords(legs: readonly LegStatus[], zone: string, now: number): string[] {
  const shown = legs.slice(0, mostLegs).map((leg, at) => {
    const until = at === legs.length - 1 ? '' : ` until ${momentWords(zone, Date.parse(leg.until), now)}`;
    return `${at === 0 ? '' : 'then '}${rateWords(leg)}${until}`;
  });
  if (legs.length <= mostLegs) return shown;
  const times = timesOpen(legs);
  return [...shown, times < 2 ? 'and so on' : `and so on, open ${plural(times, 'time')}`];
}

function rateWords({ rate, bytesPerSecond }: LegStatus): string {
  if (rate === 'closed') return rate;
  const isLess = rate === 'unlimited' || bytesPerSecond < rate * fullShare;
  return isLess ? `${rateAsWritten(rate)} (${size(bytesPerSecond)}/s as measured)` : rateAsWritten(rate);
}
