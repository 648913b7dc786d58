import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ForecastResult } from '../../src/model/forecast-status.js';
import type { PlanSummary } from '../../src/model/plan-status.js';
import { noise } from '../encoding/noise.js';
import type { Depot } from '../harness/depot.js';
import { bytes, differences, tree } from '../harness/tree.js';
import { control, cycle, mirror, pollAll, publish, sites, startChain, startPair, statusOf } from './chain.js';
import { deskOf } from './package-desk.js';
import { lineBetween, type Line } from './line.js';

const size = 1_000_000;
const first = noise(size, 1, size);

/** A file that does not shrink, in each generation another part of which is new. */
function inGeneration(generation: number, changed = 60_000): Buffer {
  const content = Buffer.from(first);
  for (let each = 2; each <= generation; each += 1) {
    content.set(noise(changed, 1001 + 2 * each, changed), 100_000 * each);
  }
  return content;
}

interface Lined {
  readonly origin: Depot;
  readonly region: Depot;
  readonly source: string;
  readonly line: Line;
  /** Publishes further generations of the file, one after the other. */
  go(generations: readonly number[], changed?: number): Promise<void>;
}

/** A region that has the first generation, over a line that can be listened on. */
async function startLined(settings: Readonly<Record<string, unknown>> = {}): Promise<Lined> {
  const depots: Depot[] = [];
  const [child, parent] = [0, 1].map((at) => () => depots[at] ?? expect.fail());
  const line = await lineBetween(child ?? expect.fail, parent ?? expect.fail);
  const { region, origin, source } = await startPair(
    { disk: bytes(first) },
    { region: { parent: line.url, ...settings } },
  );
  depots.push(region, origin);
  await origin.configure({ repositories: { tools: { ...mirror(source, sites.origin), 'delta-generations': 1 } } });
  await origin.cli('reload');
  await pollAll(region);
  const go: Lined['go'] = async (generations, changed) => {
    for (const generation of generations) {
      await writeFile(join(source, 'disk'), inGeneration(generation, changed));
      await publish(origin);
    }
    line.forget();
  };
  return { origin, region, source, line, go };
}

async function planOf(depot: Depot): Promise<PlanSummary> {
  const { plans } = await depot.json<{ plans: PlanSummary[] }>('plan');
  return plans[0] ?? expect.fail();
}

/** Opens a line that was closed, after which the depot polls by itself, and gives the bytes that its cycle said it brought. */
async function bytesAfterOpening(depot: Depot): Promise<unknown> {
  const applied = (): Record<string, unknown>[] => depot.records().filter(({ outcome }) => outcome === 'applied');
  const { length } = applied();
  await depot.configure({ network: undefined });
  await depot.cli('reload');
  await expect.poll(() => applied().length, { timeout: 20_000 }).toBeGreaterThan(length);
  return applied()[length]?.['wireBytes'];
}

/** Bodies of content that went over the line. */
function contentBytes(line: Line): number {
  const content = [...line.passed('/objects/'), ...line.passed('/bundle')].filter(({ status }) => status < 300);
  return content.reduce((sum, passed) => sum + passed.bytes, 0);
}

const deltas = (line: Line): number => line.passed('/objects/').filter(({ status }) => status < 300).length;

it('plans the very bytes of an update that then cross the line, and asks for them once', async () => {
  const { region, source, line, go } = await startLined();
  await go([2]);
  const plan = await planOf(region);
  expect(plan).toMatchObject({ fetch: { files: 1, bytes: size }, wire: { exact: true } });
  expect(plan.wire.bytes).toBeGreaterThan(60_000);
  expect(plan.wire.bytes).toBeLessThan(66_000);
  expect((await region.cli('plan')).stdout).toMatch(/fetch +1 file +977 KiB {2}\d\d KiB on the line/);
  expect(await cycle(region)).toMatchObject({ outcome: 'applied', wire: plan.wire.bytes, error: null });
  expect(contentBytes(line)).toBe(plan.wire.bytes);
  expect(line.passed('/offers')).toHaveLength(1);
  expect(await planOf(region)).toMatchObject({ fetch: { files: 0 }, wire: { bytes: 0, exact: true } });
  expect(line.passed('/offers')).toHaveLength(1);
  expect(await differences(source, region.tree('tools'))).toBe('');
});

