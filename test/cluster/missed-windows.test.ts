import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { noise } from '../encoding/noise.js';
import { makeDepot } from '../harness/depot.js';
import { hurriedHost } from '../harness/hurried-host.js';
import { daemonsInside } from '../harness/inside.js';
import { freePorts } from '../harness/port.js';
import { folderInMemory } from '../harness/temporary.js';
import { publish, statusOf } from './chain.js';

const minute = 60_000;
const hour = 60 * minute;
/** Of each hour the first two minutes, at 4,000 bytes a second, less what passes before the first poll. */
const windows = Array.from({ length: 24 }, (_, at) => {
  const begin = String(at).padStart(2, '0');
  return { from: `${begin}:00`, to: `${begin}:02`, rate: '32kbit/s' };
});
const windowBytes = 480_000;
const size = 1_400_000;

it('raises an alarm with its numbers when a plan has not come in three windows running, and takes it back when it has', async () => {
  const host = hurriedHost(Date.now(), { silenceMs: 10 });
  const folder = await folderInMemory();
  const startDaemon = await daemonsInside(host);
  const [above = 0, below = 0] = await freePorts(2);
  const source = join(folder, 'source');
  await mkdir(source, { recursive: true });
  await writeFile(join(source, 'image'), noise(size, 1, size));
  const origin = await makeDepot(join(folder, 'origin'), {
    depot: 'origin',
    site: 'enterprise',
    data: join(folder, 'origin/data'),
    listen: `http://127.0.0.1:${above}`,
    repositories: { tools: { kind: 'mirror', context: 'enterprise', source, settle: '1h' } },
  });
  await startDaemon(origin.config);
  const generation = await publish(origin);
  const branch = await makeDepot(join(folder, 'branch'), {
    depot: 'branch',
    site: 'enterprise/branch',
    data: join(folder, 'branch/data'),
    listen: `http://127.0.0.1:${below}`,
    parent: origin.url,
    poll: { every: '2m' },
    network: { timezone: 'UTC', windows, otherwise: 'closed' },
  });
  await startDaemon(branch.config);
  // What is missing has to be known before the first of the windows that count.
  await sleepUntil(async () => (await statusOf(branch)).repositories[0]?.waitsForWindow === true);
  const firstAt = Math.ceil((host.now() + 5 * minute) / hour) * hour;

  const seen: (number | null)[] = [];
  for (let window = 0; window < 3; window += 1) {
    // Three minutes after it has closed.
    await sleepUntil(() => host.now() >= firstAt + window * hour + 5 * minute);
    seen.push((await repositoryOf(branch)).missedWindows?.windows ?? null);
    if (window === 1) expect((await host.standing(() => branch.cli('status', '--check'))).exitCode).toBe(0);
  }
  expect(seen).toEqual([null, null, 3]);
  const { missedWindows: missed, forecast } = await repositoryOf(branch);
  expect(missed).toMatchObject({ windows: 3, windowsNeeded: 1 });
  expect(missed?.bytesLeft).toBe(forecast?.bytesLeft);
  expect(missed?.bytesLeft).toBeGreaterThan(size - 3 * windowBytes);
  expect(missed?.bytesLeft).toBeLessThan(windowBytes);
  expect(missed?.windowBytes).toBeGreaterThan(windowBytes * 0.85);
  expect(missed?.windowBytes).toBeLessThanOrEqual(windowBytes);
  expect(Date.parse(missed?.closedAt ?? '')).toBe(firstAt + 2 * hour + 2 * minute);
  expect(Date.parse(missed?.since ?? '')).toBeLessThan(firstAt);
  const [checked, shown] = await host.standing(() =>
    Promise.all([branch.cli('status', '--check'), branch.cli('status')]),
  );
  expect(checked.exitCode).toBe(1);
  expect(shown.stdout).toMatch(
    /! tools: not all had come when its window closed, 3 times running, last .*: [\d.]+ KiB left, a window carries 4\d\d KiB, it will take 1 more window\n/,
  );

  await sleepUntil(() => host.now() >= firstAt + 3 * hour + 5 * minute);
  expect(await repositoryOf(branch)).toMatchObject({ generation, missedWindows: null, forecast: null });
  expect((await host.standing(() => branch.cli('status', '--check'))).exitCode).toBe(0);

  async function sleepUntil(isSo: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await isSo())) await host.sleep(minute / 2);
  }
});

async function repositoryOf(depot: Parameters<typeof statusOf>[0]) {
  const [repository] = (await statusOf(depot)).repositories;
  if (repository === undefined) throw new Error('nothing was polled for');
  return repository;
}
