import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RepositoryStatus } from '../../src/model/status.js';
import type { Depot } from '../harness/depot.js';
import { temporaryCluster } from '../harness/temporary.js';
import { readTree, tree } from '../harness/tree.js';
import { control, cycle, mirror, publish, sites, startChain } from './chain.js';
import { unlike } from './unlike.js';

const content = {
  'mac/app': 'an application',
  'mac/notes.bak': 'an old one',
  'win/app.exe': 'another application',
  'win/tools/a': 'a tool',
  'READ ME': 'read me',
};
const macOnly = [{ repository: 'tools', include: ['mac/**'] }];

describe('a branch below a region that follows less', () => {
  it('gets all that it wants, one poll of each later, and the region shows only its own', async () => {
    const { source, region, branch } = await startChain(content, { region: { follow: macOnly } });
    expect(await cycle(region)).toMatchObject({ outcome: 'applied', fetched: { files: 2 } });
    expect(await readTree(region.tree('tools'))).toEqual({
      'mac/app': 'an application',
      'mac/notes.bak': 'an old one',
    });

    // The first poll tells the region what is wanted here, which has not all of it yet.
    expect(await branch.poll()).toMatchObject({ cycles: [{ outcome: 'waiting' }] });
    expect((await repository(branch)).waitingFor).toBe('region');
    expect(await cycle(region)).toMatchObject({ outcome: 'applied', fetched: { files: 3 }, added: 0 });
    expect(await cycle(branch)).toMatchObject({ outcome: 'applied', fetched: { files: 5 }, added: 5 });
    expect(await unlike(source, branch.tree('tools'))).toEqual([]);
    expect((await repository(branch)).waitingFor).toBeNull();
    expect(Object.keys(await readTree(region.tree('tools')))).toEqual(['mac/app', 'mac/notes.bak']);
  });

  it('gets later changes too, without a poll more', async () => {
    const { source, origin, region, branch } = await startChain(content, { region: { follow: macOnly } });
    await cycle(region);
    await branch.poll();
    await cycle(region);
    await cycle(branch);
    await tree(source, { 'win/app.exe': 'a newer application' });
    const generation = await publish(origin);
    expect(await cycle(region)).toMatchObject({ outcome: 'applied', toGeneration: generation, replaced: 0 });
    expect(await cycle(branch)).toMatchObject({ outcome: 'applied', toGeneration: generation, replaced: 1 });
    expect(await unlike(source, branch.tree('tools'))).toEqual([]);
  });
});

it('follows what is included without what is excluded', async () => {
  const follow = [{ repository: 'tools', include: ['mac/**', 'win/**'], exclude: ['**/*.bak', 'win/tools/**'] }];
  const { region } = await startChain(content, { region: { follow } });
  expect(await cycle(region)).toMatchObject({ fetched: { files: 2 } });
  expect(Object.keys(await readTree(region.tree('tools')))).toEqual(['mac/app', 'win/app.exe']);
});

it('relays a repository of which it follows nothing', async () => {
  const { source, region, branch } = await startChain(content, { region: { follow: [] } });
  expect(await region.poll()).toEqual({ repositories: [], cycles: [] });
  expect(await branch.poll()).toMatchObject({ cycles: [{ outcome: 'waiting' }] });
  expect(await region.poll()).toMatchObject({ cycles: [{ repository: 'tools', outcome: 'applied', added: 0 }] });
  expect(await cycle(branch)).toMatchObject({ outcome: 'applied', added: 5 });
  expect(await unlike(source, branch.tree('tools'))).toEqual([]);
  expect(await repository(region)).toMatchObject({
    generation: 1,
    selection: null,
    tree: null,
    lag: { generations: 0 },
  });
  await expect(readTree(region.tree('tools'))).rejects.toThrow('ENOENT');
});

it('keeps a repository within its context', async () => {
  const cluster = await temporaryCluster(async (folder) => {
    const [all, munich] = [join(folder, 'all'), join(folder, 'munich')];
    await tree(all, { 'for-all': 'all' });
    await tree(munich, { 'for-munich': 'munich' });
    return {
      origin: {
        site: sites.branch,
        repositories: { all: mirror(all, 'enterprise'), local: mirror(munich, sites.branch) },
      },
      munich: { site: sites.branch, parent: 'origin' },
      stuttgart: { site: 'enterprise/germany/stuttgart', parent: 'origin' },
      asking: {
        site: 'enterprise/germany/stuttgart',
        parent: 'origin',
        follow: [{ repository: 'all' }, { repository: 'local' }],
      },
    };
  });
  const [origin, munich, stuttgart, asking] = ['origin', 'munich', 'stuttgart', 'asking'].map(cluster.depot);
  if (!origin || !munich || !stuttgart || !asking) throw new Error('not started');
  await publish(origin, 'all');
  await publish(origin, 'local');
  expect((await munich.poll()).cycles?.map((each) => each.repository).sort()).toEqual(['all', 'local']);
  expect((await stuttgart.poll()).cycles?.map((each) => each.repository)).toEqual(['all']);

  const { exitCode, stdout } = await asking.cli('poll', '--wait');
  expect(exitCode).toBe(6);
  expect(stdout).toContain('all: generation 1');
  expect(stdout).toContain('no repository local for a depot at enterprise/germany/stuttgart');
  expect(await readTree(asking.tree('all'))).toEqual({ 'for-all': 'all' });
  await expect(readTree(asking.tree('local'))).rejects.toThrow('ENOENT');
});

it('narrows the installation copy when less is followed, without asking for approval', async () => {
  const { region } = await startChain(content, { region: { deletions: { 'hold-above': { files: 0, percent: 0 } } } });
  await region.poll();
  await region.configure({ follow: macOnly });
  expect(await region.json('reload')).toEqual({ changed: ['follow'], needsRestart: [] });
  expect(await cycle(region)).toMatchObject({ outcome: 'applied', deleted: 3, held: 0, fetched: { files: 0 } });
  expect(Object.keys(await readTree(region.tree('tools')))).toEqual(['mac/app', 'mac/notes.bak']);

  await region.configure({ follow: 'all' });
  await region.json('reload');
  expect(await cycle(region)).toMatchObject({ outcome: 'applied', added: 3, fetched: { files: 0 } });
});

async function repository(depot: Depot): Promise<RepositoryStatus> {
  const { repositories } = await control(depot).status({ tree: false });
  const [first] = repositories;
  if (first === undefined) throw new Error(`${depot.name} knows no repository`);
  return first;
}
