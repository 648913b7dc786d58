import { chmod, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { sha256, type Sha256 } from '../../src/model/sha256.js';
import type { VerifyResult } from '../../src/model/upkeep-status.js';
import { collect, planGc } from '../../src/store/gc.js';
import { inlineJobs } from '../../src/store/job.js';
import { Store } from '../../src/store/store.js';
import type { Depot } from '../harness/depot.js';
import { afterTheLast } from '../harness/temporary.js';
import { readTree, tree } from '../harness/tree.js';
import { pollAll, statusOf } from './chain.js';
import { startPackages, type Desk } from './package-desk.js';

const germany = 'enterprise/germany';

let origin: Depot;
let region: Depot;
let desk: Desk;
let work: string;

const whenDone = afterTheLast();
beforeAll(async () => {
  ({ origin, region, desk, work } = await startPackages(whenDone));
});

/** What a collection does two days later; until then objects rest. */
async function collectLater({ data }: Depot): Promise<void> {
  const nowMs = Date.now() + 2 * 86_400_000;
  const store = Store.open(data, { now: () => nowMs });
  try {
    const run = inlineJobs(store);
    await run(collect, await run(planGc, { keepGenerationsMs: 86_400_000, nowMs }));
  } finally {
    store.close();
  }
}

function objectFile({ data }: Depot, object: Sha256): string {
  return join(data, 'objects', object.slice(0, 2), object);
}

/** As a disk does it: the same file, other bytes. */
async function damage(depot: Depot, content: string): Promise<void> {
  const file = objectFile(depot, sha256(content));
  await chmod(file, 0o644);
  await writeFile(file, content.toUpperCase());
  await chmod(file, 0o444);
}

it('heals objects of the master depot from the work copy, where that still has the bytes', async () => {
  await desk.create('vlc');
  await tree(join(work, 'vlc'), { a: 'stays the same', b: 'first' });
  await desk.publish('vlc', 'enterprise');
  await tree(join(work, 'vlc'), { b: 'second' });
  await desk.publish('vlc');
  for (const content of ['stays the same', 'first', 'second']) await damage(origin, content);

  const { stderr, exitCode, json } = await origin.cli('verify', '--json');
  expect([exitCode, stderr]).toEqual([11, '']);
  expect((json as VerifyResult).damaged.count).toBe(3);
  const apps = async () => (await statusOf(origin)).repositories.find(({ name }) => name === 'apps');
  // What the work copy had in revision 1 is nowhere any more.
  expect(await apps()).toMatchObject({ damaged: 1 });
  expect(await readFile(objectFile(origin, sha256('second')), 'utf8')).toBe('second');
  expect(await readTree(join(origin.tree('apps'), 'vlc/2'))).toEqual({ a: 'stays the same', b: 'second' });

  // Revision 2 is whole, and travels.
  await pollAll(region);
  expect(await readTree(join(region.tree('apps'), 'vlc/2'))).toEqual({ a: 'stays the same', b: 'second' });
  expect(await readdir(join(region.tree('apps'), 'vlc'))).not.toContain('1');

  // A person puts back what was lost.
  await tree(join(work, 'vlc'), { b: 'first' });
  expect((await origin.cli('verify')).stderr).toContain('apps: read 1 of 1 damaged files again from the work copies');
  expect(await apps()).toMatchObject({ damaged: 0 });
  await pollAll(region);
  expect(await readTree(join(region.tree('apps'), 'vlc/1'))).toEqual({ a: 'stays the same', b: 'first' });
});

it('leaves a revision with the clients of a depot that lost an object of it, and fetches that again', async () => {
  await damage(region, 'stays the same');
  expect((await region.cli('verify', 'apps')).exitCode).toBe(11);
  expect(await readlink(join(region.tree('apps'), 'vlc/current'))).toBe('2');
  expect((await statusOf(region)).repositories).toMatchObject([{ damaged: 1 }]);
  await pollAll(region);
  expect(await readTree(join(region.tree('apps'), 'vlc/2'))).toEqual({ a: 'stays the same', b: 'second' });
  expect((await statusOf(region)).repositories).toMatchObject([{ damaged: 0 }]);
  expect((await region.cli('verify', 'apps')).exitCode).toBe(0);
});

it('says of a work copy that is gone only that nothing is healed from it', async () => {
  await desk.create('gone');
  await tree(join(work, 'gone'), { a: 'only here' });
  await desk.publish('gone', 'enterprise');
  await rm(join(work, 'gone'), { recursive: true });
  await damage(origin, 'only here');
  expect((await origin.cli('verify')).stderr).toContain('read 0 of 1 damaged files again');
  expect((await statusOf(origin)).repositories).toMatchObject([{ damaged: 1 }]);
});

it('drops with a collection what a narrower target does not give to a depot any more, and nothing else', async () => {
  await desk.create('wide');
  await tree(join(work, 'wide'), { common: 'in both packages', own: 'in this one only' });
  await desk.publish('wide', 'enterprise');
  await desk.create('stays');
  await tree(join(work, 'stays'), { common: 'in both packages', mine: 'in the other one' });
  await desk.publish('stays', 'enterprise');
  await pollAll(region);
  const held = async (content: string) => readFile(objectFile(region, sha256(content)), 'utf8').catch(() => null);
  expect(await held('in this one only')).not.toBeNull();

  await desk.distribute('wide', ['enterprise'], [germany]);
  await pollAll(region);
  // Clients do not see it any more; the bytes are still there.
  expect(await readdir(region.tree('apps'))).toEqual(['stays', 'vlc']);
  expect(await held('in this one only')).not.toBeNull();
  await region.stop();
  await collectLater(region);
  expect(await held('in this one only')).toBeNull();
  expect(await held('in both packages')).toBe('in both packages');
  expect(await held('in the other one')).toBe('in the other one');
  expect(await readTree(join(region.tree('apps'), 'stays/1'))).toEqual({
    common: 'in both packages',
    mine: 'in the other one',
  });
  await region.start();
  // The master depot holds all, and so it can be given again.
  expect(await readFile(objectFile(origin, sha256('in this one only')), 'utf8')).toBe('in this one only');
  await desk.distribute('wide', ['enterprise']);
  await pollAll(region);
  await pollAll(region);
  expect(await readTree(join(region.tree('apps'), 'wide/1'))).toEqual({
    common: 'in both packages',
    own: 'in this one only',
  });
});
