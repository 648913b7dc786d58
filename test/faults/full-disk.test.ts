import { randomBytes } from 'node:crypto';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cycle, mirror, pollAll, publish, sites, statusOf } from '../cluster/chain.js';
import { unlike } from '../cluster/unlike.js';
import type { Depot } from '../harness/depot.js';
import { temporaryCluster } from '../harness/temporary.js';
import { readTree, tree } from '../harness/tree.js';
import { tmpfs } from '../publish/tmpfs.js';

const mebi = 1024 * 1024;

/** A chain whose region has its data on a small disk. */
async function smallRegion(size: string) {
  const { depot, folder } = await temporaryCluster(async (folder) => {
    const source = join(folder, 'source');
    await tree(source, { file: 'first' });
    await mkdir(join(folder, 'small'));
    tmpfs(join(folder, 'small'), size);
    return {
      origin: { site: sites.origin, repositories: { tools: mirror(source) } },
      region: { site: sites.region, parent: 'origin', data: join(folder, 'small/data') },
      branch: { site: sites.branch, parent: 'region' },
    };
  });
  const [origin, region, branch] = [depot('origin'), depot('region'), depot('branch')];
  await publish(origin);
  await pollAll(region);
  return { source: join(folder, 'source'), disk: join(folder, 'small'), origin, region, branch };
}

it('serves the old state on while the disk is full, and goes on by itself when there is space', async () => {
  const { source, disk, origin, region, branch } = await smallRegion('24m');
  await tree(source, { file: 'second' });
  for (let number = 0; number < 16; number += 1) await writeFile(join(source, `large-${number}`), randomBytes(mebi));
  await publish(origin);
  await fill(disk, 8 * mebi);
  const { exitCode, stdout } = await region.cli('poll', '--wait');
  expect(stdout).toContain('tools: failed');
  expect(exitCode).toBe(13);
  expect((await region.cli('status')).exitCode).toBe(0);
  expect(await readTree(region.tree('tools'))).toEqual({ file: 'first' });
  await pollAll(branch);
  expect(await readTree(branch.tree('tools'))).toEqual({ file: 'first' });

  await region.configure({ poll: { every: '1s', jitter: '0%' } });
  await region.json('reload');
  await fill(disk, undefined);
  await expect.poll(() => generation(region), { timeout: 20_000 }).toBe(2);
  expect(await unlike(source, region.tree('tools'))).toEqual([]);
  expect(await cycle(branch)).toMatchObject({ outcome: 'applied', toGeneration: 2 });
  expect(await unlike(source, branch.tree('tools'))).toEqual([]);
});

it('keeps the old state and what has come where the disk fills up at whatever step', async () => {
  const { source, disk, origin, region } = await smallRegion('24m');
  await tree(source, { file: 'second' });
  await tree(source, Object.fromEntries(Array.from({ length: 1000 }, (_, number) => [`files/${number}`, `${number}`])));
  await publish(origin);
  // A small file takes more of the disk than it has bytes, and the catalogue grows too: that cannot be known before.
  const failures = new Set<string | undefined>();
  for (let free = 0; free < 12; free += 1) {
    await fill(disk, free * mebi);
    const { outcome, error } = await cycle(region);
    if (outcome === 'applied') break;
    failures.add(error?.code);
    expect(await readTree(region.tree('tools'))).toEqual({ file: 'first' });
    expect(await generation(region)).toBe(1);
  }
  expect([...failures]).toEqual(['disk-full']);
  await fill(disk, undefined);
  await cycle(region);
  expect(await unlike(source, region.tree('tools'))).toEqual([]);
  await region.kill();
  await region.start();
  expect(await cycle(region)).toMatchObject({ outcome: 'unchanged', toGeneration: 2 });
});

async function generation(depot: Depot): Promise<number | null | undefined> {
  return (await statusOf(depot)).repositories[0]?.generation;
}

/** Leaves so many bytes of a disk free, or all that others do not take. */
async function fill(disk: string, freeBytes: number | undefined): Promise<void> {
  await rm(join(disk, 'ballast'), { force: true });
  const { bavail, bsize } = await statfs(disk);
  const ballast = freeBytes === undefined ? 0 : Math.max(0, bavail * bsize - freeBytes);
  if (ballast > 0) await writeFile(join(disk, 'ballast'), Buffer.alloc(ballast));
}
