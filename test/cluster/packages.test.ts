import { access, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { PackageReadiness } from '../../src/model/package-status.js';
import type { Cluster } from '../harness/cluster.js';
import type { Depot } from '../harness/depot.js';
import { putPackage } from '../harness/packages.js';
import { afterTheLast, temporaryCluster } from '../harness/temporary.js';
import { tree } from '../harness/tree.js';
import { control, cycle, pollAll } from './chain.js';
import { unlike } from './unlike.js';

/**
 * Three levels and two sites: enterprise over germany over munich and stuttgart. Each of the first three is master of one
 * repository at its own site, and child for those above it.
 */
let cluster: Cluster;
const at = (name: string): Depot => cluster.depot(name);
const munich = 'enterprise/germany/munich';
const stuttgart = 'enterprise/germany/stuttgart';

const whenDone = afterTheLast();
beforeAll(async () => {
  cluster = await temporaryCluster((folder) => {
    const packages = (name: string, context: string) => ({ kind: 'packages', context, work: join(folder, name) });
    return {
      enterprise: {
        site: 'enterprise',
        repositories: { EnterpriseDB: packages('EnterpriseDB', 'enterprise') },
      },
      germany: {
        site: 'enterprise/germany',
        parent: 'enterprise',
        repositories: { GermanyDB: packages('GermanyDB', 'enterprise/germany') },
      },
      munich: { site: munich, parent: 'germany', repositories: { MunichDB: packages('MunichDB', munich) } },
      stuttgart: { site: stuttgart, parent: 'germany' },
    };
  }, whenDone);
});

const below = ['germany', 'munich', 'stuttgart'] as const;

async function allPoll(): Promise<void> {
  for (const name of below) await pollAll(at(name));
}

/** The revision that clients get, from the link and from the descriptor beside it. */
async function current(depot: Depot, repository: string, name: string): Promise<number | null> {
  const folder = join(depot.tree(repository), name);
  const link = await readlink(join(folder, 'current')).catch(() => null);
  if (link === null) return null;
  const descriptor = JSON.parse(await readFile(join(folder, 'depot-package.json'), 'utf8')) as { revision: number };
  expect(descriptor.revision).toBe(Number(link));
  return Number(link);
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

const work = (repository: string, name: string): string => join(cluster.folder, repository, name);

it('prepares a revision, which goes nowhere yet', async () => {
  const master = at('enterprise');
  await master.json('package', 'create', 'EnterpriseDB/lodash', '--type', 'app', '--title', 'Lodash');
  await putPackage(join(cluster.folder, 'EnterpriseDB'), 'lodash', 'a');
  const prepared = await master.json<{ revision: number }>('package', 'prepare', 'EnterpriseDB/lodash');
  expect(prepared.revision).toBe(1);
  await control(master).trust.enroll('EnterpriseDB');
  await allPoll();
  for (const name of below) expect(await isThere(join(at(name).tree('EnterpriseDB'), 'lodash'))).toBe(false);
});

it('distributes it to one site, through a depot whose clients do not see it', async () => {
  await at('enterprise').json('package', 'distribute', 'EnterpriseDB/lodash', '--to', munich);
  expect(await cycle(at('germany'), 'EnterpriseDB')).toMatchObject({ outcome: 'applied' });
  const fetched = await cycle(at('munich'), 'EnterpriseDB');
  expect(fetched).toMatchObject({ outcome: 'applied', added: 0 });
  expect(fetched.fetched.files).toBeGreaterThan(500);
  expect((await cycle(at('stuttgart'), 'EnterpriseDB')).fetched.bytes).toBeLessThan(2000);
  for (const name of below) expect(await current(at(name), 'EnterpriseDB', 'lodash')).toBeNull();
  await pollAll(at('munich'));
  await pollAll(at('germany'));
  const { depots } = await at('enterprise').json<PackageReadiness>('package', 'status', 'EnterpriseDB/lodash');
  expect(depots.filter(({ ready }) => ready.length > 0).map(({ depot }) => depot)).toEqual(['munich']);
});

it('releases it with a head alone, one level a poll', async () => {
  await at('enterprise').json('package', 'release', 'EnterpriseDB/lodash');
  expect((await cycle(at('germany'), 'EnterpriseDB')).fetched.files).toBe(1);
  expect((await cycle(at('munich'), 'EnterpriseDB')).fetched.files).toBe(1);
  expect(await current(at('munich'), 'EnterpriseDB', 'lodash')).toBe(1);
  expect(await current(at('germany'), 'EnterpriseDB', 'lodash')).toBeNull();
  expect(await unlike(work('EnterpriseDB', 'lodash'), join(at('munich').tree('EnterpriseDB'), 'lodash/1'))).toEqual([]);
});

it('brings the next revision as what differs, and keeps the one before', async () => {
  const master = at('enterprise');
  await putPackage(join(cluster.folder, 'EnterpriseDB'), 'lodash', 'b');
  await master.json('package', 'publish', 'EnterpriseDB/lodash');
  await allPoll();
  const folder = join(at('munich').tree('EnterpriseDB'), 'lodash');
  expect(await current(at('munich'), 'EnterpriseDB', 'lodash')).toBe(2);
  expect(await unlike(work('EnterpriseDB', 'lodash'), join(folder, '2'))).toEqual([]);
  expect(await isThere(join(folder, '1'))).toBe(true);
});

it('goes back to the older revision', async () => {
  await at('enterprise').json('package', 'release', 'EnterpriseDB/lodash', '--revision', '1');
  await allPoll();
  expect(await current(at('munich'), 'EnterpriseDB', 'lodash')).toBe(1);
});

it('takes it from a site that is not a target any more, and brings it where it is one', async () => {
  await at('enterprise').json('package', 'distribute', 'EnterpriseDB/lodash', '--to', 'enterprise', '--except', munich);
  await allPoll();
  expect(await current(at('munich'), 'EnterpriseDB', 'lodash')).toBeNull();
  expect(await isThere(join(at('munich').tree('EnterpriseDB'), 'lodash'))).toBe(false);
  expect(await current(at('stuttgart'), 'EnterpriseDB', 'lodash')).toBe(1);
  expect(await current(at('enterprise'), 'EnterpriseDB', 'lodash')).toBe(1);
});

it('keeps each repository within its context', async () => {
  for (const [name, repository] of [
    ['germany', 'GermanyDB'],
    ['munich', 'MunichDB'],
  ] as const) {
    const master = at(name);
    await master.json('package', 'create', `${repository}/tool`, '--type', 'script');
    await tree(work(repository, 'tool'), { 'run.sh': `#!/bin/sh\necho ${repository}\n` });
    await master.json(
      'package',
      'publish',
      `${repository}/tool`,
      '--to',
      name === 'germany' ? 'enterprise/germany' : munich,
    );
    await control(master).trust.enroll(repository);
  }
  // The company's directory comes down level by level.
  await allPoll();
  await allPoll();
  const seen = async (repository: string): Promise<string[]> => {
    const found = [];
    for (const name of ['enterprise', ...below]) {
      if ((await current(at(name), repository, 'tool')) !== null) found.push(name);
    }
    return found;
  };
  expect(await seen('GermanyDB')).toEqual(['germany', 'munich', 'stuttgart']);
  expect(await seen('MunichDB')).toEqual(['munich']);
});

it('refuses what a rule is against, and lists all problems of a work copy', async () => {
  const master = at('enterprise');
  expect(await master.cli('package', 'distribute', 'EnterpriseDB/lodash', '--to', 'france')).toMatchObject({
    exitCode: 15,
    stderr: expect.stringContaining('(rule: within-context)') as string,
  });
  await master.json('package', 'create', 'EnterpriseDB/bad', '--type', 'msi');
  await writeFile(join(work('EnterpriseDB', 'bad'), 'a:b'), '');
  await writeFile(join(work('EnterpriseDB', 'bad'), 'Readme'), '');
  await writeFile(join(work('EnterpriseDB', 'bad'), 'README'), '');
  const { exitCode, stdout } = await master.cli('package', 'prepare', 'EnterpriseDB/bad');
  expect(exitCode).toBe(15);
  expect(stdout).toContain('3 problems');
  await rm(work('EnterpriseDB', 'bad'), { recursive: true });
});
