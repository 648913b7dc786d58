import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Unknown } from '../../src/publish/attempt.js';
import { filesystemOf, identify, reasonToRefuse, type SourceIdentity } from '../../src/publish/source-guard.js';
import { temporaryFolder } from '../harness/temporary.js';
import { folder, readTree, tree } from '../harness/tree.js';
import { inlineJobs } from '../../src/store/job.js';
import { survey } from '../../src/publish/survey.js';
import { master } from './master.js';
import { asNobody } from '../harness/nobody.js';
import { tmpfs } from './tmpfs.js';

const disk: SourceIdentity = { device: 2049, inode: 2, filesystem: 'ext4' };
const path = '/srv/tools';

function judge(now: SourceIdentity, last: SourceIdentity | undefined = disk, isEmpty = false): string | undefined {
  const history = { last: last === undefined ? undefined : { ...last, path }, publishedFiles: 3 };
  return reasonToRefuse(path, now, history, () => isEmpty);
}

describe('the guard of a source', () => {
  it('lets the same folder pass', () => {
    expect(judge(disk)).toBeUndefined();
    expect(judge(disk, undefined)).toBeUndefined();
  });

  it('refuses another inode, another device, another file system, another path, and nothing where something was', () => {
    expect(judge({ ...disk, inode: 131_073 })).toContain('another folder than at the last scan');
    expect(judge({ ...disk, device: 2065 })).toContain('inode 2 on ext4, device 2049 then');
    expect(judge({ ...disk, filesystem: 'xfs' })).toContain('another folder');
    expect(reasonToRefuse('/srv/new', disk, { last: { ...disk, path }, publishedFiles: 3 }, () => false)).toContain(
      'the source was /srv/tools and is /srv/new now',
    );
    expect(judge(disk, disk, true)).toContain('the 3 published files would be deleted everywhere');
  });

  it('knows file systems whose device numbers change by their names', () => {
    const share: SourceIdentity = { device: 45, inode: 64, filesystem: 'nfs4 nas:/tools' };
    expect(judge({ ...share, device: 46 }, share)).toBeUndefined();
    expect(judge({ ...share, device: 46, filesystem: 'nfs4 nas:/other' }, share)).toBeDefined();
    expect(
      judge({ device: 46, inode: 1, filesystem: 'tmpfs' }, { device: 45, inode: 1, filesystem: 'tmpfs' }),
    ).toBeDefined();
  });

  it('does not guard where there is nothing to lose', () => {
    expect(
      reasonToRefuse(path, { ...disk, inode: 9 }, { last: { ...disk, path }, publishedFiles: 0 }, () => true),
    ).toBeUndefined();
  });
});

it('reads the file system of a path from the table of mounts', () => {
  const table = [
    '27 1 254:0 / / rw - ext4 /dev/vda rw',
    '30 27 0:45 /export /srv/to\\040ols rw shared:1 - nfs4 nas:/export rw',
    '31 27 0:46 / /srv/b rw - btrfs /dev/sdb1 rw,subvol=/',
    '32 27 8:17 / /srv/b/inner rw - xfs /dev/sdb2 rw',
    '33 32 8:18 / /srv/b/inner rw - ext4 /dev/sdb3 rw',
    'nonsense',
    '',
  ].join('\n');
  expect(filesystemOf('/srv', table)).toBe('ext4');
  expect(filesystemOf('/srv/to ols/x', table)).toBe('nfs4 nas:/export /export');
  expect(filesystemOf('/srv/b', table)).toBe('btrfs /dev/sdb1');
  expect(filesystemOf('/srv/banana', table)).toBe('ext4');
  expect(filesystemOf('/srv/b/inner/deep', table)).toBe('ext4');
});

