import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Pacer } from '../../src/protocol/pacer.js';
import { scriptedHost } from '../daemon/scripted-host.js';

const rates = fc.constantFrom(8_000, 125_000, 12_500_000);

it('never gives more in any span than the rate, what may be made up for, and one take', async () => {
  const takes = fc.array(
    fc.record({
      atMs: fc.integer({ min: 0, max: 20_000 }),
      key: fc.constantFrom('a', 'b', 'c'),
      share: fc.double({ min: 0.01, max: 1, noNaN: true }),
    }),
    { minLength: 1, maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(rates, takes, async (rate, asked) => {
      const host = scriptedHost();
      const depth = rate / 4;
      const pacer = new Pacer(host, () => ({ rate, depth }));
      const given: { atMs: number; bytes: number }[] = [];
      const running = asked.map(async ({ atMs, key, share }) => {
        await host.sleep(atMs);
        const bytes = Math.ceil(rate * share);
        await pacer.take(bytes, key);
        given.push({ atMs: host.now(), bytes });
      });
      await host.advance(120_000);
      await Promise.all(running);
      for (const [at, first] of given.entries()) {
        let bytes = 0;
        for (const { atMs, bytes: more } of given.slice(at)) {
          bytes += more;
          expect(bytes - more).toBeLessThanOrEqual((rate * (atMs - first.atMs + 2)) / 1000 + depth);
        }
      }
      // Nor does it dawdle: all of it in the time that it needs, after the last was asked for.
      const sum = given.reduce((total, { bytes }) => total + bytes, 0);
      expect(Math.max(...given.map(({ atMs }) => atMs)) - Date.UTC(2026, 0, 1)).toBeLessThanOrEqual(
        20_000 + (sum / rate) * 1000 + 40,
      );
    }),
    { numRuns: 15 },
  );
});

it('makes up for pauses evenly: no second has more than the rate and the excess, and no moment more than the peak', async () => {
  // Of 60 to 300 takes, 79 to 390 ms at the rate, up to a tenth: what is left is time enough to make up for it.
  const pause = fc
    .record({ every: fc.integer({ min: 60, max: 300 }), share: fc.double({ min: 0.01, max: 0.12, noNaN: true }) })
    .map(({ every, share }) => ({ every, ms: Math.ceil(every * share) }));
  const pauses = fc.array(pause, { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(pauses, async (paused) => {
      const host = scriptedHost();
      const [rate, bytes] = [12_500_000, 16_384];
      const evenly = { excess: 131_072, peak: rate * 1.5, burst: 65_536 };
      const pacer = new Pacer(host, () => ({ rate, depth: rate / 10, evenly }));
      const given: number[] = [];
      const startMs = host.now();
      void (async () => {
        for (;;) {
          await pacer.take(bytes, 'a');
          given.push(host.now() - startMs);
          const pause = paused[given.length % paused.length];
          if (pause !== undefined && given.length % pause.every === 0) await host.sleep(pause.ms);
        }
      })();
      await host.advance(6_000);
      const within = (fromMs: number, toMs: number): number =>
        given.filter((ms) => ms >= fromMs && ms < toMs).length * bytes;
      for (let fromMs = 0; fromMs < 5_000; fromMs += 7) {
        expect(within(fromMs, fromMs + 1_000)).toBeLessThanOrEqual(rate + evenly.excess);
        expect(within(fromMs, fromMs + 20)).toBeLessThanOrEqual(evenly.peak * 0.021 + evenly.burst + bytes);
      }
      // Without the pauses it could give as much as it likes.
      expect(within(1_000, 6_000)).toBeGreaterThan(rate * 5 * 0.97);
    }),
    { numRuns: 15 },
  );
});

it('serves those that wait in turn, and those of a lower rank first', async () => {
  const host = scriptedHost();
  const pacer = new Pacer(host, () => ({ rate: 1000, depth: 0 }));
  const order: string[] = [];
  const take = (key: string, rank = 1): Promise<void> =>
    pacer.take(1000, key, { rank }).then(() => void order.push(key));
  const all = [take('first'), take('a'), take('a'), take('a'), take('b'), take('b'), take('urgent', 0)];
  await host.advance(20_000);
  await Promise.all(all);
  expect(order).toEqual(['first', 'urgent', 'a', 'b', 'a', 'b', 'a']);
});

it('gives a key with one taker as much as one with many, and nothing for the time before it came', async () => {
  const host = scriptedHost();
  const pacer = new Pacer(host, () => ({ rate: 1000, depth: 0 }));
  const had: Record<string, number> = { one: 0, many: 0, late: 0 };
  const take = async (key: string, bytes: number, afterMs = 0): Promise<void> => {
    await host.sleep(afterMs);
    for (;;) {
      await pacer.take(bytes, key);
      had[key] = (had[key] ?? 0) + bytes;
      // As long as a request takes: meanwhile nobody waits for this key.
      await host.sleep(100);
    }
  };
  void take('one', 500);
  for (let at = 0; at < 5; at += 1) void take('many', 300 + 10 * at);
  void take('late', 400, 60_000);
  await host.advance(60_000);
  expect(Math.abs((had['one'] ?? 0) - (had['many'] ?? 0))).toBeLessThan(2_000);
  const before = { ...had };
  await host.advance(60_000);
  const since = Object.entries(had).map(([key, bytes]) => bytes - (before[key] ?? 0));
  for (const bytes of since) expect(Math.abs(bytes - 20_000)).toBeLessThan(2_500);
});

it('takes another rate within half a second, and gives way to one who leaves', async () => {
  const host = scriptedHost();
  let rate = 0;
  const pacer = new Pacer(host, () => ({ rate, depth: 0 }));
  const leaving = new AbortController();
  const gone = pacer.take(1, 'a', { signal: leaving.signal }).catch((error: Error) => error.message);
  let isThere = false;
  const stays = pacer.take(1, 'b').then(() => (isThere = true));
  leaving.abort(new Error('gone'));
  expect(await gone).toBe('gone');
  await host.advance(60_000);
  expect(isThere).toBe(false);
  rate = 1000;
  await host.advance(501);
  await stays;
  expect(isThere).toBe(true);
});
