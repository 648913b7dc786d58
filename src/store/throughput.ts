import type { Rate } from '../model/rate.js';
import type { Measured, Reading } from '../model/speed.js';
import { inTransaction, type Database } from './database.js';

/** The figures are those of about the last ten minutes of fetching at a rate. */
const rememberedMs = 600_000;
/** What is less than either says more about the way there and back than about the line. */
const fewestMs = 5_000;
const fewestBytes = 1024 ** 2;

/** How fast bytes came from the parents, by the rate that was set then. */
export class ThroughputRows {
  constructor(private readonly db: Database) {}

  add(readings: readonly Reading[]): void {
    const telling = readings.filter(({ bytes, ms }) => bytes > 0 && ms > 0 && (ms >= fewestMs || bytes >= fewestBytes));
    if (telling.length === 0) return;
    const put = this.db.prepare(
      `INSERT INTO throughput (rate, bytes, ms) VALUES (@rate, @bytes, @ms)
       ON CONFLICT (rate) DO UPDATE SET bytes = bytes + excluded.bytes, ms = ms + excluded.ms`,
    );
    const forget = this.db.prepare(
      'UPDATE throughput SET bytes = bytes * @most / ms, ms = @most WHERE rate = @rate AND ms > @most',
    );
    inTransaction(this.db, () => {
      for (const { rate, bytes, ms } of telling) {
        put.run({ rate: String(rate), bytes: Math.round(bytes), ms: Math.round(ms) });
        forget.run({ rate: String(rate), most: rememberedMs });
      }
    });
  }

  measured(): Measured {
    const rows = this.db
      .prepare<[], { rate: string; bytes: number; ms: number }>('SELECT rate, bytes, ms FROM throughput WHERE ms > 0')
      .all();
    return new Map(rows.map(({ rate, bytes, ms }) => [rateFrom(rate), (bytes * 1000) / ms]));
  }
}

function rateFrom(text: string): Rate {
  return text === 'unlimited' || text === 'closed' ? text : Number(text);
}
