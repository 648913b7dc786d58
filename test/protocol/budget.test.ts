import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DepotError } from '../../src/model/errors.js';
import { bytesPerSecond } from '../../src/model/rate.js';
import { spans } from '../../src/model/windows.js';
import { Line } from '../../src/protocol/line.js';
import { scriptedHost } from '../daemon/scripted-host.js';
import { scenes } from '../model/scenes.js';

const minute = 60_000;
const day = 1440 * minute;
const frame = 16 * 1024;
const lastingMs = 120 * minute;

it('transfers never take more of a window than it carries, and nothing where it is closed, on days when the clock is changed', async () => {
  const transfers = fc.array(
    fc.record({
      repository: fc.constantFrom('tools', 'apps', 'media'),
      afterMs: fc.integer({ min: 0, max: lastingMs }),
      bytes: fc.integer({ min: 1, max: 150_000 }),
    }),
    { minLength: 1, maxLength: 5 },
  );
  let moved = 0;
  const start = fc.integer({ min: 0, max: 3 * 1440 });
  await fc.assert(
    fc.asyncProperty(scenes, start, transfers, async ({ around, windows }, atMinute, asked) => {
      const host = scriptedHost();
      const epoch = host.monotonic();
      // The wall clock of this line, whatever that of the host shows.
      const fromMs = (around - 1) * day + atMinute * minute;
      const wallMs = (): number => fromMs + host.monotonic() - epoch;
      const found = spans(windows, fromMs, fromMs + 2 * lastingMs + minute);
      const state = () => {
        const now = wallMs();
        const rate = found.find(({ untilMs }) => now < untilMs)?.rate ?? 'closed';
        return { rate, urgentRate: null, frame, opens: null, rank: () => 1 };
      };
      const line = new Line(host, state);
      const given: { atMs: number; bytes: number }[] = [];
      const fetch = async (repository: string, bytes: number): Promise<void> => {
        for (let left = bytes; left > 0 && wallMs() < fromMs + lastingMs;) {
          try {
            const part = await line.admit(left, repository, 'does-not');
            given.push({ atMs: wallMs(), bytes: part });
            left -= part;
          } catch (error) {
            if (!(error instanceof DepotError) || error.code !== 'window-closed') throw error;
            await host.sleep(minute);
          }
        }
      };
      const running = asked.map(async ({ repository, afterMs, bytes }) => {
        await host.sleep(afterMs);
        await fetch(repository, bytes);
      });
      await host.advance(2 * lastingMs);
      await Promise.all(running);
      moved += given.length;
      for (const { fromMs: begin, untilMs, rate } of found) {
        const came = given
          .filter(({ atMs }) => atMs >= begin && atMs < untilMs)
          .reduce((sum, { bytes }) => sum + bytes, 0);
        if (rate === 'closed') expect(came).toBe(0);
        // A frame may begin just before the end, and another one make up for a pause before the beginning.
        else if (rate !== 'unlimited') {
          expect(came).toBeLessThanOrEqual((bytesPerSecond(rate) * (untilMs - begin)) / 1000 + 2 * frame);
        }
      }
    }),
    { numRuns: 100 },
  );
  expect(moved).toBeGreaterThan(1_000);
});
