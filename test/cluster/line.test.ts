import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { noise } from '../encoding/noise.js';
import type { Depot } from '../harness/depot.js';
import { shiftedClock } from '../harness/shifted-clock.js';
import { temporaryFolder } from '../harness/temporary.js';
import { bytes, differences } from '../harness/tree.js';
import { control, startPair, statusOf } from './chain.js';

const hour = 3_600_000;
const large = bytes(noise(4_000_000, 11, 4_000_000));

/** In bytes, of the cycle that is under way. */
async function arrived(depot: Depot): Promise<number> {
  return (await statusOf(depot)).repositories[0]?.cycle?.bytes.done ?? 0;
}

async function begin(depot: Depot) {
  const work = { signal: new AbortController().signal, onEvent: async () => undefined };
  await control(depot).poll(null, { ...work, wait: false });
  await expect.poll(() => arrived(depot), { timeout: 20_000 }).toBeGreaterThan(50_000);
}

/** Bytes a second, in so many seconds from now on. */
async function rateOver(depot: Depot, seconds: number): Promise<number> {
  const [before, startedAt] = [await arrived(depot), performance.now()];
  await delay(seconds * 1000);
  return ((await arrived(depot)) - before) / ((performance.now() - startedAt) / 1000);
}

it('takes over another rate, and a closed window, from a file that is read again in the middle of a transfer', async () => {
  const network = (otherwise: string) => ({ network: { otherwise, frame: '16KiB' } });
  const { region, source } = await startPair({ large }, { region: network('400kbit/s') });
  await begin(region);
  // 50,000 bytes a second.
  const slow = await rateOver(region, 3);
  expect(slow).toBeGreaterThan(25_000);
  expect(slow).toBeLessThan(75_000);

  await region.configure(network('2.4Mbit/s'));
  await region.json('reload');
  await delay(1_000);
  const fast = await rateOver(region, 3);
  expect(fast).toBeGreaterThan(180_000);
  expect(fast).toBeLessThan(360_000);

  await region.configure(network('closed'));
  await region.json('reload');
  await delay(1_500);
  expect((await statusOf(region)).repositories[0]).toMatchObject({ cycle: null, waitsForWindow: true });

  await region.configure({ network: undefined });
  await region.json('reload');
  await expect.poll(async () => (await statusOf(region)).repositories[0]?.generation, { timeout: 40_000 }).toBe(1);
  expect(await differences(source, region.tree('tools'))).toBe('');
});

it('keeps what was ordered by hand over a restart, for as long as it was ordered', async () => {
  const { region } = await startPair({ a: 'a' });
  await region.cli('pace', '5Mbit/s', '--for', '2h');
  const { line: before } = await statusOf(region);
  expect(before).toMatchObject({ rate: 625_000, ordered: true });
  await region.stop();
  await region.start();
  expect((await statusOf(region)).line).toMatchObject({ rate: 625_000, ordered: true, until: before?.until });
  // A machine that goes down in the middle of a pause comes up paused.
  await region.cli('pause');
  await region.kill();
  await region.start();
  expect((await statusOf(region)).line).toMatchObject({ rate: 'closed', ordered: true, until: null });

  await region.cli('pace', '1Mbit/s', '--for', '1s');
  await region.stop();
  await delay(1_000);
  await region.start();
  expect((await statusOf(region)).line).toMatchObject({ rate: 'unlimited', ordered: false });
});

it('neither opens nor bursts when the clock on the wall is set', async () => {
  const now = new Date();
  const at = (hours: number): string => new Date(now.getTime() + hours * hour).toISOString().slice(11, 16);
  const opensLater = {
    timezone: 'UTC',
    frame: '16KiB',
    // A day ends at 24:00.
    windows: [{ from: at(3), to: at(5).replace('00:00', '24:00'), rate: 'unlimited' }],
    otherwise: 'closed',
  };
  const clock = await shiftedClock(await temporaryFolder());
  const { region } = await startPair({ large }, { region: { network: opensLater } });
  await region.stop();
  await region.start(clock.env);
  await region.poll();
  expect((await statusOf(region)).line).toMatchObject({ rate: 'closed', ordered: false });

  // Four hours ahead the window would be open. It is believed after ten minutes.
  await clock.set(4 * hour);
  await delay(500);
  await region.poll();
  const shown = await statusOf(region);
  const { poll } = shown.repositories[0] ?? {};
  expect(Date.parse(poll?.nextAt ?? '') - now.getTime()).toBeGreaterThan(4 * hour);
  expect(shown.line).toMatchObject({ rate: 'closed' });
  expect(shown.repositories[0]).toMatchObject({ generation: null, waitsForWindow: true });

  await clock.set(-24 * hour);
  await delay(500);
  expect((await statusOf(region)).line).toMatchObject({ rate: 'closed' });

  // What is under way keeps to its rate, whatever the clock says.
  await control(region).orderLine({ rate: 60_000, forMs: null });
  await begin(region);
  for (const aheadMs of [4 * hour, -24 * hour, 7 * 24 * hour]) {
    await clock.set(aheadMs);
    const rate = await rateOver(region, 3);
    expect(rate).toBeGreaterThan(25_000);
    expect(rate).toBeLessThan(60_000 * 1.1 + 16_384 / 3);
  }
});
