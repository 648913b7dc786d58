import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { CountedLine } from '../bench/counted-line.js';
import { differences } from '../harness/tree.js';
import { begin, repositoryOf, startBelowFiles } from './below-files.js';
import { control, statusOf } from './chain.js';

/** Bytes of TCP payload, both ways, of each tenth of a second. */
async function tenths(line: CountedLine, seconds: number): Promise<number[]> {
  const found: number[] = [];
  line.take();
  const startedAt = performance.now();
  while (found.length < seconds * 10) {
    await delay(Math.max(0, startedAt + (found.length + 1) * 100 - performance.now()));
    found.push(line.take().bytes);
  }
  return found;
}

it('keeps to its rate below a server of plain files, by ranges of far less than a second of its line', async () => {
  const rates = [125_000, 1_250_000];
  const { source, server, children } = await startBelowFiles(16_000_000, ['1Mbit/s', '10Mbit/s']);
  await Promise.all(
    children.map(async ({ depot, line }, at) => {
      const rate = rates[at] ?? 0;
      await begin(depot);
      await expect
        .poll(async () => (await repositoryOf(depot))?.cycle?.bytes.done ?? 0, { timeout: 20_000 })
        .toBeGreaterThan(rate / 2);
      const found = await tenths(line, 11.5);
      for (let from = 0; from + 100 <= found.length; from += 5) {
        const sum = found.slice(from, from + 100).reduce((a, b) => a + b, 0);
        expect(Math.abs(sum / (10 * rate) - 1), `${rate} from ${from / 10} s`).toBeLessThan(0.02);
      }
    }),
  );
  // Of two lines, of which nobody knows here which one asked: a second of the faster one at most, and far less.
  for (const length of server.ranges) expect(length).toBeLessThanOrEqual(1_250_000 * 0.15);
  for (const { depot } of children) {
    await control(depot).orderLine({ rate: 'unlimited', forMs: null });
    await expect.poll(async () => (await repositoryOf(depot))?.generation, { timeout: 20_000 }).toBe(1);
    expect(await differences(source, depot.tree('tools'))).toBe('');
    expect(await statusOf(depot)).toMatchObject({
      parents: [{ answers: 'yes', error: null }],
      repositories: [{ error: null, trust: { authenticated: true }, damaged: 0 }],
    });
  }
});