it('tells a source that is missing, no folder, or closed from one that is empty', async () => {
  const root = await temporaryFolder();
  await tree(root, { file: '', 'closed/': folder(), 'empty/': folder() });
  chmodSync(join(root, 'closed'), 0o311);
  expect(identify(join(root, 'none'))).toEqual(new Unknown('it is not there'));
  expect(identify(join(root, 'file'))).toEqual(new Unknown('it is not a folder'));
  expect(await asNobody([root], () => identify(join(root, 'closed')))).toEqual(
    new Unknown('it cannot be read: permission denied (EACCES)'),
  );
  expect(identify(join(root, 'empty'))).toMatchObject({ filesystem: expect.any(String) });
});

describe('a source that is not itself', () => {
  it('publishes nothing while it is missing, and goes on by itself when it is back', async () => {
    const depot = await master();
    await tree(depot.source, { a: '1', b: '2' });
    await depot.publisher.publish();
    await rename(depot.source, `${depot.source}.away`);
    const result = await depot.publisher.publish({ acceptSource: true });
    expect(result).toMatchObject({
      published: false,
      generation: 1,
      refused: expect.stringContaining(`${depot.source}: it is not there`),
    });
    expect(depot.publisher.status().refused).toBe(result.refused);
    expect(depot.lines.at(-1)).toContain('nothing is published');

    await rename(`${depot.source}.away`, depot.source);
    await writeFile(join(depot.source, 'c'), '3');
    expect(await depot.publisher.publish()).toMatchObject({ published: true, refused: null });
    expect(depot.publisher.status().refused).toBeNull();
    expect(depot.filesRead()).toBe(3);
  });

  it('publishes nothing while the disk is not mounted, though the folder below is there and readable', async () => {
    const depot = await master();
    await mkdir(depot.source);
    const unmount = tmpfs(depot.source);
    await tree(depot.source, { a: '1', b: '2' });
    await depot.publisher.publish();
    unmount();
    const again = await depot.restart();
    expect(await again.publisher.publish()).toMatchObject({
      published: false,
      refused: expect.stringMatching(/another folder .* "depot publish tools --accept-source"/),
    });
    // Also where something was put into the folder below.
    await tree(again.source, { stray: '' });
    expect(await again.publisher.publish({ dryRun: true })).toMatchObject({
      refused: expect.stringContaining('another folder'),
    });
    expect(Object.keys(await again.tree())).toEqual(['a', 'b']);

    expect(await again.publisher.publish({ acceptSource: true })).toMatchObject({
      published: true,
      delete: { files: 2 },
    });
    expect(await again.tree()).toEqual({ stray: '' });
    expect(await again.publisher.publish()).toMatchObject({ refused: null, published: false });
  });

  it('publishes nothing when it was emptied, until a person says that this is meant', async () => {
    const depot = await master({ settings: { exclude: ['**/.keep'] } });
    await tree(depot.source, { a: '1', 'b/c': '2' });
    await depot.publisher.publish();
    await rm(join(depot.source, 'a'));
    await rm(join(depot.source, 'b/c'));
    await tree(depot.source, { '.keep': '' });
    expect(await depot.publisher.publish()).toMatchObject({
      published: false,
      refused: expect.stringContaining('nothing to publish, and the 2 published files would be deleted everywhere'),
    });
    expect(await depot.publisher.publish({ acceptSource: true, dryRun: true })).toMatchObject({
      delete: { files: 2 },
      refused: null,
    });
    expect(await depot.publisher.publish()).toMatchObject({ refused: expect.anything() });
    expect(await depot.publisher.publish({ acceptSource: true })).toMatchObject({
      published: true,
      delete: { files: 2 },
    });
    expect(await depot.tree()).toEqual({ 'b/': folder() });
  });

  it('forgets nothing of what it knew while it is refused, so that nothing is read again', async () => {
    const depot = await master();
    await tree(depot.source, { a: '1', b: '2' });
    await depot.publisher.publish();
    depot.filesRead();
    await rename(join(depot.source, 'a'), `${depot.source}.a`);
    await rename(join(depot.source, 'b'), `${depot.source}.b`);
    await depot.publisher.publish();
    expect([...depot.store.sources.rows('tools')].map(({ object }) => object)).not.toContain(null);
  });
});

