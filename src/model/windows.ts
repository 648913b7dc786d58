import { stricter, type Rate } from './rate.js';
import { dayAt, reached } from './zone.js';

/** When a rate holds: on these dates and days, from one minute of the day to another. */
export interface Window {
  /** Days since 1970-01-01, first and last included; null: any. */
  readonly dates: readonly (readonly [first: number, last: number])[] | null;
  /** 0 is Sunday; null: any. */
  readonly days: readonly number[] | null;
  /** 0 to 1439. */
  readonly fromMinute: number;
  /** 1 to 1440; not after `fromMinute`: on the next day. */
  readonly toMinute: number;
  readonly rate: Rate;
}

/** The first window that holds counts; `otherwise` where none does. */
export interface Windows {
  /** IANA. */
  readonly zone: string;
  readonly list: readonly Window[];
  readonly otherwise: Rate;
  /** Others that hold too: at every moment the stricter of the two rates counts. Their zone may be another one. */
  readonly within?: Windows;
}

/** A time in which one rate holds: from `fromMs`, included, to `untilMs`, excluded. */
export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly rate: Rate;
  /** The place of the window in the list, whatever bounds its rate; null: `otherwise`. */
  readonly window: number | null;
  /** Whether they would be faster by themselves than what they lie within. */
  readonly isLimited: boolean;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;
const dayMinutes = 1440;

/** Whether the window begins on this day. Across midnight it belongs to the day it begins on. */
function begins({ dates, days }: Window, day: number): boolean {
  // 1970-01-01 was a Thursday.
  const weekday = (((day + 4) % 7) + 7) % 7;
  if (days !== null && !days.includes(weekday)) return false;
  return dates === null || dates.some(([first, last]) => first <= day && day <= last);
}

interface Opening {
  readonly startMs: number;
  readonly endMs: number;
  readonly window: number;
}

/**
 * One opening and one closing a day, each when the clock on the wall first shows that time: what exists twice neither
 * opens nor closes twice. A window that lies wholly in an hour that does not exist is not skipped, but comes as long
 * after the change as it would have.
 */
function opening(windows: Windows, at: number, day: number): Opening | undefined {
  const window = windows.list[at];
  if (window === undefined || !begins(window, day)) return undefined;
  const { fromMinute, toMinute } = window;
  const minutes = toMinute > fromMinute ? toMinute - fromMinute : toMinute + dayMinutes - fromMinute;
  const fromWall = day * dayMs + fromMinute * minuteMs;
  const toWall = fromWall + minutes * minuteMs;
  const start = reached(windows.zone, fromWall);
  const end = reached(windows.zone, toWall);
  if (start.atMs < end.atMs) return { startMs: start.atMs, endMs: end.atMs, window: at };
  return { startMs: fromWall - start.offsetMs, endMs: toWall - start.offsetMs, window: at };
}

/** The spans that make up a time, in order, without a hole; neighbours differ in their rate, window or limit. */
export function spans(windows: Windows, fromMs: number, toMs: number): Span[] {
  const own = ownSpans(windows, fromMs, toMs);
  return windows.within === undefined ? own : bounded(own, spans(windows.within, fromMs, toMs));
}

/** Both make up the same time. */
function bounded(own: readonly Span[], bounds: readonly Span[]): Span[] {
  const found: Span[] = [];
  for (const { own: mine, bound, fromMs, untilMs } of together(own, bounds)) {
    const rate = stricter(mine.rate, bound.rate);
    const [isLimited, before] = [rate !== mine.rate, found.at(-1)];
    if (before?.rate === rate && before.window === mine.window && before.isLimited === isLimited)
      found[found.length - 1] = { ...before, untilMs };
    else found.push({ fromMs, untilMs, rate, window: mine.window, isLimited });
  }
  return found;
}

/** Where two that make up the same time overlap. */
function* together(own: readonly Span[], bounds: readonly Span[]) {
  let at = 0;
  for (const mine of own) {
    for (let bound = bounds[at]; bound !== undefined && bound.fromMs < mine.untilMs; bound = bounds[at]) {
      const [fromMs, untilMs] = [Math.max(mine.fromMs, bound.fromMs), Math.min(mine.untilMs, bound.untilMs)];
      yield { own: mine, bound, fromMs, untilMs };
      if (bound.untilMs > mine.untilMs) break;
      at += 1;
    }
  }
}

