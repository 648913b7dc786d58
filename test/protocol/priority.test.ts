import { expect, it } from 'vitest';
import { rankOf } from '../../src/model/priority.js';
import { Line } from '../../src/protocol/line.js';
import { scriptedHost } from '../daemon/scripted-host.js';

const rate = 64_000;

/** Two repositories with one transfer each, part after part, for a minute; gives the bytes of each. */
async function share(wayMs: number, slowest: { readonly high: number }): Promise<{ high: number; low: number }> {
  const host = scriptedHost();
  const line = new Line(host, () => ({
    rate,
    urgentRate: null,
    frame: 64 * 1024,
    opens: null,
    rank: (repository, cargo) => rankOf(repository === 'high' ? 'high' : 'low', cargo),
  }));
  const bytes = { high: 0, low: 0 };
  const fetch = async (repository: 'high' | 'low', bytesPerSecond: number): Promise<void> => {
    while (host.monotonic() < end) {
      const part = await line.admit(Infinity, repository, 'paces');
      await host.sleep((part / bytesPerSecond) * 1000 + wayMs);
      bytes[repository] += part;
    }
  };
  const end = host.monotonic() + 60_000;
  const running = [fetch('low', rate), fetch('high', slowest.high)];
  await host.advance(80_000);
  await Promise.all(running);
  return bytes;
}

it('one transfer of what goes first has the line nearly for itself, though it asks for part after part', async () => {
  // What is lost to the way there and back between two parts is nobody's.
  for (const [wayMs, least] of [
    [0, 0.9],
    [20, 0.85],
    [150, 0.75],
  ] as const) {
    const { high, low } = await share(wayMs, { high: rate });
    expect(high, `${wayMs} ms`).toBeGreaterThan(least * 60 * rate);
    expect(low, `${wayMs} ms`).toBeLessThan(0.1 * 60 * rate);
  }
});

it('what goes first and comes slowly by itself leaves the line to the rest', async () => {
  const { high, low } = await share(20, { high: rate / 8 });
  expect(high).toBeGreaterThan(0.08 * 60 * rate);
  expect(low).toBeGreaterThan(0.6 * 60 * rate);
  expect(high + low).toBeLessThan(1.05 * 60 * rate);
});
