const hourMs = 3_600_000;

/**
 * Processor time that may be spent, as a share of one processor over an hour: what was not spent is saved up, for an hour at
 * most. Its caller says beforehand about how much it will take, so that what is begun at the same time counts, and then how
 * much it took.
 */
export class ProcessorBudget {
  private savedMs: number;
  private paidAtMs: number;

  /**
   * @param now milliseconds
   * @param share of one processor; may be more than 1, and another one at any time
   */
  constructor(
    private readonly now: () => number,
    private readonly share: () => number,
  ) {
    this.savedMs = share() * hourMs;
    this.paidAtMs = now();
  }

  /** @returns to be told what it took, milliseconds; undefined where nothing is left */
  take(aboutMs: number): ((tookMs: number) => void) | undefined {
    this.pay();
    if (this.savedMs <= 0) return undefined;
    this.savedMs -= aboutMs;
    return (tookMs) => {
      this.savedMs += aboutMs - tookMs;
    };
  }

  private pay(): void {
    const now = this.now();
    const share = this.share();
    // A clock that was set back pays nothing.
    const paidMs = share * Math.max(0, now - this.paidAtMs);
    this.savedMs = Math.min(share * hourMs, this.savedMs + paidMs);
    this.paidAtMs = now;
  }
}
