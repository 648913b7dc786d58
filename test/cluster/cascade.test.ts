import { appendFile, chmod, cp, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { afterTheLast } from '../harness/temporary.js';
import type { CycleResult } from '../../src/model/cycle-status.js';
import type { Depot } from '../harness/depot.js';
import { putPackage, putPackages } from '../harness/packages.js';
import { exe, folder, link, setTime, tree } from '../harness/tree.js';
import { relayTo } from '../protocol/misbehaving.js';
import { control, cycle, pollAll, publish, startChain, type Chain } from './chain.js';
import { unlike } from './unlike.js';

/** Three real packages with 3,000 files in all, changed in every way there is, one change after the other. */
let chain: Chain;

const whenDone = afterTheLast();
beforeAll(async () => {
  chain = await startChain((source) => putPackages(source, 'a'), {}, whenDone);
});

/**
 * Makes a change in the source, publishes it, and follows it down: it is at a level after that level's poll, one poll a
 * level, and not before.
 */
async function goesDown(change: (source: string) => Promise<unknown>): Promise<readonly CycleResult[]> {
  const { source, origin, region, branch } = chain;
  await change(source);
  const generation = await publish(origin);

  expect(await cycle(branch)).toMatchObject({ outcome: 'unchanged' });
  const atRegion = await takes(region, generation);
  const atBranch = await takes(branch, generation);
  return [atRegion, atBranch];
}

/** One poll brings the source, as it is now, to a depot that did not have it before. */
async function takes(depot: Depot, generation: number): Promise<CycleResult> {
  expect(await unlike(chain.source, depot.tree('tools'))).not.toEqual([]);
  const result = await cycle(depot);
  expect(result).toMatchObject({ outcome: 'applied', toGeneration: generation, held: 0, error: null });
  expect(await unlike(chain.source, depot.tree('tools'))).toEqual([]);
  return result;
}

const nothing = { files: 0, bytes: 0 };

it('brings packages of 3,000 files down, one level a poll', async () => {
  const { source, region, branch } = chain;
  expect(await pollAll(branch)).toEqual([]);
  expect(await pollAll(region)).toMatchObject([{ outcome: 'applied', toGeneration: 1, added: 3030 }]);
  expect(await unlike(source, region.tree('tools'))).toEqual([]);
  expect(await pollAll(branch)).toMatchObject([{ outcome: 'applied', toGeneration: 1, added: 3030 }]);
  expect(await unlike(source, branch.tree('tools'))).toEqual([]);
});

it('asks whether there is anything new with less than two kilobytes on the wire, eight with a new handshake', async () => {
  const { region, branch } = chain;
  const relay = await relayTo(region.url);
  onTestFinished(() => askThrough(region.url));
  await askThrough(relay.url);
  await pollAll(branch);
  expect(await idlePoll()).toBeLessThan(1000);
  relay.cut();
  expect(await idlePoll(), 'on a resumed connection').toBeLessThan(2000);
  // With another certificate nothing is resumed.
  await control(branch).trust.renew();
  expect(await idlePoll(), 'with a new handshake').toBeLessThan(8000);

  async function idlePoll(): Promise<number> {
    const before = relay.bytes();
    expect(await cycle(branch)).toMatchObject({ outcome: 'unchanged', fromGeneration: 1, toGeneration: 1 });
    const bytes = relay.bytes() - before;
    expect(bytes).toBeGreaterThan(100);
    return bytes;
  }

  async function askThrough(url: string): Promise<void> {
    await branch.configure({ parent: url });
    await branch.json('reload');
  }
});

it.each(['highlight', 'lodash', 'ramda'] as const)('brings the next version of %s', async (name) => {
  await goesDown((source) => putPackage(source, name, 'b'));
});

it('brings an edited file, and fetches nothing else', async () => {
  const cycles = await goesDown((source) => appendFile(join(source, 'lodash/README.md'), 'edited\n'));
  for (const { fetched, replaced, added, deleted } of cycles) {
    expect({ files: fetched.files, replaced, added, deleted }).toEqual({ files: 1, replaced: 1, added: 0, deleted: 0 });
  }
});

it('fetches nothing for a folder that was renamed', async () => {
  const cycles = await goesDown((source) => rename(join(source, 'ramda/src'), join(source, 'ramda/sources')));
  for (const { fetched, added, deleted } of cycles) {
    expect(fetched).toEqual(nothing);
    expect(added).toBe(deleted);
    expect(added).toBeGreaterThan(300);
  }
});

it('fetches nothing for a copy', async () => {
  const cycles = await goesDown((source) =>
    cp(join(source, 'lodash/fp'), join(source, 'copy/of/fp'), { recursive: true }),
  );
  for (const { fetched } of cycles) expect(fetched).toEqual(nothing);
});

it('takes away what was deleted, and the folders that it leaves empty', async () => {
  const cycles = await goesDown(async (source) => {
    await rm(join(source, 'copy'), { recursive: true });
    await rm(join(source, 'lodash/package.json'));
  });
  for (const { fetched } of cycles) expect(fetched).toEqual(nothing);
});

it('brings a file where a folder was, a folder where a file was, and links that change what they are', async () => {
  await goesDown((source) =>
    tree(source, { 'types/file': 'f', 'types/folder/inside': 'i', 'types/link': link('file'), 'types/real': 'r' }),
  );
  await goesDown((source) =>
    tree(source, {
      'types/file/now/a': 'folder',
      'types/folder': 'f',
      'types/link': 'own',
      'types/real': link('link'),
    }),
  );
});

it('brings the time of a file and its executable bit, and fetches nothing for them', async () => {
  const cycles = await goesDown(async (source) => {
    await setTime(join(source, 'highlight/README.md'), 981_173_106_789);
    await chmod(join(source, 'highlight/package.json'), 0o755);
    await chmod(join(source, 'types/folder'), 0o755);
  });
  for (const { fetched, replaced } of cycles) {
    expect(fetched).toEqual(nothing);
    expect(replaced).toBe(3);
  }
  const { mtimeMs, mode } = await stat(join(chain.branch.tree('tools'), 'highlight/README.md'));
  expect([Math.floor(mtimeMs), mode & 0o777]).toEqual([981_173_106_789, 0o444]);
});

it('brings empty folders, empty files, links and executable files', async () => {
  await goesDown((source) =>
    tree(source, {
      'an/empty/folder/': folder(),
      'an/empty/file': '',
      'a link': link('an/empty/file'),
      run: exe('#!/bin/sh\n'),
    }),
  );
  await goesDown((source) => rm(join(source, 'an/empty/folder'), { recursive: true }));
});

it('catches up with several changes in one poll a level', async () => {
  const { source, origin, region, branch } = chain;
  for (const text of ['one', 'two', 'three']) {
    await tree(source, { 'several/changes': text, [`several/${text}`]: text });
    await publish(origin);
  }
  const generation = await publish(origin);
  expect(await takes(region, generation)).toMatchObject({
    fromGeneration: generation - 3,
    fetched: { files: 3 },
  });
  expect(await takes(branch, generation)).toMatchObject({ fetched: { files: 3 } });
});
