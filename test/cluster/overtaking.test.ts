import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { noise } from '../encoding/noise.js';
import type { Depot } from '../harness/depot.js';
import { freePorts } from '../harness/port.js';
import { temporaryCluster } from '../harness/temporary.js';
import { bytes, tree } from '../harness/tree.js';
import { control, cycle, mirror, pollAll, publish, sites, statusOf } from './chain.js';
import { deskOf } from './package-desk.js';
import { slowLine } from './slow-line.js';

const patiently = { signal: new AbortController().signal, onEvent: async () => undefined };

/** Two levels on a line that carries so many bytes a second, whatever is written; the one above has a mirror and packages. */
async function start(network: Readonly<Record<string, unknown>> | undefined, carriedAt: number) {
  const [parentPort = 0, linePort = 0] = await freePorts(2);
  await slowLine(linePort, parentPort, carriedAt);
  const cluster = await temporaryCluster(async (folder) => {
    for (const name of ['slow', 'quick']) await tree(`${folder}/${name}`, { a: 'a' });
    const repositories = {
      slow: mirror(`${folder}/slow`),
      quick: mirror(`${folder}/quick`),
      apps: { kind: 'packages', context: sites.origin, work: `${folder}/apps` },
    };
    return {
      origin: { site: sites.origin, listen: `https://127.0.0.1:${parentPort}`, repositories },
      region: { site: sites.region, parent: `https://127.0.0.1:${linePort}`, ...(network && { network }) },
    };
  });
  const [origin, region] = [cluster.depot('origin'), cluster.depot('region')];
  const put = async (repository: string, size: number): Promise<void> => {
    await tree(`${cluster.folder}/${repository}`, { large: bytes(noise(size, 7, size)) });
    await publish(origin, repository);
  };
  for (const repository of ['slow', 'quick']) await publish(origin, repository);
  await pollAll(region);
  return { origin, region, folder: cluster.folder, put };
}

/** Of the cycle that is under way for the mirror `slow`. */
async function arrived(region: Depot): Promise<number> {
  return (await statusOf(region)).repositories.find(({ name }) => name === 'slow')?.cycle?.bytes.done ?? 0;
}

/** Begins with the mirror `slow`, then with something else; gives what came of the first one while the line had only the second. */
async function overtaken(region: Depot, other: () => Promise<unknown>, settleMs: number): Promise<number> {
  await control(region).poll(['slow'], { ...patiently, wait: false });
  await expect.poll(() => arrived(region), { timeout: 20_000 }).toBeGreaterThan(300_000);
  const running = other();
  await delay(settleMs);
  const before = await arrived(region);
  await running;
  return (await arrived(region)) - before;
}

it('lets a repository that goes first overtake at the next frame of one that goes last, on a line without a rate', async () => {
  const priority = { quick: 'high', slow: 'low' };
  const { region, put } = await start({ priority }, 1_000_000);
  await put('slow', 12_000_000);
  await put('quick', 5_000_000);
  const startedAt = performance.now();
  const came = await overtaken(region, () => cycle(region, 'quick'), 2_500);
  // Five seconds of the line for the one, and for the other what was under way.
  expect(performance.now() - startedAt).toBeLessThan(9_500);
  expect(came).toBeLessThan(300_000);
  expect(await arrived(region)).toBeGreaterThan(300_000);
});

it('lets an urgent release overtake what comes whole, where nothing limits the line', async () => {
  const { origin, region, folder, put } = await start(undefined, 4_000_000);
  await put('slow', 48_000_000);
  const desk = deskOf(origin, 'apps');
  await desk.create('fix', 'os');
  await tree(`${folder}/apps/fix`, { 'disk.img': bytes(noise(20_000_000, 9, 20_000_000)) });
  await desk.prepare('fix');
  await desk.distribute('fix', [sites.region]);
  await desk.release('fix', { urgent: true });
  // As much as sockets hold comes all the same.
  const came = await overtaken(region, () => cycle(region, 'apps'), 3_500);
  expect(came).toBeLessThan(2_000_000);
});
