/** What the wall clock may be ahead or behind of the time that passed since the last look, and still not have been set. */
const slewMs = 2_000;
/** How long a clock that was set has to agree with the time that passes before it is believed. */
const trialMs = 10 * 60_000;

/**
 * The time by which windows open and close. A wall clock that is set, by NTP or by a person, is not believed at once: for
 * ten minutes both times count, the old one going on and the new one, so that what is closed by either stays closed. It
 * never goes back by itself.
 */
export class WindowClock {
  private offset: number | undefined;
  private trial: { readonly offset: number; readonly sinceMs: number } | undefined;
  private latest = -Infinity;

  /** The times that count now: one, or the two of a trial, the one that was believed before first. */
  look(wallMs: number, monotonicMs: number): readonly number[] {
    const offset = wallMs - monotonicMs;
    this.offset ??= offset;
    if (Math.abs(offset - this.offset) <= slewMs) {
      this.trial = undefined;
      this.offset = offset;
      return [this.forward(wallMs)];
    }
    if (this.trial === undefined || Math.abs(offset - this.trial.offset) > slewMs) {
      this.trial = { offset, sinceMs: monotonicMs };
    }
    if (monotonicMs - this.trial.sinceMs < trialMs) return [this.forward(monotonicMs + this.offset), wallMs];
    this.trial = undefined;
    this.offset = offset;
    this.latest = wallMs;
    return [wallMs];
  }

  private forward(ms: number): number {
    this.latest = Math.max(this.latest, ms);
    return this.latest;
  }
}
