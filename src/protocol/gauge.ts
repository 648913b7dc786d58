import type { Host } from '../host.js';
import type { Rate } from '../model/rate.js';
import type { Reading } from '../model/speed.js';

/** While something is being fetched, so much is worth a reading. */
const longMs = 60_000;

/** Measures how fast content comes while something is being fetched, by the rate that is set then. */
export class Gauge {
  private fetches = 0;
  private lookedAtMs = 0;
  private readonly sums = new Map<Rate, { bytes: number; ms: number }>();

  constructor(
    private readonly host: Pick<Host, 'monotonic'>,
    private readonly rate: () => Rate,
  ) {}

  /** Something begins to be fetched. @returns to be called at its end */
  begin(): () => void {
    this.look(0);
    this.fetches += 1;
    return () => {
      this.look(0);
      this.fetches -= 1;
    };
  }

  came(bytes: number): void {
    this.look(bytes);
  }

  /** What was not taken yet; of what is going on only what has lasted. */
  take(): Reading[] {
    const readings = [...this.sums].map(([rate, sum]) => ({ rate, ...sum }));
    const taken = readings.filter(({ ms }) => this.fetches === 0 || ms >= longMs);
    for (const { rate } of taken) this.sums.delete(rate);
    return taken;
  }

  private look(bytes: number): void {
    const now = this.host.monotonic();
    const ms = this.fetches > 0 ? now - this.lookedAtMs : 0;
    this.lookedAtMs = now;
    const rate = this.rate();
    if (rate === 'closed' || (ms === 0 && bytes === 0)) return;
    const sum = this.sums.get(rate) ?? { bytes: 0, ms: 0 };
    this.sums.set(rate, { bytes: sum.bytes + bytes, ms: sum.ms + ms });
  }
}
