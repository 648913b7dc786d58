import { bytesPerSecond, stricter, type Rate } from './rate.js';
import { spans, type Span, type Windows } from './windows.js';

/** A line as it will be, as far as anybody knows. */
export interface LinePlan {
  readonly windows: Windows;
  /** What a person ordered, while that is in force: what it comes to, and until when (null: until it is taken back). */
  readonly order: { readonly windows: Windows; readonly untilMs: number | null } | null;
  /** What urgent releases get at least where no order is in force. */
  readonly urgent: Rate;
  /** The most that the parent gives; left out where nothing limits it there, or that is not known. */
  readonly above?: Windows | undefined;
  /** Before that only urgent releases are fetched; milliseconds since 1970. */
  readonly ordinaryFromMs?: number | undefined;
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
  const left = { ...amount };
  if (left.urgent + left.ordinary === 0) return { doneAtMs: nowMs, because: null, legs };
  for (const { fromMs, untilMs, rate, urgentRate } of future(plan, nowMs, nowMs + horizonMs)) {
    let atMs = fromMs;
    for (const kind of ['urgent', 'ordinary'] as const) {
      if (left[kind] === 0 || atMs === untilMs) continue;
      const allowed = kind === 'urgent' ? urgentRate : rate;
      const speed = allowed === 'closed' ? 0 : speedOf(allowed);
      if (speed === undefined) return { doneAtMs: null, because: 'unmeasured', legs };
      const most = (speed * (untilMs - atMs)) / 1000;
      const bytes = Math.min(left[kind], most);
      const endMs = bytes < most ? Math.min(untilMs, atMs + (bytes / speed) * 1000) : untilMs;
      addLeg(legs, { fromMs: atMs, untilMs: endMs, rate: allowed, bytesPerSecond: speed, bytes });
      left[kind] -= bytes;
      atMs = endMs;
    }
    if (left.urgent + left.ordinary === 0) return { doneAtMs: Math.ceil(atMs), because: null, legs };
  }
  return { doneAtMs: null, because: isClosedForGood(legs) ? 'closed' : 'slow', legs };
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

type Rates = Pick<Leg, 'fromMs' | 'untilMs' | 'rate'> & { readonly urgentRate: Rate };

/** The rates from a time on, without a hole: those of the line, no faster than the parent's, from when on anything is fetched. */
function* future(plan: LinePlan, fromMs: number, endMs: number): Generator<Rates> {
  const { above, ordinaryFromMs = fromMs } = plan;
  for (const own of ownFuture(plan, fromMs, endMs)) {
    const most = above === undefined ? [] : spans(above, own.fromMs, own.untilMs);
    const both = most.map(({ rate, ...span }) => ({
      ...span,
      rate: stricter(own.rate, rate),
      urgentRate: stricter(own.urgentRate, rate),
    }));
    for (const each of above === undefined ? [own] : both) {
      const cutMs = Math.min(Math.max(ordinaryFromMs, each.fromMs), each.untilMs);
      if (cutMs > each.fromMs) yield { ...each, untilMs: cutMs, rate: 'closed' };
      if (cutMs < each.untilMs) yield { ...each, fromMs: cutMs };
    }
  }
}

function* ownFuture({ windows, order, urgent }: LinePlan, fromMs: number, endMs: number): Generator<Rates> {
  const orderEndMs = order === null ? fromMs : Math.min(Math.max(order.untilMs ?? endMs, fromMs), endMs);
  for (const { rate, ...span } of order === null ? [] : inPieces(order.windows, fromMs, orderEndMs)) {
    yield { ...span, rate, urgentRate: rate };
  }
  for (const { rate, ...span } of inPieces(windows, orderEndMs, endMs)) {
    yield { ...span, rate, urgentRate: bytesPerSecond(urgent) > bytesPerSecond(rate) ? urgent : rate };
  }
}

function* inPieces(windows: Windows, fromMs: number, endMs: number): Generator<Span> {
  for (let atMs = fromMs; atMs < endMs; atMs += pieceMs) yield* spans(windows, atMs, Math.min(atMs + pieceMs, endMs));
}
