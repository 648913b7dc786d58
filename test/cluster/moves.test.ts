import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { Cluster } from '../harness/cluster.js';
import type { Depot } from '../harness/depot.js';
import { temporaryCluster } from '../harness/temporary.js';
import { tree } from '../harness/tree.js';
import { cycle, mirror, pollAll, publish, sites, statusOf } from './chain.js';
import { unlike } from './unlike.js';

vi.setConfig({ testTimeout: 120_000 });

/** Where `tools` is published from at the depot that takes it over. */
interface Company {
  readonly cluster: Cluster;
  readonly source: string;
  readonly newSource: string;
  readonly origin: Depot;
  readonly spare: Depot;
  readonly region: Depot;
  readonly branch: Depot;
}

/** The master depot at the top, a spare one below it at `site`, and two levels that poll the master depot. */
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
  await origin.configure({ parent: [{ url: spare.url, repositories: ['tools'] }] });
  expect((await origin.cli('reload')).exitCode).toBe(0);
  return { cluster, source, newSource, origin, spare, region, branch };
}

async function succeeds(depot: Depot, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await depot.cli(...args);
  expect(exitCode, `${args.join(' ')}\n${stdout}${stderr}\n${depot.log()}`).toBe(0);
  return stdout.replace(/\s+/g, ' ');
}

const roleOf = async (depot: Depot) => (await statusOf(depot)).repositories.find(({ name }) => name === 'tools');

it('moves a repository to a depot beside its master depot, and all others follow by themselves', async () => {
  const { origin, spare, region, branch, source, newSource } = await startCompany();
  expect(await roleOf(spare)).toMatchObject({ role: 'child', master: 'origin', move: { state: 'elsewhere' } });
  expect(await succeeds(spare, 'repository', 'take-over', 'tools')).toContain('--to spare');
  expect(await succeeds(origin, 'status')).toContain('spare asks to become the master depot of tools');
  expect(await succeeds(origin, 'repository', 'move', 'tools', '--to', 'spare')).toContain('the directory names spare');
  expect(await roleOf(origin)).toMatchObject({
    role: 'child',
    master: 'spare',
    moved: { from: 'origin', generation: 1 },
  });

  await pollAll(spare);
  await expect.poll(() => roleOf(spare), { timeout: 20_000 }).toMatchObject({ role: 'master', generation: 2 });
  expect(await unlike(source, newSource)).toEqual([]);
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
});
