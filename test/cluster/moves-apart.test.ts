import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { RepositoryStatus } from '../../src/model/status.js';
import type { Cluster } from '../harness/cluster.js';
import type { Depot } from '../harness/depot.js';
import { temporaryCluster } from '../harness/temporary.js';
import { readTree, tree } from '../harness/tree.js';
import { control, cycle, mirror, pollAll, publish, sites, statusOf } from './chain.js';
import { unlike } from './unlike.js';

/*
 * Moves where somebody cannot be reached, is lost, or comes back as it was. The directory is at the origin, the repository
 * is published in the region, and goes to another depot there; the branch gets it from the region.
 */

vi.setConfig({ testTimeout: 180_000 });

const words = 'correct horse battery';

interface Company {
  readonly cluster: Cluster;
  readonly source: string;
  readonly newSource: string;
  readonly origin: Depot;
  readonly region: Depot;
  readonly spare: Depot;
  readonly branch: Depot;
}

async function startCompany(): Promise<Company> {
  const cluster = await temporaryCluster(async (folder) => {
    const source = join(folder, 'source');
    await tree(source, { 'bin/tool': 'v1' });
    const tools = mirror(source, sites.region);
    return {
      origin: { site: sites.origin },
      region: { site: sites.region, parent: 'origin', repositories: { tools } },
      spare: {
        site: sites.region,
        parent: ['origin', { url: 'region', repositories: ['tools'] }],
        repositories: { tools: mirror(join(folder, 'new-source'), sites.region) },
      },
      branch: { site: sites.branch, parent: ['region', 'spare'] },
    };
  }, onTestFinished);
  const depots = ['origin', 'region', 'spare', 'branch'].map((name) => cluster.depot(name));
  const [origin, region, spare, branch] = depots as [Depot, Depot, Depot, Depot];
  const [source, newSource] = ['source', 'new-source'].map((name) => join(cluster.folder, name)) as [string, string];
  await publish(region);
  await region.configure({ parent: [origin.url, { url: spare.url, repositories: ['tools'] }] });
  expect((await region.cli('reload')).exitCode).toBe(0);
  for (const depot of [spare, spare, region, branch]) await pollAll(depot);
  return { cluster, source, newSource, origin, region, spare, branch };
}

async function says(depot: Depot, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await depot.cli(...args);
  return (stdout + stderr).replace(/\s+/g, ' ');
}

/** News of the directory reaches a depot that polls for no repository by its search for them. */
async function hears(depot: Depot): Promise<void> {
  await depot.cli('poll', '--wait');
}

async function tools(depot: Depot): Promise<RepositoryStatus | undefined> {
  return (await statusOf(depot)).repositories.find(({ name }) => name === 'tools');
}

const becomes = (depot: Depot, what: object) =>
  expect.poll(() => tools(depot), { timeout: 30_000 }).toMatchObject(what);

it('waits with a signed move while the directory cannot be reached, when nobody publishes, and goes on by itself', async () => {
  const { origin, region, spare, branch, source, newSource } = await startCompany();
  expect(await says(spare, 'repository', 'take-over', 'tools')).toContain('asked for tools');
  await hears(region);
  await origin.kill();
  expect(await says(region, 'repository', 'move', 'tools', '--to', 'spare')).toContain('could not be reached');
  await becomes(region, { role: 'child', master: 'region', move: { state: 'signed', depot: 'spare' } });
  expect(await says(region, 'status')).toContain('tools was given to spare, and the directory does not say so yet');
  expect((await region.cli('status', '--check')).exitCode).not.toBe(0);
  await tree(source, { 'bin/tool': 'too late' });
  expect(await says(region, 'publish', 'tools')).toContain('no repository tools is published here');
  await region.kill();
  await region.start();
  await becomes(region, { role: 'child', move: { state: 'signed' } });
  await cycle(branch);
  expect(await tools(branch)).toMatchObject({ generation: 1, newest: 1 });

  await origin.start();
  await region.stop();
  await region.start();
  await expect
    .poll(async () => (await control(origin).trust.repositories()).enrolled, { timeout: 30_000 })
    .toMatchObject([{ name: 'tools', master: 'spare' }]);
  await hears(spare);
  await becomes(spare, { role: 'master', generation: 2 });
  await hears(region);
  for (const depot of [region, branch]) expect(await cycle(depot)).toMatchObject({ toGeneration: 2, error: null });
  expect(await readTree(newSource)).toEqual({ 'bin/tool': 'v1' });
  expect(await readTree(source)).toEqual({ 'bin/tool': 'too late' });
});

