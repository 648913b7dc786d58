import { spans, type Span, type Windows } from './windows.js';

const dayMs = 86_400_000;
/** How far back and ahead is looked. */
const horizonMs = 60 * dayMs;
const pieceMs = 15 * dayMs;

/** The last instant, this one included, at which bytes had been moving and ceased to; undefined where there is none within 60 days. */
export function lastClosing(windows: Windows, atMs: number): number | undefined {
  for (let untilMs = atMs + 1; untilMs > atMs - horizonMs; untilMs -= pieceMs) {
    // A day more, for what closes at the seam of two pieces.
    const found = spans(windows, untilMs - pieceMs - dayMs, untilMs);
    const closing = found.findLast(({ rate }, at) => rate === 'closed' && isOpen(found[at - 1]));
    if (closing !== undefined) return closing.fromMs;
  }
  return undefined;
}

/** The first whole time from an instant on in which bytes may move, without a break; undefined where none ends within 60 days. */
export function nextOpen(windows: Windows, atMs: number): readonly Span[] | undefined {
  const found = spans(windows, atMs, atMs + horizonMs);
  const closed = found.findIndex((span) => !isOpen(span));
  if (closed < 0) return undefined;
  const from = found.findIndex((span, at) => at > closed && isOpen(span));
  const until = found.findIndex((span, at) => at > from && !isOpen(span));
  return from < 0 || until < 0 ? undefined : found.slice(from, until);
}

function isOpen(span: Span | undefined): boolean {
  return span !== undefined && span.rate !== 'closed';
}