it('takes a chain of deltas where the parent makes none for a child that is far behind, and keeps nothing of the way', async () => {
  const { region, source, line, go } = await startLined();
  await go([2, 3, 4, 5]);
  const plan = await planOf(region);
  // The parent may make a smaller one; it is asked for that first.
  expect(plan.wire.exact).toBe(false);
  expect(plan.wire.bytes).toBeLessThan(size / 3);
  let refused = 0;
  line.refuse((path) => path.includes('/objects/') && path.includes('.from.') && (refused += 1) === 1);
  expect(await cycle(region)).toMatchObject({ outcome: 'applied', wire: plan.wire.bytes, error: null });
  expect(contentBytes(line)).toBe(plan.wire.bytes);
  expect(deltas(line)).toBeGreaterThan(1);
  expect(await differences(source, region.tree('tools'))).toBe('');
  expect(await readdir(join(region.data, 'staging'))).toEqual([]);
  const objects = await readdir(join(region.data, 'objects'), { recursive: true });
  expect(objects.filter((name) => name.length > 64)).toHaveLength(2);
});

it('asks for nothing to be made where the chain is small, and plans it to the byte', async () => {
  const { region, source, line, go } = await startLined();
  await go([2, 3, 4], 5_000);
  const plan = await planOf(region);
  expect(plan.wire.exact).toBe(true);
  expect(plan.wire.bytes).toBeLessThan(20_000);
  expect(await cycle(region)).toMatchObject({ outcome: 'applied', wire: plan.wire.bytes });
  expect(line.passed('/objects/').every(({ status }) => status === 200)).toBe(true);
  expect(await differences(source, region.tree('tools'))).toBe('');
});

it('goes another way where a link of the chain is damaged', async () => {
  const { region, source, line, go } = await startLined();
  await go([2, 3, 4], 5_000);
  const seen = new Set<string>();
  line.meddle(async function* (body, { path }) {
    const isFirst = path.includes('/objects/') && seen.size === 0;
    if (path.includes('/objects/')) seen.add(path);
    for await (const chunk of body) yield isFirst ? Buffer.alloc(chunk.length, 7) : chunk;
  });
  expect(await cycle(region)).toMatchObject({ outcome: 'applied', error: null });
  expect(region.log()).toContain('asking for it in another form');
  expect(await differences(source, region.tree('tools'))).toBe('');
  expect(await readdir(join(region.data, 'staging'))).toEqual([]);
});

it('knows the most that can come from a parent of plain files, and does not ask it again and again', async () => {
  const { region, source, line, go } = await startLined();
  line.refuse((path) => /\/(offers|bundle|report|manifests\/.*)$|objects\/.*\.(zst|from)/.test(path));
  await go([2]);
  expect((await planOf(region)).wire).toEqual({ bytes: size, exact: false });
  expect((await region.cli('plan')).stdout).toContain('at most 977 KiB on the line');
  expect(await cycle(region)).toMatchObject({ outcome: 'applied', wire: size });
  expect(line.passed('/offers')).toHaveLength(1);
  expect(await differences(source, region.tree('tools'))).toBe('');
});

it('still knows after a restart, with what had come before a cut, how much is to come', async () => {
  const { origin, region, source, line, go } = await startLined();
  await go([2]);
  const { wire } = await planOf(region);
  await region.configure({ network: { otherwise: 'closed' } });
  await region.cli('reload');
  const left = async (): Promise<number | null | undefined> =>
    (await control(region).forecast(null)).own.find(({ repository }) => repository === 'tools')?.bytesLeft;
  expect((await cycle(region)).error?.code).toBe('window-closed');
  expect(await left()).toBe(wire.bytes);
  await region.stop();
  await region.start();
  expect(await left()).toBe(wire.bytes);
  await cycle(region);
  const [below] = (await origin.json<ForecastResult>('forecast')).below;
  expect(below).toMatchObject({ depot: 'region', bytesLeft: wire.bytes });

  await region.configure({ network: undefined });
  line.meddle(async function* (body, { path }) {
    let room = path.includes('/objects/') ? 10_000 : Infinity;
    for await (const chunk of body) {
      yield chunk.subarray(0, room);
      room -= chunk.length;
      if (room <= 0) throw new Error('cut');
    }
  });
  await region.stop();
  await region.start();
  const cut = await cycle(region);
  expect(cut.error?.code).toBe('transfer-cut');
  expect(cut.wire).toBeGreaterThanOrEqual(10_000);
  line.meddle(undefined);
  const rest = wire.bytes - cut.wire;
  expect((await planOf(region)).wire).toEqual({ bytes: rest, exact: true });
  expect(await cycle(region)).toMatchObject({ outcome: 'applied', wire: rest });
  expect(await differences(source, region.tree('tools'))).toBe('');
  expect((await statusOf(region)).repositories[0]?.forecast).toBeNull();
});

