import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';

/** The timer that measures; an idle loop is late by nothing, which the histogram shows as this interval. */
const resolutionMs = 10;

/** How late the event loop is: what a request has to wait for before it is even looked at. */
export class LoopDelay {
  private readonly histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: resolutionMs });

  start(): void {
    this.histogram.enable();
  }

  /** The 99th percentile since the start, in milliseconds. */
  p99Ms(): number {
    const ms = this.histogram.percentile(99) / 1e6 - resolutionMs;
    return Math.max(0, Math.round(ms * 10) / 10);
  }

  stop(): void {
    this.histogram.disable();
  }
}
