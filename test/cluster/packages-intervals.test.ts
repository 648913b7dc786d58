import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { ForecastResult } from '../../src/model/forecast-status.js';
import type { PlanSummary } from '../../src/model/plan-status.js';
import type { Depot } from '../harness/depot.js';
import { afterTheLast } from '../harness/temporary.js';
import { tree } from '../harness/tree.js';
import { cycle, statusOf } from './chain.js';
import { startPackages, type Desk } from './package-desk.js';

let region: Depot;
let desk: Desk;
let work: string;

const whenDone = afterTheLast();
beforeAll(async () => {
  const settings = { region: { poll: { every: '2s', content: '1h' } } };
  ({ region, desk, work } = await startPackages(whenDone, settings));
});

const soon = { timeout: 10_000 };
const awaited = async () => {
  const { repositories } = await statusOf(region);
  return repositories.find(({ name }) => name === 'apps')?.poll?.content ?? null;
};
const current = (): Promise<string | null> => readlink(join(region.tree('apps'), 'vlc/current')).catch(() => null);

it('leaves content to its interval, and says so', async () => {
  await desk.create('vlc');
  await tree(join(work, 'vlc'), { 'bin/vlc': 'one'.repeat(1000) });
  await expect
    .poll(async () => (await statusOf(region)).repositories.map(({ generation }) => generation), soon)
    .toEqual([1]);
  await desk.publish('vlc', 'enterprise');

  await expect.poll(awaited, soon).toMatchObject({ revisions: 1, bytes: 3000 });
  const at = Date.parse((await awaited())?.at ?? '');
  expect(at - Date.now()).toBeGreaterThan(3500 * 1000);
  // Nothing of it comes before.
  const { own } = await region.json<ForecastResult>('forecast', 'apps');
  const contentAt = new Date(at).toISOString();
  expect(own).toMatchObject([{ contentAt, bytesLeft: 3000, legs: [{ rate: 'closed', until: contentAt }] }]);
  expect((await region.cli('forecast', 'apps')).stdout).toMatch(/2.9 KiB left, fetched from .* on \(poll\.content\)/);
  await expect
    .poll(async () => (await region.cli('status')).stdout, { timeout: 10_000 })
    .toContain('apps: 1 revision, 2.9 KiB of files, fetched in 1 h (poll.content)');
  const { plans } = await region.json<{ plans: PlanSummary[] }>('plan');
  expect(plans).toMatchObject([{ fetch: { files: 1, bytes: 3000 }, contentAt: new Date(at).toISOString() }]);
  expect((await region.cli('plan')).stdout).toContain('at once: depot poll apps');
  expect(await current()).toBeNull();

  // A person who asks does not wait.
  expect(await cycle(region, 'apps')).toMatchObject({ outcome: 'applied' });
  expect([await current(), await awaited()]).toEqual(['1', null]);
});

it('lets a release travel with each poll', async () => {
  await tree(join(work, 'vlc'), { 'bin/vlc': 'two'.repeat(1000) });
  await desk.prepare('vlc');
  await desk.distribute('vlc');
  await expect.poll(awaited, soon).toMatchObject({ revisions: 1 });
  await cycle(region, 'apps');
  expect(await current()).toBe('1');
  await desk.release('vlc');
  await expect.poll(current, soon).toBe('2');
});

it('takes over another interval on reload', async () => {
  await tree(join(work, 'vlc'), { 'bin/vlc': 'three'.repeat(1000) });
  await desk.publish('vlc');
  await expect.poll(awaited, soon).toMatchObject({ revisions: 1 });
  await region.configure({ poll: { every: '2s', content: '1h', repositories: { apps: { content: '1s' } } } });
  expect(await region.json('reload')).toMatchObject({ changed: ['poll.repositories.apps'] });
  await expect.poll(current, soon).toBe('3');
});
