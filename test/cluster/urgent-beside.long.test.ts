import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { countedLine } from '../bench/counted-line.js';
import { noise } from '../encoding/noise.js';
import { freePorts } from '../harness/port.js';
import { temporaryCluster } from '../harness/temporary.js';
import { bytes, tree } from '../harness/tree.js';
import { control, cycle, mirror, pollAll, publish, sites, statusOf } from './chain.js';
import { deskOf } from './package-desk.js';

const patiently = { signal: new AbortController().signal, onEvent: async () => undefined };
/** Of what is ordinary, and of all together while an urgent release is carried, bytes a second. */
const [rate, urgentRate] = [125_000, 500_000];
const frame = 16 * 1024;

it('keeps the sum to the rate of an urgent release, and what is ordinary beside it to its own', async () => {
  const [parentPort = 0, linePort = 0] = await freePorts(2);
  const line = await countedLine(parentPort, undefined, linePort);
  onTestFinished(() => line.close());
  const cluster = await temporaryCluster(async (folder) => {
    await tree(`${folder}/tools`, { a: 'a' });
    const repositories = {
      tools: mirror(`${folder}/tools`),
      apps: { kind: 'packages', context: sites.origin, work: `${folder}/apps` },
    };
    const network = { otherwise: '1Mbit/s', urgent: '4Mbit/s', frame: '16KiB' };
    return {
      origin: { site: sites.origin, listen: `https://127.0.0.1:${parentPort}`, repositories },
      region: { site: sites.region, parent: `https://127.0.0.1:${linePort}`, network },
    };
  });
  const [origin, region] = [cluster.depot('origin'), cluster.depot('region')];
  await publish(origin, 'tools');
  const desk = deskOf(origin, 'apps');
  await desk.create('fix', 'os');
  await tree(`${cluster.folder}/apps/fix`, { 'disk.img': bytes(noise(7_000_000, 9, 7_000_000)) });
  await desk.prepare('fix');
  await pollAll(region);
  await pollAll(region);
  await tree(`${cluster.folder}/tools`, { large: bytes(noise(12_000_000, 7, 12_000_000)) });
  await publish(origin, 'tools');
  await desk.distribute('fix', [sites.region]);
  await desk.release('fix', { urgent: true });

  const content = async () => {
    const { repositories } = await statusOf(region);
    const of = (name: string) => repositories.find((each) => each.name === name)?.cycle?.bytes.done ?? 0;
    return { tools: of('tools'), apps: of('apps') };
  };
  await control(region).poll(['tools'], { ...patiently, wait: false });
  await expect.poll(async () => (await content()).tools, { timeout: 20_000 }).toBeGreaterThan(100_000);
  /** What crossed in each tenth of a second, and what came of both in all, in so many seconds. */
  const measure = async (seconds: number) => {
    const before = await content();
    line.take();
    const [tenths, startedAt] = [[] as number[], performance.now()];
    while (tenths.length < seconds * 10) {
      await delay(Math.max(0, startedAt + (tenths.length + 1) * 100 - performance.now()));
      tenths.push(line.take().bytes);
    }
    const after = await content();
    const sum = tenths.reduce((a, b) => a + b, 0);
    const spans = tenths.slice(9).map((_, at) => tenths.slice(at, at + 10).reduce((a, b) => a + b, 0));
    return {
      all: sum / seconds,
      worstSecond: Math.max(...spans),
      tools: (after.tools - before.tools) / seconds,
      apps: (after.apps - before.apps) / seconds,
    };
  };
  const alone = await measure(10);
  const urgent = cycle(region, 'apps');
  await delay(1_000);
  const beside = await measure(10);
  await urgent;
  await delay(1_500);
  const afterwards = await measure(10);
  for (const [found, wanted] of [
    [alone, rate],
    [beside, urgentRate],
    [afterwards, rate],
  ] as const) {
    expect(Math.abs(found.all / wanted - 1)).toBeLessThan(0.02);
    expect(found.worstSecond).toBeLessThanOrEqual(wanted + frame);
  }
  expect(beside.apps).toBeGreaterThan(0.9 * urgentRate);
  // It gets a turn when the urgent release wants none.
  expect(beside.tools).toBeLessThanOrEqual(rate);
  expect(afterwards.apps).toBe(0);
});
