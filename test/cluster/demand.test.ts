import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { RepositoryStatus } from '../../src/model/status.js';
import type { Depot } from '../harness/depot.js';
import { temporaryCluster } from '../harness/temporary.js';
import { readTree, tree } from '../harness/tree.js';
import { control, cycle, mirror, pollAll, publish, sites, startChain, startPair, statusOf } from './chain.js';
import { unlike } from './unlike.js';

const content = {
  'mac/app': 'an application',
  'mac/notes.bak': 'an old one',
  'win/app.exe': 'another application',
  'win/tools/a': 'a tool',
  'READ ME': 'read me',
};
const macOnly = [{ repository: 'tools', include: ['mac/**'] }];

it('brings a branch all that it wants through a region that follows less', async () => {
  const { source, origin, region, branch } = await startChain(content, { region: { follow: macOnly } });
  expect(await pollAll(region)).toMatchObject([{ outcome: 'applied', fetched: { files: 2 } }]);
  expect(await readTree(region.tree('tools'))).toEqual({ 'mac/app': 'an application', 'mac/notes.bak': 'an old one' });

  // The first poll tells the region what is wanted here, which has not all of it yet: one poll of each later it has come.
  expect(await pollAll(branch)).toMatchObject([{ outcome: 'waiting' }]);
  expect((await repository(branch)).waitingFor).toBe('region');
  expect(await cycle(region)).toMatchObject({ outcome: 'applied', fetched: { files: 3 }, added: 0 });
  expect(await cycle(branch)).toMatchObject({ outcome: 'applied', fetched: { files: 5 }, added: 5 });
  expect(await unlike(source, branch.tree('tools'))).toEqual([]);
  expect((await repository(branch)).waitingFor).toBeNull();

  // From then on it comes without a poll more.
  await tree(source, { 'win/app.exe': 'a newer application' });
  const generation = await publish(origin);
  expect(await cycle(region)).toMatchObject({ outcome: 'applied', toGeneration: generation, replaced: 0 });
  expect(await cycle(branch)).toMatchObject({ outcome: 'applied', toGeneration: generation, replaced: 1 });
  expect(await unlike(source, branch.tree('tools'))).toEqual([]);
  expect(Object.keys(await readTree(region.tree('tools')))).toEqual(['mac/app', 'mac/notes.bak']);
});

it('relays a repository of which it follows nothing', async () => {
  const { source, region, branch } = await startChain(content, { region: { follow: [] } });
  expect(await pollAll(region)).toEqual([]);
  expect(await pollAll(branch)).toMatchObject([{ outcome: 'waiting' }]);
  expect(await pollAll(region)).toMatchObject([{ repository: 'tools', outcome: 'applied', added: 0 }]);
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

it('follows what is included without what is excluded', async () => {
  const follow = [{ repository: 'tools', include: ['mac/**', 'win/**'], exclude: ['**/*.bak', 'win/tools/**'] }];
  const { region } = await startPair(content, { region: { follow } });
  expect(await pollAll(region)).toMatchObject([{ fetched: { files: 2 } }]);
  expect(Object.keys(await readTree(region.tree('tools')))).toEqual(['mac/app', 'win/app.exe']);
});

it('narrows the installation copy when less is followed, without asking for approval', async () => {
  const { region } = await startPair(content, { region: { deletions: { 'hold-above': { files: 0, percent: 0 } } } });
  await pollAll(region);
  await region.configure({ follow: macOnly });
  expect(await region.json('reload')).toEqual({ changed: ['follow'], needsRestart: [], certificate: null });
  expect(await cycle(region)).toMatchObject({ outcome: 'applied', deleted: 3, held: 0, fetched: { files: 0 } });
  expect(Object.keys(await readTree(region.tree('tools')))).toEqual(['mac/app', 'mac/notes.bak']);

  await region.configure({ follow: 'all' });
  await region.json('reload');
  expect(await cycle(region)).toMatchObject({ outcome: 'applied', added: 3, fetched: { files: 0 } });
});

it('keeps a repository within its context', async () => {
  const cluster = await temporaryCluster(async (folder) => {
    const [all, local] = [join(folder, 'all'), join(folder, 'local')];
    await tree(all, { 'for-all': 'all' });
    await tree(local, { 'for-munich': 'munich' });
    const asking = { site: 'enterprise/germany/stuttgart', follow: [{ repository: 'all' }, { repository: 'local' }] };
    return {
      origin: { site: sites.origin, repositories: { all: mirror(all) } },
      master: { site: sites.branch, parent: 'origin', repositories: { local: mirror(local, sites.branch) } },
      munich: { site: sites.branch, parent: 'master' },
      stuttgart: { ...asking, parent: 'origin' },
    };
  });
  const stuttgart = cluster.depot('stuttgart');
  await publish(cluster.depot('origin'), 'all');
  await pollAll(cluster.depot('master'));
  await publish(cluster.depot('master'), 'local');
  // The directory comes back down to it, and it lets its children know.
  await pollAll(cluster.depot('master'));
  expect((await pollAll(cluster.depot('munich'))).map((each) => each.repository).sort()).toEqual(['all', 'local']);

  const { exitCode, stdout } = await stuttgart.cli('poll', '--wait');
  expect(exitCode).toBe(6);
  expect(stdout).toContain('all: generation 1');
  expect(stdout).toContain('no repository local for a depot at enterprise/germany/stuttgart');
  expect(await readTree(stuttgart.tree('all'))).toEqual({ 'for-all': 'all' });
  await expect(readTree(stuttgart.tree('local'))).rejects.toThrow('ENOENT');
  expect((await control(stuttgart).trust.repositories()).enrolled?.map(({ name }) => name)).toEqual(['all']);
});

async function repository(depot: Depot): Promise<RepositoryStatus> {
  const [first] = (await statusOf(depot)).repositories;
  if (first === undefined) throw new Error(`${depot.name} knows no repository`);
  return first;
}
