import { expect, it } from 'vitest';
import type { ForecastResult } from '../../src/model/forecast-status.js';
import { noise } from '../encoding/noise.js';
import { bytes } from '../harness/tree.js';
import { control, pollAll, startChain, statusOf } from './chain.js';

const patiently = { signal: new AbortController().signal, onEvent: async () => undefined };

it('foretells when a depot is done, by its line and by what was measured, and the depots above hear of it', async () => {
  const size = 600_000;
  const content = { large: bytes(noise(size, 4, size)) };
  const { origin, region, branch } = await startChain(content, { region: { network: { otherwise: 'closed' } } });
  await control(region).poll(null, { ...patiently, wait: true });
  const closed = await control(region).forecast(null);
  expect(closed.own).toMatchObject([
    { repository: 'tools', bytesLeft: size, bytesBefore: 0, doneAt: null, reason: 'closed', waitsFor: null },
  ]);
  expect((await region.cli('forecast', 'tools')).stdout).toContain(
    'tools: 586 KiB left, closed: never done: the line is closed, and nothing opens it',
  );
  await pollAll(branch);
  expect((await control(branch).forecast(null)).own).toMatchObject([{ reason: 'not-planned', waitsFor: 'region' }]);

  await control(region).poll(null, { ...patiently, wait: true });
  const above = await region.json<ForecastResult>('forecast');
  expect(above.below).toMatchObject([{ depot: 'branch', repository: 'tools', doneAt: null, waitsFor: 'region' }]);
  const top = await control(origin).forecast({ repository: 'tools', package: null });
  expect(top.below.map(({ depot, state, reason }) => `${depot} ${state} ${String(reason)}`).sort()).toEqual([
    'branch under-way not-planned',
    'region under-way closed',
  ]);

  await region.configure({ network: { otherwise: '1600kbit/s' } });
  await control(region).reload();
  const [open] = (await control(region).forecast(null)).own;
  expect(open?.reason).toBeNull();
  const foretold = Date.parse(open?.doneAt ?? '');
  // 200,000 bytes a second.
  expect(foretold - Date.now()).toBeGreaterThan(1_000);
  expect(foretold - Date.now()).toBeLessThan(4_000);
  // What waited for the line to open is polled for at once.
  await expect.poll(async () => (await statusOf(region)).repositories[0]?.generation, { timeout: 20_000 }).toBe(1);
  expect(Math.abs(Date.now() - foretold)).toBeLessThan(3_000);
  expect(await control(region).forecast(null)).toMatchObject({ own: [] });
  expect((await statusOf(region)).repositories[0]?.forecast).toBeNull();
  const done = (await control(origin).forecast(null)).below.find(({ depot }) => depot === 'region');
  expect(done).toMatchObject({ state: 'done', bytesLeft: 0 });
});

it('takes a line without a rate for as fast as it was, and says so where it was never measured', async () => {
  const { region } = await startChain({ large: bytes(noise(3_000_000, 5, 3_000_000)) });
  await pollAll(region);
  const first = await region.cli('forecast');
  expect(first.stdout).toContain('nothing is missing here');
  expect((await region.cli('forecast', 'nothing')).exitCode).toBe(6);
  expect((await region.cli('forecast', 'tools/vlc')).exitCode).toBe(6);
  expect((await region.cli('forecast', 'a b')).exitCode).toBe(2);
});

const minute = 60_000;

it('reckons with what the parent gives its children: a rate, or windows of its uploads', async () => {
  const size = 3_000_000;
  const content = { large: bytes(noise(size, 6, size)) };
  // Faster by itself than what it gets.
  const { origin, region } = await startChain(content, {
    origin: { network: { uploads: { 'each-child': '80kbit/s' } } },
    region: { network: { otherwise: '80Mbit/s' } },
  });
  const polling = control(region).poll(null, { ...patiently, wait: false });
  const told = async () => (await control(region).forecast(null)).own[0];
  await expect.poll(async () => (await told())?.legs[0]?.rate ?? null, { timeout: 20_000 }).toBe(10_000);
  const slow = await told();
  expect(Date.parse(slow?.doneAt ?? '') - Date.now()).toBeGreaterThan(((slow?.bytesLeft ?? 0) / 10_000) * 900);
  await polling;

  // Closed now, and open for an hour after the next one.
  const at = (hours: number): string => new Date(Date.now() + hours * 60 * minute).toISOString().slice(11, 13);
  // A day ends at 24:00.
  const windows = [{ from: `${at(2)}:00`, to: at(3) === '00' ? '24:00' : `${at(3)}:00`, rate: '8Mbit/s' }];
  const opensAt = Date.parse(`${new Date(Date.now() + 120 * minute).toISOString().slice(0, 13)}:00:00Z`);
  await origin.configure({ network: { timezone: 'UTC', uploads: { total: 'closed', windows } } });
  await control(origin).reload();
  await region.stop();
  await region.start();
  await control(region).poll(null, { ...patiently, wait: false });
  await expect.poll(async () => (await told())?.legs[0]?.rate ?? null, { timeout: 20_000 }).toBe('closed');
  const later = Date.parse((await told())?.doneAt ?? '');
  expect(later).toBeGreaterThan(opensAt);
  expect(later).toBeLessThan(opensAt + 60 * minute);
  expect((await region.cli('forecast', 'tools')).stdout).toMatch(
    /tools: [\d.]+ MiB left, closed until .*, then 8Mbit\/s/,
  );
});
