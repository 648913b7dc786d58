import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { noise } from '../encoding/noise.js';
import type { Depot } from '../harness/depot.js';
import { temporaryCluster } from '../harness/temporary.js';
import { bytes, tree } from '../harness/tree.js';
import { control, cycle, pollAll, statusOf } from './chain.js';
import { deskOf } from './package-desk.js';

const site = 'enterprise/germany';
const patiently = { signal: new AbortController().signal, onEvent: async () => undefined };

/** Whatever comes of it: repositories become known by it. */
function pollOnce(depot: Depot) {
  return control(depot).poll(null, { ...patiently, wait: true });
}

/** A master depot of `apps`, a depot below it with a line of its own, and one below that. */
async function start(network: Readonly<Record<string, unknown>>) {
  const cluster = await temporaryCluster(
    (folder) => ({
      origin: {
        site: 'enterprise',
        repositories: { apps: { kind: 'packages', context: 'enterprise', work: join(folder, 'apps') } },
      },
      region: { site, parent: 'origin', network },
      branch: { site: `${site}/munich`, parent: 'region' },
    }),
    onTestFinished,
    'http',
  );
  const [origin, region, branch] = ['origin', 'region', 'branch'].map((name) => cluster.depot(name));
  if (origin === undefined || region === undefined || branch === undefined) throw new Error('no cluster');
  const desk = deskOf(origin, 'apps');
  const make = async (name: string, size: number): Promise<void> => {
    await desk.create(name, 'os');
    await tree(join(cluster.folder, 'apps', name), { 'disk.img': bytes(noise(size, name.length, size)) });
    await desk.prepare(name);
    await desk.distribute(name, [site]);
  };
  const current = (name: string): Promise<string | null> =>
    readlink(join(region.tree('apps'), name, 'current')).catch(() => null);
  return { origin, region, branch, desk, make, current };
}

it('brings what an urgent release needs outside of the windows, at its rate, where that is allowed, and nothing else', async () => {
  const { region, branch, desk, make, current } = await start({ otherwise: 'closed', urgent: '4Mbit/s' });
  await make('large', 2_000_000);
  await make('fix', 600_000);
  await desk.release('large');
  await pollOnce(region);
  expect(await cycle(region, 'apps')).toMatchObject({ outcome: 'waiting' });

  await desk.release('fix', { urgent: true });
  const plan = await control(region).plan('apps', { ...patiently, steps: false });
  expect(plan).toMatchObject([{ urgent: { files: 0 } }]);
  const startedAt = performance.now();
  expect(await cycle(region, 'apps')).toMatchObject({ outcome: 'applied', error: { code: 'window-closed' } });
  // 500,000 bytes a second.
  expect(performance.now() - startedAt).toBeGreaterThan(900);
  expect(await current('fix')).toBe('1');
  expect(await current('large')).toBeNull();
  const status = await statusOf(region);
  expect(status).toMatchObject({ line: { rate: 'closed', urgent: 500_000 }, repositories: [{ urgent: [] }] });
  expect(status.line?.closedBytes).toBeLessThan(64 * 1024);
  expect(await cycle(region, 'apps')).toMatchObject({ outcome: 'waiting', fetched: { bytes: 0 } });

  await pollAll(branch);
  expect(await readlink(join(branch.tree('apps'), 'fix', 'current'))).toBe('1');
});

it('lets an urgent release wait for the window where nothing else is said, and shows that it waits', async () => {
  const { origin, region, desk, make, current } = await start({ otherwise: 'closed' });
  await make('fix', 300_000);
  await desk.release('fix', { urgent: true });
  await pollOnce(region);
  expect(await cycle(region, 'apps')).toMatchObject({ outcome: 'waiting' });
  expect(await statusOf(region)).toMatchObject({ line: { urgent: null }, repositories: [{ urgent: ['fix/1'] }] });
  const shown = await region.cli('status');
  expect(shown.stdout).toContain('apps waits for the window, urgent: fix/1');
  expect((await region.cli('plan')).stdout).toMatch(/urgent +1 file/);
  expect((await origin.cli('package', 'status', 'apps/fix')).stdout).toContain('revision 1 was released urgently');

  await region.configure({ network: { otherwise: 'closed', urgent: '10Mbit/s' } });
  await region.cli('reload');
  // What a person says by hand holds for urgent releases, too.
  await control(region).orderLine({ rate: 'closed', forMs: null });
  await cycle(region, 'apps');
  expect(await current('fix')).toBeNull();
  await control(region).orderLine(null);
  await cycle(region, 'apps');
  expect(await current('fix')).toBe('1');
});

it('fetches packages by what their records say of them', async () => {
  const { region, desk, make, current } = await start({ otherwise: '8Mbit/s' });
  for (const [name, size] of [
    ['small', 300_000],
    ['first', 900_000],
    ['last', 200_000],
  ] as const) {
    await make(name, size);
    await desk.release(name);
  }
  await desk.edit('first', { priority: 'high' });
  expect((await desk.edit('last', { priority: 'low' })).package.priority).toBe('low');
  const order = new Set<string>();
  const polling = pollAll(region).finally(() => (isOver = true));
  let isOver = false;
  while (!isOver) {
    for (const name of ['last', 'small', 'first']) if ((await current(name)) !== null) order.add(name);
    await setTimeout(20);
  }
  await polling;
  expect([...order, 'last'].slice(0, 3)).toEqual(['first', 'small', 'last']);
});