/** A time in which windows alone would be faster than what they lie within. */
export interface Excess {
  readonly own: Span;
  readonly bound: Span;
  readonly fromMs: number;
}

/**
 * For each window, and for the time outside of them, the first time at which it is faster than it may be: of the next 15 days,
 * or where there is nothing in them, of the first days with a date of a window within 400.
 */
export function excesses(windows: Windows, atMs: number): Excess[] {
  const { within } = windows;
  if (within === undefined) return [];
  const found = new Map<number | null, Excess>();
  for (const fromMs of ahead(atMs)) {
    const toMs = fromMs + horizonMs;
    // Without dates all weeks are alike.
    if (fromMs > atMs && !hasDates(windows, fromMs, toMs)) continue;
    for (const both of together(ownSpans(windows, fromMs, toMs), spans(within, fromMs, toMs))) {
      const isExcess = stricter(both.own.rate, both.bound.rate) !== both.own.rate;
      if (isExcess && !found.has(both.own.window)) found.set(both.own.window, both);
    }
    if (found.size > 0) break;
  }
  return [...found.values()];
}

/** Whether dates that windows name, or the days beside them, lie in this time. */
function hasDates({ list, within }: Windows, fromMs: number, toMs: number): boolean {
  const isIn = ([first, last]: readonly [number, number]): boolean =>
    (last + 2) * dayMs > fromMs && (first - 1) * dayMs < toMs;
  return (
    list.some(({ dates }) => dates?.some(isIn) === true) || (within !== undefined && hasDates(within, fromMs, toMs))
  );
}

function ownSpans(windows: Windows, fromMs: number, toMs: number): Span[] {
  const openings: Opening[] = [];
  const [first, last] = [dayAt(windows.zone, fromMs) - 2, dayAt(windows.zone, toMs) + 1];
  for (let day = first; day <= last; day += 1) {
    for (const at of windows.list.keys()) {
      const found = opening(windows, at, day);
      if (found !== undefined && found.endMs > fromMs && found.startMs < toMs) openings.push(found);
    }
  }
  const edges = openings.flatMap(({ startMs, endMs }) => [startMs, endMs]).filter((ms) => ms > fromMs && ms < toMs);
  const cuts = [...new Set([fromMs, ...edges, toMs])].sort((a, b) => a - b);
  const found: Span[] = [];
  for (const [at, start] of cuts.slice(0, -1).entries()) {
    const holding = openings.filter(({ startMs, endMs }) => startMs <= start && start < endMs);
    const window = holding.length === 0 ? null : Math.min(...holding.map((each) => each.window));
    const rate = window === null ? windows.otherwise : (windows.list[window]?.rate ?? windows.otherwise);
    const before = found.at(-1);
    const untilMs = cuts[at + 1] ?? toMs;
    if (before !== undefined && before.window === window) found[found.length - 1] = { ...before, untilMs };
    else found.push({ fromMs: start, untilMs, rate, window, isLimited: false });
  }
  return found;
}

/** How far ahead is looked for a change. Windows of the week repeat sooner; those with dates are found when they are near. */
export const horizonMs = 15 * dayMs;

/** The rate at an instant, and until when it is known to hold. */
export function rateAt(windows: Windows, atMs: number): Span {
  const [now, ...later] = spans(windows, atMs, atMs + horizonMs);
  if (now === undefined)
    return { fromMs: atMs, untilMs: atMs + horizonMs, rate: windows.otherwise, window: null, isLimited: false };
  const change = later.find(({ rate }) => rate !== now.rate);
  return { ...now, untilMs: change?.fromMs ?? atMs + horizonMs };
}

/** The next instant, this one included, at which bytes may move; undefined where there is none within 400 days. */
export function nextOpening(windows: Windows, atMs: number): number | undefined {
  for (const fromMs of ahead(atMs)) {
    const open = spans(windows, fromMs, fromMs + horizonMs).find(({ rate }) => rate !== 'closed');
    if (open !== undefined) return open.fromMs;
  }
  return undefined;
}

/** Where to look next for what may be far away. */
function* ahead(atMs: number): Generator<number> {
  for (let fromMs = atMs; fromMs < atMs + 400 * dayMs; fromMs += horizonMs) yield fromMs;
}
