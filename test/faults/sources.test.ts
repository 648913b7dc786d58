import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { afterTheLast } from '../harness/temporary.js';
import { cycle, pollAll, publish, startPair, statusOf, type Pair } from '../cluster/chain.js';
import { unlike } from '../cluster/unlike.js';
import type { Depot } from '../harness/depot.js';
import { link, readTree, tree } from '../harness/tree.js';
import { tmpfs } from '../publish/tmpfs.js';

const content = { 'a.txt': 'a', 'folder/b.txt': 'b' };

/** `depot publish --wait` refuses the source, `depot status` says why, and nothing goes down. */
async function refuses(origin: Depot, ...said: string[]): Promise<void> {
  const { exitCode, stdout } = await origin.cli('publish', 'tools', '--wait');
  expect(exitCode).toBe(8);
  const status = await origin.cli('status');
  expect(status.exitCode).toBe(0);
  for (const words of said) {
    expect(stdout).toContain(words);
    expect(unwrapped(status.stdout)).toContain(words);
  }
  expect((await statusOf(origin)).repositories).toMatchObject([
    { generation: 1, source: { refused: expect.any(String) } },
  ]);
}

describe('a source', () => {
  it('that cannot be read', async () => {
    const { source, origin, region } = await startPair(content);
    await pollAll(region);
    await chmod(source, 0o000);
    await refuses(origin, 'permission denied');
    expect(await cycle(region)).toMatchObject({ outcome: 'unchanged' });
    await chmod(source, 0o755);
    expect(await origin.cli('publish', 'tools', '--wait')).toMatchObject({ exitCode: 0 });
    expect((await statusOf(origin)).repositories).toMatchObject([{ source: { refused: null } }]);
  });

  it('with a folder and a file that cannot be read: they stay as they were, and the rest goes on', async () => {
    const { source, origin, region } = await startPair(content);
    await pollAll(region);
    await writeFile(join(source, 'a.txt'), 'changed, and closed');
    await chmod(join(source, 'a.txt'), 0o000);
    await chmod(join(source, 'folder'), 0o000);
    await tree(source, { 'new.txt': 'new' });
    const { exitCode, stdout } = await origin.cli('publish', 'tools', '--wait');
    expect(exitCode).toBe(7);
    for (const path of ['a.txt', 'folder']) expect(stdout).toContain(path);
    await cycle(region);
    expect(await readTree(region.tree('tools'))).toEqual({ ...content, 'new.txt': 'new' });
    await chmod(join(source, 'a.txt'), 0o644);
    await chmod(join(source, 'folder'), 0o755);
    await publish(origin);
    await cycle(region);
    expect(await unlike(source, region.tree('tools'))).toEqual([]);
  });

  it('that vanishes', async () => {
    const { source, origin, region } = await startPair(content);
    await pollAll(region);
    await rename(source, `${source}-away`);
    await refuses(origin, 'it is not there');
    // Another folder at the same path is not the source either, until a person says so.
    await mkdir(source);
    await writeFile(join(source, 'other'), 'other');
    await refuses(origin, 'is another folder than at the last scan', '--accept-source');
    expect(await cycle(region)).toMatchObject({ outcome: 'unchanged' });
    await rm(source, { recursive: true });
    await rename(`${source}-away`, source);
    expect(await origin.cli('publish', 'tools', '--wait')).toMatchObject({ exitCode: 0 });
    expect(await readTree(region.tree('tools'))).toEqual(content);
  });

  it('that was unmounted', async () => {
    let unmount = (): void => undefined;
    const mounted = async (source: string): Promise<void> => {
      await mkdir(source);
      unmount = tmpfs(source);
      await tree(source, content);
    };
    const { origin, region } = await startPair(mounted);
    await pollAll(region);
    unmount();
    await refuses(origin, 'as when a disk is not mounted', '--accept-source');
    expect(await cycle(region)).toMatchObject({ outcome: 'unchanged' });
    expect(await readTree(region.tree('tools'))).toEqual(content);
  });

  it('that was emptied, until a person says that it is meant', async () => {
    const { source, origin, region } = await startPair(content, { region: { deletions: { 'hold-above': 'none' } } });
    await pollAll(region);
    for (const name of ['a.txt', 'folder']) await rm(join(source, name), { recursive: true });
    await refuses(origin, 'has nothing to publish', '--accept-source');
    expect(await origin.cli('publish', 'tools', '--wait', '--accept-source')).toMatchObject({ exitCode: 0 });
    expect(await cycle(region)).toMatchObject({ outcome: 'applied', deleted: 2 });
    expect(await readTree(region.tree('tools'))).toEqual({});
  });
});

describe('names that cannot be distributed are held back, listed, and keep no other waiting:', () => {
  let pair: Pair;
  const whenDone = afterTheLast();
  beforeAll(async () => {
    pair = await startPair(content, { region: { deletions: { 'hold-above': 'none' } } }, whenDone);
    await pollAll(pair.region);
  });

  it.each([
    ['forbidden ones', { 'CON.txt': '1', 'what?': '2', 'trailing. ': '3', 'tab\there': '4' }, ['CON.txt', 'what?']],
    ['twins in upper and lower case', { 'Read.me': '1', 'READ.ME': '2' }, ['Read.me', 'READ.ME']],
    ['twins in composed and decomposed form', { für: '1', 'fu\u0308r': '2' }, ['fu']],
    ['links that leave the repository', { out: link('../../etc/passwd'), root: link('/etc') }, ['out', 'root']],
  ])('%s', async (_kind, names, listed) => {
    const { source, origin, region } = pair;
    onTestFinished(async () => {
      for (const name of Object.keys(names)) await rm(join(source, name), { force: true });
    });
    await tree(source, { ...names, 'good.txt': listed.join() });
    const { exitCode, stdout } = await origin.cli('publish', 'tools', '--wait');
    expect(exitCode).toBe(7);
    const status = await origin.cli('status');
    for (const name of listed) {
      expect(stdout).toContain(name);
      expect(status.stdout).toContain(name);
    }
    const [repository] = (await statusOf(origin)).repositories;
    const heldBack = repository?.source?.heldBack ?? [];
    expect(repository?.source?.heldBackCount).toBe(heldBack.length);
    expect(heldBack.length).toBeGreaterThan(0);
    for (const { reason } of heldBack) expect(reason).not.toBe('');
    await cycle(region);
    const arrived = await readTree(region.tree('tools'));
    expect(arrived).toMatchObject({ ...content, 'good.txt': listed.join() });
    expect(Object.keys(arrived)).toHaveLength(3 + Object.keys(names).length - heldBack.length);
  });
});

/** Lines are broken to the width of the terminal. */
function unwrapped(text: string): string {
  return text.replace(/\s+/g, ' ');
}
