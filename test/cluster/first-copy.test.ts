import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { VerifyResult } from '../../src/model/upkeep-status.js';
import type { Depot } from '../harness/depot.js';
import { noise } from '../encoding/noise.js';
import { bytes, differences, exe, folder, link, tree, type Tree } from '../harness/tree.js';
import { pollAll, publish, startPair } from './chain.js';
import { lineBetween } from './line.js';

/** So many that the first installation copy is made while they come, and that their manifest has some pages. */
const many = Object.fromEntries(
  Array.from({ length: 3_000 }, (_, n) => [`files/${n % 50}/${n}`, `content ${n % 2_900}`]),
);
const content = { ...many, 'bin/tool': exe('content 7'), 'bin/link': link('tool'), 'empty/': folder() };

it('makes a first copy of thousands of files while they come, takes their pages together, and all of it is sound', async () => {
  const depots: Depot[] = [];
  const [child, parent] = [0, 1].map((at) => () => depots[at] ?? expect.fail());
  const line = await lineBetween(child ?? expect.fail, parent ?? expect.fail);
  const { region, origin, source } = await startPair(content, { region: { parent: line.url } });
  depots.push(region, origin);
  await pollAll(region);
  expect(await differences(source, region.tree('tools'))).toBe('');
  expect(line.passed('/pages').length).toBeGreaterThan(0);
  // The root alone.
  expect(line.passed('/pages/')).toHaveLength(1);
  const { stdout } = await region.cli('--json', 'verify');
  const found = JSON.parse(stdout) as VerifyResult;
  expect([found.damaged, found.missing, found.pages, found.trees].map(({ count }) => count)).toEqual([0, 0, 0, 0]);

  await tree(source, { 'files/1/1': 'changed', 'files/new': 'new' });
  expect(await publish(origin)).toBe(2);
  await pollAll(region);
  expect(await differences(source, region.tree('tools'))).toBe('');
});

it('drops what it had prepared of a first copy when the repository is not followed any more, and makes it anew when it is', async () => {
  const depots: Depot[] = [];
  const [child, parent] = [0, 1].map((at) => () => depots[at] ?? expect.fail());
  const line = await lineBetween(child ?? expect.fail, parent ?? expect.fail);
  const large = Buffer.from(noise(8_800_000, 5, 8_800_000));
  const parts: Tree = Object.fromEntries(
    Array.from({ length: 2_200 }, (_, n) => [`files/${n}`, bytes(large.subarray(n * 4_000, (n + 1) * 4_000))] as const),
  );
  const { region, origin, source } = await startPair(parts, { region: { parent: line.url } });
  depots.push(region, origin);
  let bundles = 0;
  line.meddle(async function* (body, { path }) {
    if (path.endsWith('/bundle') && (bundles += 1) > 2) throw new Error('cut');
    yield* body;
  });
  await expect(pollAll(region)).rejects.toThrow('other side closed');
  const staged = (): string[] => readdirSync(join(region.data, 'trees', '.staging'));
  expect(staged()).toEqual(['tools']);

  await region.configure({ follow: [] });
  await region.json('reload');
  await expect.poll(staged, { timeout: 20_000 }).toEqual([]);
  await region.configure({ follow: 'all' });
  await region.json('reload');
  line.meddle(undefined);
  await pollAll(region);
  expect(await differences(source, region.tree('tools'))).toBe('');
  const found = await region.json<VerifyResult>('verify');
  expect([found.damaged, found.missing, found.pages, found.trees].map(({ count }) => count)).toEqual([0, 0, 0, 0]);

  await region.configure({ follow: [] });
  await region.json('reload');
  await region.stop();
  await region.start();
  expect(await differences(source, region.tree('tools'))).toBe('');
});
