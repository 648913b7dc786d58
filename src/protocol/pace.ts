import type { IncomingHttpHeaders } from 'node:http';
import type { PacerSettings } from './pacer.js';

/*
 * How child and parent agree on a rate (README section 13). The child knows the line, and only the parent can keep to a
 * rate: a receiver cannot stop what is under way to it.
 */

/** In a request: bytes a second that this child takes from this parent, all its transfers together. In an answer: what it gets. */
export const rateHeader = 'depotd-rate';
/** In a request: the largest range that this child asks for at once, bytes. */
const frameHeader = 'depotd-frame';

export interface NamedPace {
  readonly rate: number;
  readonly frame: number;
}

/** What a request names; undefined where it names nothing, or nonsense. */
export function readPace(headers: IncomingHttpHeaders): NamedPace | undefined {
  const [rate, frame] = [rateHeader, frameHeader].map((name) => {
    const text = headers[name];
    return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  });
  return rate === undefined || rate === 0 || frame === undefined ? undefined : { rate, frame };
}

export function formatPace({ rate, frame }: NamedPace): Record<string, string> {
  return { [rateHeader]: String(Math.max(1, Math.floor(rate))), [frameHeader]: String(Math.floor(frame)) };
}

/** Bytes that may be made up for at once after a gap: a way there and back, and never more than a frame. */
export function depthOf({ rate, frame }: NamedPace): number {
  return Math.min(frame, rate / 4);
}

/** How much faster than the rate a pause is made up for. */
const peakFactor = 1.5;
/** Bytes; and what they are of a second at fast rates. */
const [leastUsualFrame, mostUsualFrame, secondsOfUsualFrame] = [256 * 1024, 64 * 1024 ** 2, 1 / 32];

/** What is asked for at once at a rate where nobody says: at a fast one more, as each request costs both processors as much. */
export function usualFrame(rate: number): number {
  return Math.min(mostUsualFrame, Math.max(leastUsualFrame, Math.floor(rate * secondsOfUsualFrame)));
}

/**
 * How the one that writes keeps to a rate. The pauses that a process has to put up with are made up for, at a fast rate a
 * tenth of a second of them, but evenly: no second exceeds the rate by more than a frame, of which more
 * than a half is left for what waits in sockets.
 */
export function writingPace({ rate, frame }: NamedPace): PacerSettings {
  const isBrief = frame < rate / 25;
  return {
    rate,
    depth: isBrief ? rate / 10 : depthOf({ rate, frame }),
    evenly: { excess: (frame * 2) / 5, peak: rate * peakFactor, burst: frame / 4 },
  };
}

/** At a fast rate it is up to a two-hundredth of a second: each step costs the processor as much. */
const largestStep = { usual: 64 * 1024, fast: 256 * 1024 };
/** With its record of TLS and the usual headers it fills one packet. */
const smallestStep = 1_400;

/** Bytes that are written at once: a fiftieth of a second of the line, or one packet where that is less. */
export function stepOf(rate: number): number {
  if (rate === Infinity) return Infinity;
  const usual = Math.min(largestStep.usual, Math.max(smallestStep, Math.floor(rate / 50)));
  return Math.min(largestStep.fast, Math.max(usual, Math.floor(rate / 200)));
}

/** Whether the other side keeps to a rate that it is told. */
export type Keeper = 'paces' | 'does-not';

/** The largest part that is asked for at once, seconds of line. */
const secondsAtOnce = 2;
/**
 * The same of a parent that cannot keep to a rate, from which it comes as fast as the line carries it: brief ones, so that ten
 * seconds have ten seconds' worth; but no smaller than the least of frames, bytes, while that is no more than a second.
 */
const [burstSeconds, leastBurst] = [0.15, 16 * 1024];

/** The most that is asked for at once at a rate, bytes. */
export function largestPart(rate: number, keeper: Keeper): number {
  if (keeper === 'paces') return rate * secondsAtOnce;
  return Math.min(rate, Math.max(leastBurst, rate * burstSeconds));
}
