import { join } from 'node:path';
import { expect, it } from 'vitest';
import { noise } from '../encoding/noise.js';
import type { Depot } from '../harness/depot.js';
import { differences, tree } from '../harness/tree.js';
import { control, mirror, pollAll, publish, startPair, sites } from './chain.js';
import { lineBetween, type Line } from './line.js';
import { deskOf } from './package-desk.js';

/** Text that shrinks to a fifth; each is large enough to travel by itself. */
const text = (seed: number): string =>
  Buffer.from(noise(120_000, seed, 120_000))
    .toString('hex')
    .repeat(5);
const rules = { raw: ['**/*.msi'], 'raw-or-delta': ['images/**'], 'delta-generations': 1 };

/** In which forms objects went over the line, each form once. */
function forms(line: Line): string[] {
  const objects = line.passed('/objects/').filter(({ status }) => status === 200);
  const names = objects.map(({ path }) => path.slice(path.lastIndexOf('/') + 1));
  return names.map((name) => (name.endsWith('.zst') ? 'zstd' : name.includes('.from.') ? 'delta' : 'raw')).sort();
}

it('lets files travel as they are, or as deltas at most, as the settings of their repository say', async () => {
  const depots: Depot[] = [];
  const [child, parent] = [0, 1].map((at) => () => depots[at] ?? expect.fail());
  const line = await lineBetween(child ?? expect.fail, parent ?? expect.fail);
  const content = { 'a/setup.msi': text(1), 'images/disk': text(5), 'plain.txt': text(3) };
  const small = { 'a/small.msi': 'small, and not in a bundle', 'images/small': 'neither', one: '1', two: '2' };
  const { region, origin, source } = await startPair({ ...content, ...small }, { region: { parent: line.url } });
  depots.push(region, origin);
  await origin.configure({ repositories: { tools: { ...mirror(source, sites.origin), ...rules } } });
  await origin.cli('reload');
  expect(await publish(origin)).toBe(2);

  await pollAll(region);
  expect(forms(line)).toEqual(['raw', 'raw', 'raw', 'raw', 'zstd']);
  expect(line.passed('/bundle')).toHaveLength(1);
  expect(await differences(source, region.tree('tools'))).toBe('');

  line.forget();
  await tree(source, Object.fromEntries(Object.entries(content).map(([path, before]) => [path, `new ${before}`])));
  expect(await publish(origin)).toBe(3);
  await pollAll(region);
  expect(forms(line)).toEqual(['delta', 'delta', 'raw']);
  expect(await differences(source, region.tree('tools'))).toBe('');
});

it('lets a file that was sent as a delta before travel as it is once its settings say so, whatever is ready', async () => {
  const depots: Depot[] = [];
  const [child, parent] = [0, 1].map((at) => () => depots[at] ?? expect.fail());
  const line = await lineBetween(child ?? expect.fail, parent ?? expect.fail);
  const { region, origin, source } = await startPair({ 'a/setup.msi': text(1) }, { region: { parent: line.url } });
  depots.push(region, origin);
  const configure = async (raw: readonly string[]): Promise<void> => {
    const tools = { ...mirror(source, sites.origin), 'delta-generations': 1, raw };
    await origin.configure({ repositories: { tools } });
    await origin.cli('reload');
  };
  await configure([]);
  await pollAll(region);
  line.forget();
  await tree(source, { 'a/setup.msi': `new ${text(1)}` });
  await publish(origin);
  await pollAll(region);
  expect(forms(line)).toEqual(['delta']);

  // The delta is made before the rule is: the parent has it ready, and offers it.
  await tree(source, { 'a/setup.msi': `newer ${text(1)}` });
  await publish(origin);
  await configure(['**/*.msi']);
  await publish(origin);
  line.forget();
  await pollAll(region);
  expect(forms(line)).toEqual(['raw']);
  expect(await differences(source, region.tree('tools'))).toBe('');
});

it('lets large files of a type of packages travel as they are, and as deltas where that is set apart', async () => {
  const depots: Depot[] = [];
  const [child, parent] = [0, 1].map((at) => () => depots[at] ?? expect.fail());
  const line = await lineBetween(child ?? expect.fail, parent ?? expect.fail);
  const { cluster, region, origin } = await startPair({}, { region: { parent: line.url } });
  depots.push(region, origin);
  const work = join(cluster.folder, 'work');
  await tree(work, { 'vm/disk': text(1), 'setup/one.msi': text(3) });
  await origin.configure({
    repositories: { apps: { kind: 'packages', context: sites.origin, work } },
    packages: { types: { vm: { compress: false, delta: true } } },
  });
  await origin.cli('reload');
  const desk = deskOf(origin, 'apps');
  await desk.create('vm', 'vm');
  await desk.create('setup', 'msi');
  for (const name of ['vm', 'setup']) await desk.publish(name, sites.region);
  await control(origin).trust.enroll('apps');
  await pollAll(region);
  expect(forms(line)).toEqual(['raw', 'raw']);

  line.forget();
  await tree(work, { 'vm/disk': `new ${text(1)}`, 'setup/one.msi': `new ${text(3)}` });
  for (const name of ['vm', 'setup']) await desk.publish(name, sites.region);
  await pollAll(region);
  expect(forms(line)).toEqual(['delta', 'raw']);
  expect(await differences(join(work, 'vm'), join(region.tree('apps'), 'vm/2'))).toBe('');
});
