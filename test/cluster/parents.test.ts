import { cp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { HoldStatus } from '../../src/model/status.js';
import type { Cluster } from '../harness/cluster.js';
import type { Depot } from '../harness/depot.js';
import { afterTheLast, temporaryCluster } from '../harness/temporary.js';
import { readTree, tree } from '../harness/tree.js';
import { control, cycle, mirror, pollAll, publish, sites, startChain, startPair, statusOf } from './chain.js';
import { lineBetween, type Line } from './line.js';
import { unlike } from './unlike.js';

describe('a branch with two parents', () => {
  let cluster: Cluster;
  let lines: Readonly<Record<'first' | 'second', Line>>;

  /** Two regions side by side, and a branch that asks both, each over a line. */
  const whenDone = afterTheLast();
  beforeAll(async () => {
    const branch = (): Depot => cluster.depot('branch');
    lines = {
      first: await lineBetween(branch, () => cluster.depot('first'), whenDone),
      second: await lineBetween(branch, () => cluster.depot('second'), whenDone),
    };
    cluster = await temporaryCluster(async (folder) => {
      const [tools, fonts] = [join(folder, 'tools'), join(folder, 'fonts')];
      await tree(tools, { tool: 'a tool' });
      await tree(fonts, { font: 'a font' });
      return {
        origin: { site: sites.origin, repositories: { tools: mirror(tools), fonts: mirror(fonts) } },
        first: { site: sites.region, parent: 'origin' },
        second: { site: sites.region, parent: 'origin' },
        branch: { site: sites.branch, parent: [lines.first.url, lines.second.url] },
      };
    }, whenDone);
    for (const repository of ['tools', 'fonts']) await publish(cluster.depot('origin'), repository);
    for (const region of ['first', 'second']) await pollAll(cluster.depot(region));
  });

  /** Publishes something else in a repository, and brings it to regions. */
  async function change(repository: 'tools' | 'fonts', ...regions: ('first' | 'second')[]): Promise<void> {
    await tree(join(cluster.folder, repository), { changed: `${Math.random()}` });
    await publish(cluster.depot('origin'), repository);
    for (const region of regions) await cycle(cluster.depot(region), repository);
    for (const line of Object.values(lines)) line.forget();
  }

  it('asks the first that answers, and the second while the first is down', async () => {
    const [first, branch] = [cluster.depot('first'), cluster.depot('branch')];
    await pollAll(branch);
    expect(lines.second.passed('/repositories/')).toEqual([]);
    expect(lines.first.passed('/objects/')).toHaveLength(2);

    await first.stop();
    await change('tools', 'second');
    expect(await cycle(branch)).toMatchObject({ outcome: 'applied', toGeneration: 2 });
    expect(lines.second.passed('/objects/')).toHaveLength(1);
    expect((await statusOf(branch)).parents).toMatchObject([
      { url: lines.first.url, answers: 'no', error: { code: 'parent-unreachable' } },
      { url: lines.second.url, depot: 'second', answers: 'yes', error: null },
    ]);

    // It comes back with less than this depot has seen, and is passed over until it has caught up.
    await first.start();
    lines.second.forget();
    expect(await cycle(branch)).toMatchObject({ outcome: 'unchanged' });
    expect(lines.second.passed('/tools/state')).toHaveLength(1);
    await cycle(first);
    lines.second.forget();
    expect(await cycle(branch)).toMatchObject({ outcome: 'unchanged' });
    expect(lines.second.passed()).toEqual([]);
  });

  it('asks the one that is set for a repository before those that are for all', async () => {
    const branch = cluster.depot('branch');
    await branch.configure({ parent: [lines.first.url, { url: lines.second.url, repositories: ['fonts'] }] });
    await branch.json('reload');
    await change('tools', 'first', 'second');
    await change('fonts', 'first', 'second');
    await pollAll(branch);
    expect(lines.second.passed('/fonts/objects/')).toHaveLength(1);
    expect(lines.first.passed('/tools/objects/')).toHaveLength(1);
    expect(lines.first.passed('/fonts/')).toEqual([]);
    expect(lines.second.passed('/tools/')).toEqual([]);
  });
});

it('refuses a parent that was restored from an older backup, by name, and keeps what it has', async () => {
  const { source, origin, region, branch, cluster } = await startChain({ file: 'one' });
  await pollAll(region);
  await pollAll(branch);
  const backup = join(cluster.folder, 'backup');
  await region.stop();
  await cp(region.data, backup, { recursive: true, preserveTimestamps: true });
  await region.start();
  await tree(source, { file: 'two' });
  await publish(origin);
  await cycle(region);
  await cycle(branch);

  await region.stop();
  await rm(region.data, { recursive: true });
  await cp(backup, region.data, { recursive: true, preserveTimestamps: true });
  await region.start();
  const { exitCode, stdout } = await branch.cli('poll', '--wait');
  expect(exitCode).toBe(10);
  expect(stdout).toContain(`${region.url} offers generation 1 of tools, this depot has seen 2`);
  expect(stdout).toContain('was restored from a backup');
  expect(await readTree(branch.tree('tools'))).toEqual({ file: 'two' });
  expect((await statusOf(branch)).repositories).toMatchObject([{ generation: 2, error: { code: 'head-refused' } }]);

  await cycle(region);
  expect(await cycle(branch)).toMatchObject({ outcome: 'unchanged', error: null });
});

it('refuses what a master depot publishes anew after it was restored from an older backup', async () => {
  const { source, origin, region, cluster } = await startPair({ file: 'one' });
  const backup = join(cluster.folder, 'backup');
  await origin.stop();
  await cp(origin.data, backup, { recursive: true, preserveTimestamps: true });
  await origin.start();
  await tree(source, { file: 'two' });
  await publish(origin);
  await pollAll(region);

  await origin.stop();
  await rm(origin.data, { recursive: true });
  await cp(backup, origin.data, { recursive: true, preserveTimestamps: true });
  await tree(source, { file: 'three' });
  await origin.start();
  await publish(origin);
  const { exitCode, stdout } = await region.cli('poll', '--wait');
  expect(exitCode).toBe(10);
  expect(stdout).toContain('two different heads claim to be generation 2 of tools');
  expect(await readTree(region.tree('tools'))).toEqual({ file: 'two' });
});

/** What makes the origin the depot of the company's CA and directory. */
const companyFiles = ['keys/.authority', 'keys/.depot', 'keys/.directory', 'metadata/.directory'];

/** The depot, which is not running, loses its data but for these files and folders. */
async function loseAllBut({ data }: Depot, ...kept: readonly string[]): Promise<void> {
  const before = `${data}-before`;
  await rename(data, before);
  for (const path of kept) await cp(join(before, path), join(data, path), { recursive: true });
  await rm(before, { recursive: true });
}

it('refuses what a master depot publishes that lost its keys, until its new root is believed at each depot', async () => {
  const { source, origin, region, branch } = await startChain({ file: 'one' });
  await pollAll(region);
  await pollAll(branch);
  await origin.stop();
  await loseAllBut(origin, ...companyFiles);
  await tree(source, { file: 'two' });
  await origin.start();
  await publish(origin);

  const poll = await region.cli('poll', '--wait');
  expect(poll.exitCode).toBe(10);
  expect(poll.stdout).toContain('depot trust reset tools');
  expect(await readTree(region.tree('tools'))).toEqual({ file: 'one' });
  expect(await cycle(branch)).toMatchObject({ outcome: 'unchanged' });

  const question = await region.cli('trust', 'reset', 'tools');
  expect(question.exitCode, question.stderr).toBe(0);
  expect(question.stdout).toContain('would discard of tools: 1 root and 1 head, the newest generation 1');
  expect((await cycle(region)).outcome).toBe('failed');
  for (const depot of [region, branch]) {
    expect((await depot.cli('trust', 'reset', 'tools', '--yes')).exitCode).toBe(0);
    expect(await cycle(depot)).toMatchObject({ error: null, toGeneration: 1 });
    expect(await unlike(source, depot.tree('tools'))).toEqual([]);
  }
});

it('holds what a master depot publishes that lost all but its keys, until it is approved at each depot', async () => {
  const { source, origin, region, branch } = await startChain({ file: 'one' });
  await pollAll(region);
  await pollAll(branch);
  await origin.stop();
  await loseAllBut(origin, 'keys', 'metadata/.directory');
  await tree(source, { file: 'two' });
  await origin.start();
  await publish(origin);

  const poll = await region.cli('poll', '--wait');
  expect(poll.exitCode).toBe(9);
  expect(await readTree(region.tree('tools'))).toEqual({ file: 'one' });
  const { holds } = await region.json<{ holds: HoldStatus[] }>('holds');
  expect(holds).toMatchObject([{ repository: 'tools', kind: 'head', generation: 1 }]);
  expect(await cycle(branch)).toMatchObject({ outcome: 'unchanged' });

  expect(await region.cli('approve', holds[0]?.id ?? '')).toMatchObject({ exitCode: 0 });
  await expect.poll(() => unlike(source, region.tree('tools')), { timeout: 10_000 }).toEqual([]);
  expect(await cycle(branch)).toMatchObject({ outcome: 'held' });
  expect(await readTree(branch.tree('tools'))).toEqual({ file: 'one' });
  const [held] = await control(branch).holds();
  await branch.cli('approve', held?.id ?? '');
  await expect.poll(() => unlike(source, branch.tree('tools')), { timeout: 10_000 }).toEqual([]);
});

it('does not forget who is revoked: an origin that lost the directory does not start without it', async () => {
  const { origin } = await startPair({ file: 'one' });
  await origin.stop();
  await loseAllBut(origin, 'keys');
  await expect(origin.start()).rejects.toThrow('what is revoked must not be forgotten');
});

it('does not start with a damaged document of the directory, and below the origin has it brought again once it is removed', async () => {
  const { origin, region } = await startPair({ a: 'a' });
  await pollAll(region);
  for (const depot of [origin, region]) {
    await depot.stop();
    const folder = join(depot.data, 'metadata/.directory');
    const name = (await readdir(folder)).find((file) => /^[0-9a-f]{64}\./.test(file)) ?? '';
    const document = join(folder, name);
    const bytes = await readFile(document);
    await writeFile(document, bytes.subarray(0, bytes.length / 2));
    await expect(depot.start()).rejects.toThrow(`${document} is damaged`);
    expect(depot.log()).toContain('the next poll brings it again');
    if (depot === origin) await writeFile(document, bytes);
    else await rm(document);
    await depot.start();
  }
  await pollAll(region);
  expect(await statusOf(region)).toMatchObject({
    directory: { error: null },
    repositories: [{ generation: 1, error: null }],
  });
});
