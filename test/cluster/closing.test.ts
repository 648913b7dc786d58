import { expect, it } from 'vitest';
import { noise } from '../encoding/noise.js';
import type { DepotSettings } from '../harness/cluster.js';
import type { Depot } from '../harness/depot.js';
import { freePorts } from '../harness/port.js';
import { temporaryCluster } from '../harness/temporary.js';
import { bytes, differences, tree } from '../harness/tree.js';
import { control, cycle, mirror, pollAll, publish, sites, statusOf } from './chain.js';
import { slowLine } from './slow-line.js';

const large = bytes(noise(6_000_000, 3, 6_000_000));

interface Setting {
  readonly source: string;
  readonly region: Depot;
}

/** Two levels, the one above with something large in `tools` that the other one has not polled for; it has all of `other`. */
async function start(
  origin: Omit<DepotSettings, 'site'>,
  network: Readonly<Record<string, unknown>>,
  carriedAt = Infinity,
): Promise<Setting> {
  const [parentPort = 0, linePort = 0] = await freePorts(2);
  if (carriedAt < Infinity) await slowLine(linePort, parentPort, carriedAt);
  const cluster = await temporaryCluster(async (folder) => {
    await tree(`${folder}/source`, { a: 'a' });
    await tree(`${folder}/other`, { b: 'b' });
    return {
      origin: {
        site: sites.origin,
        listen: `https://127.0.0.1:${parentPort}`,
        repositories: { tools: mirror(`${folder}/source`), other: mirror(`${folder}/other`) },
        ...origin,
      },
      region: {
        site: sites.region,
        parent: `https://127.0.0.1:${carriedAt < Infinity ? linePort : parentPort}`,
        network,
      },
    };
  });
  const [above, region] = [cluster.depot('origin'), cluster.depot('region')];
  const source = `${cluster.folder}/source`;
  for (const repository of ['tools', 'other']) await publish(above, repository);
  await pollAll(region);
  await tree(source, { large });
  await publish(above);
  return { source, region };
}

/** Closes the line in the middle of what is large, and polls for something else; gives how long the transfer goes on, milliseconds. */
async function close(region: Depot): Promise<number> {
  const transfer = cycle(region);
  const arrived = async (): Promise<number> =>
    (await statusOf(region)).repositories.find(({ name }) => name === 'tools')?.cycle?.bytes.done ?? 0;
  await expect.poll(arrived, { timeout: 20_000 }).toBeGreaterThan(400_000);
  const closedAt = performance.now();
  await control(region).orderLine({ rate: 'closed', forMs: null });
  expect(await cycle(region, 'other')).toMatchObject({ outcome: 'unchanged' });
  expect(await transfer).toMatchObject({ outcome: 'waiting', error: { code: 'window-closed' } });
  return performance.now() - closedAt;
}

async function goOn({ region, source }: Setting): Promise<void> {
  await control(region).orderLine({ rate: 'unlimited', forMs: null });
  await expect
    .poll(async () => (await statusOf(region)).repositories.find(({ name }) => name === 'tools')?.generation, {
      timeout: 40_000,
    })
    .toBe(2);
  expect(await differences(source, region.tree('tools'))).toBe('');
}

it('ends the frame under way at the rate that it was asked for, while polls pass the closed line', async () => {
  const setting = await start({}, { otherwise: '800kbit/s', frame: '4MiB' });
  expect(await close(setting.region)).toBeLessThan(3_500);
  await goOn(setting);
});

it('has no more under way than two seconds of what the parent gives, where that is less than its own rate', async () => {
  const setting = await start({ network: { uploads: { 'each-child': '1600kbit/s' } } }, { otherwise: '100Mbit/s' });
  expect(await close(setting.region)).toBeLessThan(3_500);
});

it('has no more under way than two seconds of a line without a rate, as fast as that is, whatever the frame', async () => {
  const setting = await start({}, { otherwise: 'unlimited', frame: '64MiB' }, 250_000);
  expect(await close(setting.region)).toBeLessThan(3_500);
});
