/** What has happened to a source, as far as it decides when it is scanned next. Times in milliseconds since 1970. */
export interface SourceEvents {
  /** When the last scan began; undefined before the first, or to have one at once. */
  readonly scannedMs: number | undefined;
  /** The first and the last change seen since then. */
  readonly firstChangeMs: number | undefined;
  readonly lastChangeMs: number | undefined;
  /** Scans in a row that ended with something left to do: they failed, or files changed while they were read. */
  readonly unfinished: number;
}

export interface ScanIntervals {
  readonly settleMs: number;
  readonly rescanMs: number;
  readonly isWatched: boolean;
}

/** A watched source is scanned each day too: watching can miss something. */
const dayMs = 24 * 60 * 60 * 1000;
const shortestRetryMs = 1000;

/**
 * When the next scan is due: once changes have settled, but not later than a rescan interval after the first of them, so
 * that a file which is written to all the time holds up nothing; after a scan that left something to do, at intervals that
 * double from `settleMs` to `rescanMs`; and at the regular interval. At once where the last scan is still to come: the clock was
 * set back, by years perhaps.
 */
export function nextScanMs(
  events: SourceEvents,
  { settleMs, rescanMs, isWatched }: ScanIntervals,
  nowMs: number,
): number {
  const { scannedMs, firstChangeMs, lastChangeMs, unfinished } = events;
  if (scannedMs === undefined || scannedMs > nowMs) return 0;
  let due = scannedMs + (isWatched ? dayMs : rescanMs);
  if (firstChangeMs !== undefined && lastChangeMs !== undefined) {
    due = Math.min(due, lastChangeMs + settleMs, firstChangeMs + rescanMs);
  }
  if (unfinished > 0) {
    const retryMs = Math.max(shortestRetryMs, settleMs) * 2 ** Math.min(unfinished - 1, 30);
    due = Math.min(due, scannedMs + Math.min(retryMs, rescanMs));
  }
  return due;
}
