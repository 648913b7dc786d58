import { expect, it } from 'vitest';
import type { VerifyResult } from '../../src/model/upkeep-status.js';
import type { Depot } from '../harness/depot.js';
import { differences, exe, folder, link, tree } from '../harness/tree.js';
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
