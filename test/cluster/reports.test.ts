import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { afterTheLast } from '../harness/temporary.js';
import type { ReportRow } from '../../src/model/report-row.js';
import type { DepotStatus } from '../../src/model/status.js';
import { cycle, pollAll, publish, sites, startChain, type Chain } from './chain.js';

let chain: Chain;

const whenDone = afterTheLast();
beforeAll(async () => {
  const settings = {
    region: { deletions: { 'hold-above': 'none' } },
    branch: { deletions: { 'hold-above': { files: 0 } } },
  };
  chain = await startChain({ 'a.txt': 'a', 'b.txt': 'b' }, settings, whenDone);
});

const version = expect.stringMatching(/^\d+\.\d+\.\d+$/);
const upToDate = { role: 'child', units: 1, unitsComplete: 1, bytesLeft: 0, held: 0, lagSeconds: 0, error: null };

it('bring what each depot says of itself one level up with each poll', async () => {
  const { region, branch } = chain;
  expect(await below()).toEqual([]);

  await pollAll(region);
  expect(await below()).toEqual([
    {
      depot: 'region',
      site: sites.region,
      parent: 'origin',
      version,
      at: expect.any(String),
      repositories: [{ name: 'tools', generation: 1, newest: 1, ...upToDate }],
    },
  ]);

  await pollAll(branch);
  expect((await below()).map(({ depot }) => depot)).toEqual(['region']);
  await cycle(region);
  expect(await below()).toMatchObject([
    { depot: 'branch', site: sites.branch, parent: 'region', repositories: [{ generation: 1, ...upToDate }] },
    { depot: 'region' },
  ]);
});

it('tell which generation each depot has, and what it holds', async () => {
  const { source, origin, region, branch } = chain;
  await rm(join(source, 'b.txt'));
  await publish(origin);
  await cycle(region);
  await cycle(region);
  expect(await below()).toMatchObject([
    { depot: 'branch', repositories: [{ generation: 1, held: 0 }] },
    { depot: 'region', repositories: [{ generation: 2, held: 0 }] },
  ]);

  expect(await cycle(branch)).toMatchObject({ outcome: 'applied', held: 1 });
  await cycle(region);
  expect(await below()).toMatchObject([
    { depot: 'branch', repositories: [{ generation: 2, held: 1 }] },
    { depot: 'region', repositories: [{ generation: 2, held: 0 }] },
  ]);
});

async function below(): Promise<readonly ReportRow[]> {
  const { below: rows } = await chain.origin.json<DepotStatus>('status', '--tree');
  return [...(rows ?? [])].sort((a, b) => (a.depot < b.depot ? -1 : 1));
}
