import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { RepositoryStatus } from '../../src/model/status.js';
import type { Cluster } from '../harness/cluster.js';
import type { Depot } from '../harness/depot.js';
import { temporaryCluster } from '../harness/temporary.js';
import { readTree, tree } from '../harness/tree.js';
import { control, cycle, mirror, pollAll, publish, sites, statusOf } from './chain.js';
import { deskOf } from './package-desk.js';
import { unlike } from './unlike.js';

vi.setConfig({ testTimeout: 180_000 });

/** Where `tools` is published from, and where it will be, at depots of a company with three levels. */
interface Company {
  readonly cluster: Cluster;
  readonly source: string;
  readonly newSource: string;
  /** The master depot, with its CA. */
  readonly origin: Depot;
  /** The one to be. */
  readonly spare: Depot;
  readonly region: Depot;
  readonly branch: Depot;
}

async function startCompany(site: string = sites.origin): Promise<Company> {
  const cluster = await temporaryCluster(async (folder) => {
    const source = join(folder, 'source');
    await tree(source, { 'bin/tool': 'v1', 'lib/a': 'a', 'lib/b': 'b' });
    return {
      origin: { site: sites.origin, repositories: { tools: mirror(source) } },
      spare: { site, parent: 'origin', repositories: { tools: mirror(join(folder, 'new-source')) } },
      region: { site: sites.region, parent: 'origin' },
      branch: { site: sites.branch, parent: 'region' },
    };
  }, onTestFinished);
  const depots = ['origin', 'spare', 'region', 'branch'].map((name) => cluster.depot(name));
  const [origin, spare, region, branch] = depots as [Depot, Depot, Depot, Depot];
  const [source, newSource] = ['source', 'new-source'].map((name) => join(cluster.folder, name)) as [string, string];
  await publish(origin);
  for (const depot of [spare, region, branch]) await pollAll(depot);
  return { cluster, source, newSource, origin, spare, region, branch };
}

async function succeeds(depot: Depot, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await depot.cli(...args);
  expect(exitCode, `${args.join(' ')}\n${stdout}${stderr}\n${depot.log()}`).toBe(0);
  return stdout.replace(/\s+/g, ' ');
}

async function fails(depot: Depot, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await depot.cli(...args);
  expect(exitCode, stdout).not.toBe(0);
  return stderr.replace(/\s+/g, ' ');
}

async function roleOf(depot: Depot, repository = 'tools'): Promise<RepositoryStatus | undefined> {
  return (await statusOf(depot)).repositories.find(({ name }) => name === repository);
}

const becomes = (depot: Depot, what: object, repository = 'tools') =>
  expect.poll(() => roleOf(depot, repository), { timeout: 30_000 }).toMatchObject(what);

/** Has `depot` ask `parent` for these repositories, before all others. */
async function asks(depot: Depot, parent: Depot, ...repositories: string[]): Promise<void> {
  await depot.configure({ parent: [{ url: parent.url, repositories }] });
  await succeeds(depot, 'reload');
}

it.each([
  ['beside', sites.origin],
  ['below', sites.region],
])('moves a repository to a depot %s its master depot, and all others follow by themselves', async (_, site) => {
  const { origin, spare, region, branch, source, newSource } = await startCompany(site);
  expect(await roleOf(spare)).toMatchObject({ role: 'child', master: 'origin', move: { state: 'elsewhere' } });
  expect(await succeeds(spare, 'repository', 'take-over', 'tools')).toContain('--to spare');
  expect(await succeeds(origin, 'status')).toContain('spare asks to become the master depot of tools');
  expect(await fails(origin, 'repository', 'move', 'tools', '--to', 'spare')).toContain(
    'this depot has no parent for it',
  );
  expect(await roleOf(origin)).toMatchObject({ role: 'master', move: { state: 'asked-for', depot: 'spare' } });
  await asks(origin, spare, 'tools');
  expect(await succeeds(origin, 'repository', 'move', 'tools', '--to', 'spare')).toContain('the directory names spare');
  expect(await roleOf(origin)).toMatchObject({
    role: 'child',
    master: 'spare',
    moved: { from: 'origin', generation: 1 },
  });
  expect(await fails(origin, 'publish', 'tools')).toContain('no repository tools is published here');

  await pollAll(spare);
  await becomes(spare, { role: 'master', generation: 2 });
  await expect.poll(() => unlike(source, newSource), { timeout: 30_000 }).toEqual([]);
  for (const depot of [origin, region, branch]) {
    expect(await cycle(depot)).toMatchObject({
      outcome: 'applied',
      toGeneration: 2,
      fetched: { files: 0 },
      error: null,
    });
  }
  await tree(newSource, { 'bin/tool': 'v2' });
  expect(await publish(spare)).toBe(3);
  for (const depot of [origin, region, branch]) {
    expect(await cycle(depot)).toMatchObject({ outcome: 'applied', toGeneration: 3, error: null });
    expect(await unlike(newSource, depot.tree('tools'))).toEqual([]);
  }
  expect(await readFile(join(source, 'bin/tool'), 'utf8')).toBe('v1');
  expect(await succeeds(branch, 'status')).toContain('master of tools is now spare');
  expect(await succeeds(origin, 'status')).toContain('tools is published at spare, and this depot is a child for it');
  for (const depot of [origin, spare, region]) expect((await depot.cli('status', '--check')).exitCode).toBe(0);
});

