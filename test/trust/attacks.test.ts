import { expect, test } from 'vitest';
import type { TrustedFiles } from '../../src/model/metadata.js';
import { makeSigningKey } from '../../src/trust/signing-keys.js';
import { altered, dayMs, refresh, refused, Repository, tampered } from './repository.js';

/** A repository at generation 3, and the depot that has seen it. */
async function seen(): Promise<{ repository: Repository; held: Required<TrustedFiles> }> {
  const repository = new Repository();
  repository.publish();
  repository.publish();
  return { repository, held: (await refresh(repository.first, repository.source)).files };
}

async function verdict(repository: Repository, held: TrustedFiles): Promise<string> {
  const { code, message } = await refused(refresh(held, repository.source));
  return `${code}: ${message}`;
}

test('refuses an older timestamp', async () => {
  const { repository, held } = await seen();
  repository.versions.timestamp = 1;
  repository.publishTimestamp();
  expect(await verdict(repository, held)).toBe(
    'head-refused: timestamp 2 of tools at parent is offered, 3 was seen before: roll-back',
  );
});

test('refuses an older snapshot under a newer timestamp', async () => {
  const { repository, held } = await seen();
  repository.versions.snapshot = 2;
  repository.publishTimestamp();
  expect(await verdict(repository, held)).toContain('snapshot 2 of tools at parent is offered, 3 was seen before');
});

test('refuses older targets under a newer snapshot', async () => {
  const { repository, held } = await seen();
  repository.versions.targets = 2;
  repository.publishSnapshot();
  expect(await verdict(repository, held)).toContain('targets 2 of tools at parent is offered, 3 was seen before');
});

test('refuses a snapshot that forgets a role', async () => {
  const { repository, held } = await seen();
  repository.publishSnapshot();
  const { snapshot, timestamp } = repository.keys;
  const forgetful = altered(repository.newest('snapshot'), [snapshot], (signed) => (signed['meta'] = {}));
  repository.put('snapshot', forgetful);
  const bare = (signed: Record<string, unknown>) => (signed['meta'] = { 'snapshot.json': { version: 4 } });
  repository.put('timestamp', altered(repository.newest('timestamp'), [timestamp], bare));
  expect(await verdict(repository, held)).toContain('4.snapshot.json of tools at parent no longer names targets');
  expect(await verdict(repository, { root: held.root })).toContain('head-refused: ');
});

test('refuses an older root in the place of the next', async () => {
  const { repository, held } = await seen();
  repository.files.set('2.root.json', held.root);
  expect(await verdict(repository, held)).toContain('root 1 of tools at parent is offered in place of 2: roll-back');
});

test.each([
  ['root', { rootMs: dayMs }],
  ['timestamp', { timestampMs: dayMs }],
  ['targets', { targetsMs: dayMs }],
] as const)('says that %s has expired, and since when', async (role, short) => {
  const { repository, held } = await seen();
  const { lifetimes, nowMs } = repository;
  Object.assign(repository, { lifetimes: { ...lifetimes, ...short }, nowMs: nowMs - 2 * dayMs });
  if (role === 'root') repository.changeRoot({ keys: repository.keys });
  repository.publish();
  const named = role === 'targets' ? 'snapshot' : role; // the two have one lifetime, and the snapshot comes first
  const since = new Date(Math.floor((nowMs - dayMs) / 1000) * 1000).toISOString();
  const error = await refused(refresh(held, repository.source));
  expect(error.code).toBe('head-expired');
  expect(error.message).toContain(`${named} of tools at parent expired at ${since}`);
});

test('says that targets have expired under a snapshot that has not', async () => {
  const { repository, held } = await seen();
  const { lifetimes } = repository;
  repository.lifetimes = { ...lifetimes, targetsMs: -dayMs };
  repository.publish();
  repository.lifetimes = lifetimes;
  repository.publishSnapshot();
  expect(await verdict(repository, held)).toContain('head-expired: targets of tools at parent expired at ');
});

test('says that what is held has expired where the parent has nothing newer', async () => {
  const repository = new Repository();
  repository.lifetimes = { ...repository.lifetimes, timestampMs: 2000 };
  repository.publish();
  const { files } = await refresh(repository.first, repository.source);
  await new Promise((resolve) => setTimeout(resolve, 2100));
  expect(await verdict(repository, files)).toContain('head-expired: timestamp of tools at parent expired at ');
});