describe('what cannot be read in a source', () => {
  it('stays as it was published, and is listed with the reason', async () => {
    const root = await temporaryFolder();
    await asNobody([root], async () => {
      const depot = await master();
      await tree(depot.source, { 'closed/a': '1', 'closed/b/c': '2', 'nameless/d': '3', secret: '4', open: '5' });
      await depot.publisher.publish();
      const before = await readTree(depot.source);
      for (const name of ['closed', 'nameless', 'secret', 'new']) {
        if (name === 'new') writeFileSync(join(depot.source, name), 'n');
        else if (name === 'secret') writeFileSync(join(depot.source, name), 'changed');
        chmodSync(join(depot.source, name), name === 'nameless' ? 0o444 : 0);
      }
      writeFileSync(join(depot.source, 'open'), '6');
      const result = await depot.publisher.publish();
      expect(result).toMatchObject({
        generation: 2,
        add: { files: 0 },
        replace: { files: 1 },
        delete: { files: 0 },
        heldBackCount: 4,
      });
      const reason = 'it cannot be read: permission denied (EACCES)';
      expect(result.heldBack).toEqual(
        ['closed', 'nameless/d', 'new', 'secret'].map((held) => ({ path: held, reason })),
      );
      expect(await depot.tree()).toEqual({ ...before, open: '6' });

      for (const name of ['closed', 'nameless']) chmodSync(join(depot.source, name), 0o755);
      for (const name of ['new', 'secret']) chmodSync(join(depot.source, name), 0o644);
      depot.filesRead();
      expect(await depot.publisher.publish()).toMatchObject({ generation: 3, heldBack: [] });
      expect(await depot.tree()).toEqual(await readTree(depot.source));
      // What was in the closed folders did not have to be read again.
      expect(depot.filesRead()).toBeLessThanOrEqual(3);
    });
  });

  it('keeps what was on a disk inside the source that is not mounted any more', async () => {
    const depot = await master();
    await tree(depot.source, { 'disk/': folder(), other: '1' });
    const unmount = tmpfs(join(depot.source, 'disk'));
    mkdirSync(join(depot.source, 'disk/deep'));
    writeFileSync(join(depot.source, 'disk/deep/file'), '2');
    await depot.publisher.publish();
    unmount();
    await tree(depot.source, { other: '3' });
    for (const _ of [1, 2]) {
      expect(await depot.publisher.publish()).toMatchObject({
        delete: { files: 0 },
        heldBack: [{ path: 'disk', reason: expect.stringContaining('a disk was mounted here') }],
      });
    }
    expect(await depot.tree()).toEqual({ 'disk/deep/file': '2', other: '3' });
    expect(await depot.publisher.publish({ acceptSource: true })).toMatchObject({ delete: { files: 1 }, heldBack: [] });
  });

  it('takes nothing for deleted when a disk inside the source goes while it is looked through', async () => {
    const depot = await master();
    const files = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`a/${at}`, `${at}`]));
    await tree(depot.source, { ...files, 'disk/': folder() });
    const unmount = tmpfs(join(depot.source, 'disk'));
    writeFileSync(join(depot.source, 'disk/file'), '2');
    await depot.publisher.publish();
    const published = depot.store.heads.newest('tools')?.head;
    if (published === undefined) throw new Error('expected a generation');
    const input = { ...depot.settings, published, acceptSource: false, nowMs: Date.now() };
    expect(await survey(inlineJobs(depot.store), input, { onProgress: unmount })).toEqual({
      refused: expect.stringMatching(/disk was replaced while it was scanned; it is scanned again$/),
    });
    expect(await depot.publisher.publish()).toMatchObject({ delete: { files: 0 } });
    expect(await depot.tree()).toMatchObject({ 'disk/file': '2' });
  });
});