it('moves a repository up from a depot below, and back: an old source is not taken for what is published', async () => {
  const cluster = await temporaryCluster(async (folder) => {
    const source = join(folder, 'source');
    await tree(source, { 'bin/tool': 'v1' });
    return {
      origin: { site: sites.origin },
      region: { site: sites.region, parent: 'origin', repositories: { tools: mirror(source) } },
      branch: { site: sites.branch, parent: 'region' },
    };
  });
  const [origin, region, branch] = ['origin', 'region', 'branch'].map((name) => cluster.depot(name)) as [
    Depot,
    Depot,
    Depot,
  ];
  const [source, newSource] = ['source', 'new-source'].map((name) => join(cluster.folder, name)) as [string, string];
  await publish(region);
  await control(origin).trust.approve('tools');
  await pollAll(region);
  await pollAll(branch);
  await origin.configure({
    repositories: { tools: mirror(newSource) },
    parent: [{ url: region.url, repositories: ['tools'] }],
  });
  await succeeds(origin, 'reload');
  await pollAll(origin);
  await succeeds(origin, 'repository', 'take-over', 'tools');
  await pollAll(region);
  await succeeds(region, 'repository', 'move', 'tools', '--to', 'origin');
  await becomes(origin, { role: 'master', generation: 2 });
  for (const depot of [region, branch]) expect(await cycle(depot)).toMatchObject({ toGeneration: 2, error: null });

  await tree(newSource, { 'bin/tool': 'v2', 'bin/new': 'n' });
  const newest = await publish(origin);
  for (const depot of [region, branch]) expect(await cycle(depot)).toMatchObject({ toGeneration: newest, error: null });
  await succeeds(region, 'repository', 'take-over', 'tools');
  await succeeds(origin, 'repository', 'move', 'tools', '--to', 'region');
  await pollAll(region);
  await becomes(region, {
    role: 'master',
    generation: newest + 1,
    source: { refused: expect.stringContaining('1 missing, 1 different') },
  });
  for (const depot of [origin, branch]) {
    expect(await cycle(depot)).toMatchObject({ toGeneration: newest + 1, error: null });
    expect(await readTree(depot.tree('tools'))).toEqual({ 'bin/tool': 'v2', 'bin/new': 'n' });
  }
  expect(await readTree(source)).toEqual({ 'bin/tool': 'v1' });

  // It is emptied, and so filled with what is published.
  await rm(join(source, 'bin'), { recursive: true });
  expect(await publish(region)).toBe(newest + 1);
  expect(await unlike(newSource, source)).toEqual([]);
});

it('moves packages with all their revisions, and goes on with their numbers', async () => {
  const context = sites.origin;
  const cluster = await temporaryCluster((folder) =>
    Promise.resolve({
      origin: { site: sites.origin, repositories: { apps: { kind: 'packages', context, work: join(folder, 'work') } } },
      spare: {
        site: sites.region,
        parent: 'origin',
        repositories: { apps: { kind: 'packages', context, work: join(folder, 'new-work') } },
      },
      branch: { site: sites.branch, parent: 'origin' },
    }),
  );
  const [origin, spare, branch] = ['origin', 'spare', 'branch'].map((name) => cluster.depot(name)) as [
    Depot,
    Depot,
    Depot,
  ];
  const desk = deskOf(origin, 'apps');
  await desk.create('vlc');
  await tree(join(cluster.folder, 'work/vlc'), { 'setup.exe': 'one' });
  await desk.publish('vlc', 'enterprise/france');
  await tree(join(cluster.folder, 'work/vlc'), { 'setup.exe': 'two' });
  await desk.prepare('vlc');
  await control(origin).trust.enroll('apps');
  for (const depot of [spare, branch]) await pollAll(depot);
  await asks(origin, spare, 'apps');
  await succeeds(spare, 'repository', 'take-over', 'apps');
  await succeeds(origin, 'repository', 'move', 'apps', '--to', 'spare');
  await pollAll(spare);
  await becomes(spare, { role: 'master' }, 'apps');
  const newWork = join(cluster.folder, 'new-work/vlc');
  await expect.poll(() => readTree(newWork).catch(() => null), { timeout: 20_000 }).toEqual({ 'setup.exe': 'two' });

  const next = deskOf(spare, 'apps');
  await next.distribute('vlc', [sites.branch]);
  await next.release('vlc');
  await tree(newWork, { 'setup.exe': 'three' });
  expect((await next.prepare('vlc')).revision).toBe(3);
  for (const depot of [origin, branch, branch]) await pollAll(depot);
  for (const depot of [origin, branch]) await pollAll(depot);
  expect(await readTree(join(branch.tree('apps'), 'vlc/2'))).toEqual({ 'setup.exe': 'two' });
});

it('turns a depot down that asks, and a depot takes back what it asked', async () => {
  const { origin, spare } = await startCompany();
  expect(await fails(spare, 'repository', 'move', 'tools', '--to', 'spare')).toContain('is published here');
  expect(await fails(origin, 'repository', 'take-over', 'tools')).toContain('is the master depot of tools already');
  expect(await fails(origin, 'repository', 'move', 'tools', '--to', 'spare')).toContain('spare does not ask for tools');
  await succeeds(spare, 'repository', 'take-over', 'tools');
  expect(await succeeds(origin, 'repository', 'keep', 'tools')).toContain('tools stays here; spare does not get it');
  expect(await roleOf(origin)).toMatchObject({ role: 'master', move: null });
  await succeeds(spare, 'repository', 'take-over', 'tools');
  expect(await succeeds(spare, 'repository', 'take-over', 'tools', '--cancel')).toContain(
    'does not ask for tools any more',
  );
  expect(await fails(origin, 'repository', 'keep', 'tools')).toContain('no depot asks for tools');
});