it('takes a signed move back as long as the directory does not say so, and publishes on', async () => {
  const { origin, region, spare, branch, source } = await startCompany();
  await says(spare, 'repository', 'take-over', 'tools');
  await hears(region);
  await origin.stop();
  await says(region, 'repository', 'move', 'tools', '--to', 'spare');
  await becomes(region, { move: { state: 'signed' } });
  expect((await region.cli('repository', 'keep', 'tools')).exitCode).toBe(10);
  // The one that asked does not any more, so what was signed has no effect.
  await region.stop();
  await origin.start();
  await says(spare, 'repository', 'take-over', 'tools', '--cancel');
  await region.start();
  await expect.poll(async () => (await tools(region))?.error?.message, { timeout: 30_000 }).toContain('does not ask');
  expect(await says(region, 'repository', 'keep', 'tools')).toContain('tools stays here');
  await becomes(region, { role: 'master', master: 'region' });
  await tree(source, { 'bin/tool': 'v2' });
  expect(await publish(region)).toBe(2);
  expect(await cycle(branch)).toMatchObject({ toGeneration: 2, error: null });
});

it('takes a repository over with its exported root key where the master depot is lost, which finds out when it is back', async () => {
  const { cluster, origin, region, spare, branch, source, newSource } = await startCompany();
  const [passphrases, key] = ['words', 'root.key'].map((name) => join(cluster.folder, name)) as [string, string];
  await writeFile(passphrases, `${words}\n`);
  await says(region, 'keys', 'protect', 'tools', '--passphrase-file', passphrases, '--export', key);
  // One generation that the new master never hears of, and the branch does.
  await tree(source, { 'bin/tool': 'v2' });
  await publish(region);
  await cycle(branch);
  await region.kill();

  const without = await spare.cli(
    'repository',
    'take-over',
    'tools',
    '--root-key',
    passphrases,
    '--passphrase-file',
    passphrases,
  );
  expect(without.exitCode).not.toBe(0);
  const brought = ['--root-key', key, '--passphrase-file', passphrases];
  expect(await says(spare, 'repository', 'take-over', 'tools', ...brought)).toContain('taken over from region');
  await hears(spare);
  await becomes(spare, { role: 'master', generation: 2000 });
  expect(await cycle(branch)).toMatchObject({ outcome: 'applied', toGeneration: 2000, error: null });
  expect(await unlike(newSource, branch.tree('tools'))).toEqual([]);
  expect(await readTree(newSource)).toEqual({ 'bin/tool': 'v1' });

  await region.start();
  await hears(region);
  await becomes(region, { role: 'child', master: 'spare' });
  expect(await cycle(region)).toMatchObject({ toGeneration: 2000, error: null });
  expect(await readTree(source)).toEqual({ 'bin/tool': 'v2' });
  expect([origin, region, spare].map((depot) => depot.log()).join('')).not.toContain(words);
});

it('refuses what an old master depot publishes on that was restored from a backup, by name', async () => {
  const { cluster, region, spare, branch, origin, source } = await startCompany();
  const backup = join(cluster.folder, 'backup');
  await region.stop();
  await cp(region.data, backup, { recursive: true, preserveTimestamps: true });
  await region.start();
  await says(spare, 'repository', 'take-over', 'tools');
  await hears(region);
  await says(region, 'repository', 'move', 'tools', '--to', 'spare');
  // The branch hears of the move, and has nothing of the new master yet.
  await hears(region);
  await cycle(branch);
  expect(await tools(branch)).toMatchObject({ master: 'spare', newest: 1 });

  await region.stop();
  await rm(region.data, { recursive: true });
  await cp(backup, region.data, { recursive: true, preserveTimestamps: true });
  await origin.stop();
  await spare.stop();
  await region.start();
  await tree(source, { 'bin/tool': 'published on' });
  await control(region).publish('tools', {
    ...{ wait: true, dryRun: false, acceptSource: true, signal: new AbortController().signal },
    onEvent: async () => undefined,
  });
  const refused = await says(branch, 'poll', '--wait');
  expect(refused).toContain('signed by the keys of region: it went to spare with generation 1, so this is refused');
  expect(await readTree(branch.tree('tools'))).toEqual({ 'bin/tool': 'v1' });

  // It hears of the move when it can, and what it published since is nobody's.
  await origin.start();
  await spare.start();
  await hears(spare);
  await becomes(spare, { role: 'master' });
  await expect.poll(async () => (await tools(spare))?.generation, { timeout: 30_000 }).toBeGreaterThan(1);
  const generation = (await tools(spare))?.generation;
  await hears(region);
  await becomes(region, { role: 'child', master: 'spare' });
  for (const depot of [region, branch])
    expect(await cycle(depot)).toMatchObject({ toGeneration: generation, error: null });
  expect(await readTree(branch.tree('tools'))).toEqual({ 'bin/tool': 'v1' });
});
