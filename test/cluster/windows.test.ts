import { readdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sha256 } from '../../src/model/sha256.js';
import { noise } from '../encoding/noise.js';
import type { Depot } from '../harness/depot.js';
import { bytes, differences, tree } from '../harness/tree.js';
import { control, cycle, pollAll, publish, startPair, statusOf } from './chain.js';

const closed = { otherwise: 'closed' };

it('keeps to its rate, takes another one and a pause in the middle of a file, and goes on where it was', async () => {
  const large = random(900_000, 1);
  const { region, source } = await startPair(async (folder) => void (await tree(folder, { large, ...small(200) })), {
    region: { network: { otherwise: '800kbit/s', frame: '16KiB' } },
  });
  const startedAt = performance.now();
  const running = pollingAll(region);
  const arrived = async (): Promise<number> => (await statusOf(region)).repositories[0]?.cycle?.bytes.done ?? 0;
  await expect.poll(arrived, { timeout: 20_000 }).toBeGreaterThan(150_000);
  // 100,000 bytes a second.
  expect(performance.now() - startedAt).toBeGreaterThan(1_200);

  await region.cli('pause');
  expect(await running).toMatchObject([{ outcome: 'waiting', error: { code: 'window-closed' } }]);
  const paused = await statusOf(region);
  expect(paused).toMatchObject({ line: { rate: 'closed', ordered: true }, repositories: [{ waitsForWindow: true }] });
  expect((await region.cli('status')).stdout).toContain('tools waits for the window');
  expect(partial(region)).toBeGreaterThan(100_000);

  await control(region).orderLine({ rate: 2_000_000, forMs: 3_600_000 });
  const before = performance.now();
  await expect.poll(async () => (await statusOf(region)).repositories[0]?.generation, { timeout: 40_000 }).toBe(1);
  expect(performance.now() - before).toBeLessThan(20_000);
  expect(await differences(source, region.tree('tools'))).toBe('');
});

it('lets heads pass while it is closed, and switches to what needs no bytes', async () => {
  const content = { 'a/large': random(200_000, 2), b: 'b' };
  const settings = { region: { deletions: { 'hold-above': 'none' } } };
  const { origin, region, source } = await startPair(content, settings);
  await pollAll(region);
  await region.configure({ network: closed });
  await region.cli('reload');

  await rm(join(source, 'b'));
  await publish(origin);
  expect(await cycle(region)).toMatchObject({ outcome: 'applied', toGeneration: 2, deleted: 1, error: null });

  await tree(source, { c: random(300_000, 3) });
  await publish(origin);
  expect(await cycle(region)).toMatchObject({ outcome: 'waiting', toGeneration: 2, fetched: { bytes: 0 } });
  const status = await statusOf(region);
  expect(status).toMatchObject({
    line: { rate: 'closed', opensAt: null, ordered: false },
    repositories: [{ generation: 2, newest: 3, waitsForWindow: true, error: null, lag: { generations: 1 } }],
  });
  expect(status.line?.closedBytes).toBeGreaterThan(1_000);
  expect(status.line?.closedBytes).toBeLessThan(2 * 64 * 1024);

  await region.configure({ network: undefined });
  await region.cli('reload');
  await expect.poll(async () => (await statusOf(region)).repositories[0]?.generation, { timeout: 40_000 }).toBe(3);
  expect(await differences(source, region.tree('tools'))).toBe('');
});

it('lets 64 KiB pass at each poll while it is closed, shows their sum, and waits with what is more', async () => {
  const { origin, region, source } = await startPair({ a: 'a' });
  await pollAll(region);
  await region.configure({ network: closed });
  await region.cli('reload');
  // Each of these entries has a hash in its name and one of its content: their difference has about 200 KB.
  const many = Array.from({ length: 2_000 }, (_, at) => [`many/${sha256(String(at))}`, `content ${at}`]);
  await tree(source, Object.fromEntries(many) as Record<string, string>);
  await publish(origin);

  let before = 0;
  for (let polls = 0; polls < 4; polls += 1) {
    expect(await cycle(region)).toMatchObject({ outcome: 'waiting', error: { code: 'window-closed' } });
    const { line } = await statusOf(region);
    const passed = (line?.closedBytes ?? 0) - before;
    expect(passed).toBeGreaterThan(0);
    expect(passed).toBeLessThan(64 * 1024);
    before += passed;
  }
  const shown = (await region.cli('status')).stdout;
  expect(shown).toMatch(/closed.*[0-9.]+ [KM]iB of heads, reports and frames under way passed/);

  await region.configure({ network: undefined });
  await region.cli('reload');
  await expect.poll(async () => (await statusOf(region)).repositories[0]?.generation, { timeout: 40_000 }).toBe(2);
  expect(await differences(source, region.tree('tools'))).toBe('');
});

function small(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`small/${at}`, `${at} `.repeat(50)]));
}

/** Does not shrink. */
function random(length: number, seed: number) {
  return bytes(noise(length, seed, length));
}

async function pollingAll(depot: Depot) {
  const work = { signal: new AbortController().signal, onEvent: async () => undefined };
  return (await control(depot).poll(null, { ...work, wait: true })).cycles;
}

/** Bytes of the largest file that is not whole yet. */
function partial({ data }: Depot): number {
  const staging = join(data, 'staging');
  return Math.max(0, ...readdirSync(staging).map((name) => statSync(join(staging, name)).size));
}