it('passes on what came, so that the depots below know the bytes too', async () => {
  const { origin, region, branch, source } = await startChain({ disk: bytes(first), text: 'one' });
  await pollAll(region);
  await pollAll(branch);
  await writeFile(join(source, 'disk'), inGeneration(2));
  await publish(origin);
  const above = await planOf(region);
  await pollAll(region);
  const plan = await planOf(branch);
  expect(plan.wire).toEqual(above.wire);
  expect(await cycle(branch)).toMatchObject({ outcome: 'applied', wire: plan.wire.bytes });
  // Small files come in bundles: at most their size.
  await tree(source, { text: 'another' });
  await publish(origin);
  expect((await planOf(region)).wire).toEqual({ bytes: 7, exact: false });
});

it('plans the revisions of packages by their bytes on the line, each on the one before it', async () => {
  const depots: Depot[] = [];
  const [child, parent] = [0, 1].map((at) => () => depots[at] ?? expect.fail());
  const line = await lineBetween(child ?? expect.fail, parent ?? expect.fail);
  const { cluster, region, origin } = await startPair({}, { region: { parent: line.url } });
  depots.push(region, origin);
  const work = join(cluster.folder, 'work');
  await tree(work, { 'vm/disk': bytes(inGeneration(1)) });
  await origin.configure({ repositories: { apps: { kind: 'packages', context: sites.origin, work } } });
  await origin.cli('reload');
  const desk = deskOf(origin, 'apps');
  await desk.create('vm');
  await desk.publish('vm', sites.region);
  await control(origin).trust.enroll('apps');
  await pollAll(region);
  for (const generation of [2, 3]) {
    await writeFile(join(work, 'vm/disk'), inGeneration(generation));
    await desk.publish('vm', sites.region);
  }
  // The records come first; a plan knows of units when they are here.
  await region.configure({ network: { otherwise: 'closed' } });
  await region.cli('reload');
  await cycle(region, 'apps');
  line.forget();
  const [plan] = (await region.json<{ plans: PlanSummary[] }>('plan', 'apps')).plans;
  expect(plan).toMatchObject({ fetch: { files: 2, bytes: 2 * size }, wire: { exact: true } });
  expect(plan?.wire.bytes).toBeLessThan(130_000);
  const [forecast] = (await control(region).forecast(null)).own;
  expect(forecast).toMatchObject({ repository: 'apps', bytesLeft: plan?.wire.bytes });
  expect(await bytesAfterOpening(region)).toBe(plan?.wire.bytes);
  expect(deltas(line)).toBe(2);
  // One question was enough, when the records came.
  expect(line.passed('/offers')).toEqual([]);
  expect(await differences(join(work, 'vm'), join(region.tree('apps'), 'vm/3'))).toBe('');
});

it('plans what does not shrink to the byte too, once its parent knows that', async () => {
  const { origin, region, source } = await startLined();
  await writeFile(join(source, 'image'), noise(400_000, 77, 400_000));
  await publish(origin);
  expect((await planOf(region)).wire).toEqual({ bytes: 400_000, exact: true });
  expect(await cycle(region)).toMatchObject({ outcome: 'applied', wire: 400_000 });
});

it('fetches versions that stand side by side each on the one before, also where none of them is here yet', async () => {
  const { origin, region, source } = await startPair({ 'disk-1/image': bytes(first) });
  for (const generation of [2, 3]) {
    await tree(source, { [`disk-${generation}/image`]: bytes(inGeneration(generation)) });
    await publish(origin);
  }
  // Which repositories there are is known after a poll.
  await region.configure({ network: { otherwise: 'closed' } });
  await region.cli('reload');
  await control(region).poll(null, {
    signal: new AbortController().signal,
    onEvent: async () => undefined,
    wait: true,
  });
  const plan = await planOf(region);
  expect(plan).toMatchObject({ fetch: { files: 3, bytes: 3 * size }, wire: { exact: true } });
  expect(plan.wire.bytes).toBeLessThan(size + 2 * 66_000);
  expect(await bytesAfterOpening(region)).toBe(plan.wire.bytes);
  expect(await differences(source, region.tree('tools'))).toBe('');
});
