import type { LineOrder } from './line-order.js';
import { bytesPerSecond, type Rate } from './rate.js';
import { spans, type Windows } from './windows.js';

/** A line as it will be, as far as anybody knows. */
export interface LinePlan {
  readonly windows: Windows;
  /** What a person ordered, while that is in force: it holds before the windows. */
  readonly order: LineOrder | null;
  /** What urgent releases get at least where no order is in force. */
  readonly urgent: Rate;
}

/** Bytes that are to come, those of urgent releases first. */
export interface Amount {
  readonly urgent: number;
  readonly ordinary: number;
}

/** How many bytes a second really come at a rate; undefined where nobody knows. */
export type SpeedOf = (rate: Exclude<Rate, 'closed'>) => number | undefined;

/** A time of a forecast in which one rate holds, and what comes in it. */
export interface Leg {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly rate: Rate;
  /** What is reckoned with; 0 where the line is closed. */
  readonly bytesPerSecond: number;
  readonly bytes: number;
}

/**
 * When all has come. `closed`: the line closes for good before that. `slow`: it takes longer than 400 days.
 * `unmeasured`: it is unlimited, and nothing was measured yet.
 */
export interface Forecast {
  readonly doneAtMs: number | null;
  readonly because: 'closed' | 'slow' | 'unmeasured' | null;
  readonly legs: readonly Leg[];
}

const dayMs = 86_400_000;
/** How far ahead anything is foretold. */
const horizonMs = 400 * dayMs;
/** What is closed for longer, up to the horizon, is so for good. */
const goodMs = 60 * dayMs;
/** Windows are looked at in pieces of so long. */
const pieceMs = 15 * dayMs;

/** Where each byte of an amount falls from now on, and so when the last one comes. */
export function forecast(plan: LinePlan, amount: Amount, nowMs: number, speedOf: SpeedOf): Forecast {
  const legs: Leg[] = [];
  let atMs = nowMs;
  for (const kind of ['urgent', 'ordinary'] as const) {
    let left = amount[kind];
    if (left === 0) continue;
    for (const { fromMs, untilMs, rate } of future(plan, atMs, nowMs + horizonMs, kind === 'urgent')) {
      const speed = rate === 'closed' ? 0 : speedOf(rate);
      if (speed === undefined) return { doneAtMs: null, because: 'unmeasured', legs };
      const most = speed === 0 ? 0 : (speed * (untilMs - fromMs)) / 1000;
      const bytes = Math.min(left, most);
      atMs = bytes < most ? Math.min(untilMs, fromMs + Math.ceil((bytes / speed) * 1000)) : untilMs;
      addLeg(legs, { fromMs, untilMs: atMs, rate, bytesPerSecond: speed, bytes });
      left -= bytes;
      if (left === 0) break;
    }
    if (left > 0) return { doneAtMs: null, because: isClosedForGood(legs) ? 'closed' : 'slow', legs };
  }
  return { doneAtMs: atMs, because: null, legs };
}

/** Windows that come again do so within weeks, whatever their days. */
function isClosedForGood(legs: readonly Leg[]): boolean {
  const last = legs.at(-1);
  return last?.rate === 'closed' && last.untilMs - last.fromMs > goodMs;
}

function addLeg(legs: Leg[], leg: Leg): void {
  const last = legs.at(-1);
  if (last === undefined || last.rate !== leg.rate || last.untilMs !== leg.fromMs) legs.push(leg);
  else legs[legs.length - 1] = { ...last, untilMs: leg.untilMs, bytes: last.bytes + leg.bytes };
}

/** The rates from a time on, without a hole; the last one may never end. */
function* future(
  { windows, order, urgent }: LinePlan,
  fromMs: number,
  endMs: number,
  isUrgent: boolean,
): Generator<{ readonly fromMs: number; readonly untilMs: number; readonly rate: Rate }> {
  let atMs = fromMs;
  if (order !== null && (order.untilMs ?? Infinity) > atMs) {
    yield { fromMs: atMs, untilMs: order.untilMs ?? endMs, rate: order.rate };
    atMs = order.untilMs ?? endMs;
  }
  for (; atMs < endMs; atMs += pieceMs) {
    for (const { rate, ...span } of spans(windows, atMs, Math.min(atMs + pieceMs, endMs))) {
      yield { ...span, rate: isUrgent && bytesPerSecond(urgent) > bytesPerSecond(rate) ? urgent : rate };
    }
  }
}

/** How many times the line is open until all has come: legs beside each other are one. */
export function openings(legs: readonly Leg[]): number {
  return legs.filter(({ rate }, at) => rate !== 'closed' && (at === 0 || legs[at - 1]?.rate === 'closed')).length;
}
