import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DepotError } from '../../src/model/errors.js';
import { versionsOf } from '../../src/trust/metadata.js';
import type { Verified } from '../../src/trust/updater.js';
import { temporaryFolder } from '../harness/temporary.js';
import { altered, newKeys, refresh, refused, Repository } from './repository.js';

test('comes from the first root to the newest metadata', async () => {
  const repository = new Repository();
  repository.publish();
  const { files, newRoots } = await refresh(repository.first, repository.source);
  expect(versionsOf(files)).toEqual({ root: 1, timestamp: 2, snapshot: 2, targets: 2 });
  expect(newRoots).toEqual([]);
  expect(repository.asked).toEqual(['2.root.json', 'timestamp.json', '2.snapshot.json', '2.targets.json']);
});

test('asks only for a root and the timestamp where nothing is new', async () => {
  const repository = new Repository();
  const { files } = await refresh(repository.first, repository.source);
  repository.asked.length = 0;
  expect((await refresh(files, repository.source)).files).toEqual(files);
  expect(repository.asked).toEqual(['2.root.json', 'timestamp.json']);
});

test('hands on what it verified byte for byte, however it is written', async () => {
  const repository = new Repository();
  repository.put('targets', Buffer.concat([Buffer.from(' \n\t'), repository.newest('targets')]));
  repository.publishSnapshot();
  const { files } = await refresh(repository.first, repository.source);
  for (const role of ['root', 'timestamp', 'snapshot', 'targets'] as const) {
    expect(Buffer.from(files[role])).toEqual(Buffer.from(repository.newest(role)));
  }
});

test('keeps the timestamp that it has where another of the same version is offered', async () => {
  const repository = new Repository();
  const { files } = await refresh(repository.first, repository.source);
  repository.versions.timestamp = 0;
  repository.nowMs += 1000;
  repository.publishTimestamp();
  expect(repository.newest('timestamp')).not.toEqual(files.timestamp);
  expect((await refresh(files, repository.source)).files.timestamp).toBe(files.timestamp);
});

test('follows a chain of roots, and gives each of them', async () => {
  const repository = new Repository();
  for (let version = 2; version <= 4; version += 1) {
    repository.changeRoot({ keys: newKeys(), alsoSignedBy: repository.keys.root });
  }
  repository.publish();
  const { files, newRoots } = await refresh(repository.first, repository.source);
  expect(newRoots.map(({ version }) => version)).toEqual([2, 3, 4]);
  for (const { version, bytes } of newRoots) expect(bytes).toBe(repository.files.get(`${version}.root.json`));
  expect(files.root).toBe(repository.newest('root'));
});

test('changes nothing of what is held when it fails, and tells what had passed', async () => {
  const repository = new Repository();
  const { files } = await refresh(repository.first, repository.source);
  const before = structuredClone(files);
  repository.changeRoot({ keys: repository.keys });
  repository.publish();
  const { keys, versions } = repository;
  repository.put(
    'snapshot',
    altered(repository.newest('snapshot'), [keys.targets], () => undefined),
  );
  let passed: Verified | undefined;
  await refused(refresh(files, repository.source, { partly: (verified) => (passed = verified) }));
  expect(files).toEqual(before);
  expect(passed?.newRoots.map(({ version }) => version)).toEqual([2]);
  expect(passed && versionsOf(passed.files)).toEqual({ ...versions, snapshot: 1, targets: 1 });
});

test('passes on what the source threw, at whatever file', async () => {
  for (const file of ['2.root.json', 'timestamp.json', '1.snapshot.json', '1.targets.json']) {
    const repository = new Repository();
    const unreachable = new DepotError('parent-unreachable', `${file}: connection reset`, { retry: 'now' });
    const { source } = repository;
    const cut = {
      ...source,
      metadata: async (name: string, maxBytes: number) => {
        if (name === file) throw unreachable;
        return source.metadata(name, maxBytes);
      },
    };
    expect(await refused(refresh(repository.first, cut))).toBe(unreachable);
  }
});

test('says which file is missing', async () => {
  for (const file of ['timestamp.json', '1.snapshot.json', '1.targets.json']) {
    const repository = new Repository();
    repository.files.delete(file);
    const error = await refused(refresh(repository.first, repository.source));
    expect([error.code, error.message]).toEqual(['parent-answer', expect.stringContaining(`${file} of tools`)]);
  }
});

test('does not begin from a root that is not signed by its own keys', async () => {
  const repository = new Repository();
  const root = altered(repository.first.root, [newKeys().targets], () => undefined);
  const error = await refused(refresh({ root }, repository.source));
  expect(error.message).toBe(
    'the trusted root of tools at parent has 0 valid of 1 needed signatures: too few, or by keys that may not sign it',
  );
  expect(repository.asked).toEqual([]);
});

test('writes nowhere but into the scratch folder', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'other'), '');
  const repository = new Repository();
  await refresh(repository.first, repository.source, { scratch: folder });
  const roles = ['root', 'snapshot', 'targets', 'timestamp'].map((role) => `${role}.json`);
  expect((await readdir(folder)).sort()).toEqual(['other', ...roles]);
});
