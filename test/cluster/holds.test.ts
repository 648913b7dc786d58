import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { HistoryRow } from '../../src/model/cycle-status.js';
import type { HoldStatus } from '../../src/model/status.js';
import type { Depot } from '../harness/depot.js';
import { readTree, tree } from '../harness/tree.js';
import { cycle, pollAll, publish, startChain, startPair, statusOf } from './chain.js';
import { unlike } from './unlike.js';

const five = { 'old/1': '1', 'old/2': '2', 'old/3': '3', 'old/4': '4', kept: 'kept' };

it('holds deletions above the limit, applies the rest, and does them when they are approved', async () => {
  const limit = { deletions: { 'hold-above': { files: 3, percent: 'unlimited' } } };
  const { source, origin, region, branch } = await startChain(five, { region: limit, branch: limit });
  await pollAll(region);
  await pollAll(branch);
  await rm(join(source, 'old'), { recursive: true });
  await tree(source, { kept: 'kept, and changed', new: 'new' });
  await publish(origin);

  const poll = await region.cli('poll', '--wait');
  expect(poll).toMatchObject({ exitCode: 9 });
  expect(poll.stdout).toContain('depot holds');
  expect(await readTree(region.tree('tools'))).toEqual({ ...five, kept: 'kept, and changed', new: 'new' });

  for (const command of ['holds', 'approve']) expect(await region.cli(command, 'abcd')).toMatchObject({ exitCode: 6 });
  const [hold] = await holds(region);
  expect(hold).toMatchObject({ repository: 'tools', kind: 'deletions', files: 4, bytes: 4, generation: 2 });
  const id = hold?.id ?? '';
  const listed = await region.json<{ entries: { path: string }[] }>('holds', id);
  expect(listed.entries.map(({ path }) => path)).toEqual(['old/1', 'old/2', 'old/3', 'old/4']);
  expect((await statusOf(region)).repositories).toMatchObject([{ generation: 2, holds: [{ id, files: 4 }] }]);

  // Each depot decides for itself: what is held above is not held here, nor the other way round.
  expect(await cycle(branch)).toMatchObject({ outcome: 'applied', toGeneration: 2, held: 4, deleted: 0 });
  expect(await region.cli('approve', id)).toMatchObject({ exitCode: 0 });
  await expect.poll(() => unlike(source, region.tree('tools'))).toEqual([]);
  expect(await holds(region)).toEqual([]);
  expect(await cycle(branch)).toMatchObject({ outcome: 'unchanged' });
  const [below] = await holds(branch);
  expect(below).toMatchObject({ files: 4 });
  expect(await readTree(branch.tree('tools'))).toMatchObject({ 'old/1': '1' });
  expect(await branch.cli('approve', below?.id ?? '')).toMatchObject({ exitCode: 0 });
  await expect.poll(() => unlike(source, branch.tree('tools'))).toEqual([]);
});

it('lets a child delete what its parent holds on to', async () => {
  const strict = { deletions: { 'hold-above': { files: 0 } } };
  const lax = { deletions: { 'hold-above': 'none' } };
  const { source, origin, region, branch } = await startChain(five, { region: strict, branch: lax });
  await pollAll(region);
  await pollAll(branch);
  await rm(join(source, 'old'), { recursive: true });
  await publish(origin);
  expect(await cycle(region)).toMatchObject({ held: 4 });
  expect(await cycle(branch)).toMatchObject({ held: 0, deleted: 4 });
  expect(await unlike(source, branch.tree('tools'))).toEqual([]);
});

it('goes on with later generations while deletions are held, and takes up what came back', async () => {
  const { source, origin, region } = await startPair(five, { region: { deletions: { 'hold-above': { files: 3 } } } });
  await pollAll(region);
  await rm(join(source, 'old'), { recursive: true });
  await publish(origin);
  await cycle(region);
  await tree(source, { 'old/1': 'came back', later: 'later' });
  await publish(origin);
  expect(await cycle(region)).toMatchObject({ outcome: 'applied', toGeneration: 3, held: 0 });
  expect(await readTree(region.tree('tools'))).toEqual({ ...five, 'old/1': 'came back', later: 'later' });
  const [hold] = await holds(region);
  expect((await region.cli('status')).stdout).toContain('current, but for what is held');
  await region.cli('approve', hold?.id ?? '');
  await expect.poll(() => unlike(source, region.tree('tools'))).toEqual([]);
  // What was held by generation 2 went while 3 stood.
  const history = async (): Promise<HistoryRow | undefined> =>
    (await region.json<{ history: HistoryRow[] }>('history', 'tools')).history[0];
  await expect.poll(history).toMatchObject({ fromGeneration: 3, toGeneration: 3, deleted: 3 });
  expect((await region.cli('status')).stdout).not.toContain('held');
});

async function holds(depot: Depot): Promise<readonly HoldStatus[]> {
  return (await depot.json<{ holds: HoldStatus[] }>('holds')).holds;
}