test('refuses an expiry that is no date, since it would never come', async () => {
  const { repository, held } = await seen();
  repository.publishTimestamp();
  const { timestamp } = repository.keys;
  repository.put(
    'timestamp',
    altered(repository.newest('timestamp'), [timestamp], (signed) => (signed['expires'] = 'never')),
  );
  expect(await verdict(repository, held)).toContain('head-refused: timestamp metadata has an expiry that is no date');
});

test.each(['snapshot', 'targets'] as const)('refuses a %s of another state', async (role) => {
  const { repository, held } = await seen();
  repository.publish();
  const own = repository.newest(role);
  const other = altered(own, [repository.keys[role]], (signed) => (signed['extra'] = true));
  repository.put(role, other);
  expect(await verdict(repository, held)).toContain(
    `4.${role}.json of tools at parent has length ${other.length}, what is signed says ${own.length}: mix-and-match`,
  );
  const padded = Buffer.concat([Buffer.from(own).subarray(0, -1), Buffer.from(' ')]);
  repository.put(role, padded);
  expect(await verdict(repository, held)).toMatch(/has hash [0-9a-f]{64}, what is signed says [0-9a-f]{64}: mix/);
});

test.each([
  ['timestamp.json', 16_384],
  ['4.snapshot.json', undefined],
  ['4.targets.json', undefined],
  ['2.root.json', 512_000],
] as const)('refuses endless data for %s', async (name, limit) => {
  const { repository, held } = await seen();
  repository.publish();
  const own = repository.files.get(name)?.length ?? 0;
  repository.files.set(name, new Uint8Array(1_000_000));
  expect(await verdict(repository, held)).toBe(
    `head-refused: ${name} of tools at parent is longer than the ${limit ?? own} bytes it may have: endless data`,
  );
});

test.each(['root', 'timestamp'] as const)('refuses a %s that is not JSON, or of another type', async (role) => {
  const { repository, held } = await seen();
  const name = role === 'root' ? '2.root.json' : 'timestamp.json';
  repository.files.set(name, Buffer.from('Final timestamp.json is expired'));
  expect(await verdict(repository, held)).toBe(`head-refused: ${name} of tools at parent is not JSON`);
  repository.files.set(name, repository.newest('targets'));
  expect(await verdict(repository, held)).toBe(`head-refused: ${name} of tools at parent is not of type ${role}`);
  repository.files.set(name, Buffer.from('{"signed":{"_type":"x.json is expired"},"signatures":[]}'));
  expect(await verdict(repository, held)).toBe(`head-refused: ${name} of tools at parent is not of type ${role}`);
  repository.files.set(name, Buffer.from('[]'));
  expect(await verdict(repository, held)).toContain(`${name} of tools at parent is not valid TUF metadata`);
});

test('refuses what was altered by somebody without keys', async () => {
  const { repository, held } = await seen();
  repository.publishTimestamp();
  repository.put(
    'timestamp',
    tampered(repository.newest('timestamp'), (signed) => (signed['version'] = 9)),
  );
  expect(await verdict(repository, held)).toContain('timestamp.json of tools at parent has 0 valid of 1 needed');
});

test('does not count a signature by an unknown algorithm', async () => {
  const { repository, held } = await seen();
  const { id } = repository.keys.timestamp;
  repository.changeRoot({ keys: repository.keys });
  const root = altered(repository.newest('root'), repository.keys.root, (signed) => {
    (signed['keys'] as Record<string, object>)[id] = { keytype: 'rot13', scheme: 'rot13', keyval: { public: 'aa' } };
  });
  repository.put('root', root);
  expect(await verdict(repository, held)).toContain('timestamp.json of tools at parent has 0 valid of 1 needed');
});

test('does not take the key of one role for another', async () => {
  const { repository, held } = await seen();
  repository.keys = { ...repository.keys, timestamp: makeSigningKey().key };
  repository.publishTimestamp();
  expect(await verdict(repository, held)).toContain('timestamp.json of tools at parent has 0 valid of 1 needed');
});
