import { expect, test } from 'vitest';
import { parseRoot, versionsOf } from '../../src/trust/metadata.js';
import { signNextRoot } from '../../src/trust/sign.js';
import { makeSigningKey } from '../../src/trust/signing-keys.js';
import { usualLifetimes } from '../harness/lifetimes.js';
import { codeOf } from '../manifest/code-of.js';
import { altered, newKeys, refresh, refused, Repository } from './repository.js';

test('follows to new keys, and takes nothing that the old ones sign', async () => {
  const repository = new Repository();
  const { files } = await refresh(repository.first, repository.source);
  const old = repository.keys;
  repository.changeRoot({ keys: newKeys(), alsoSignedBy: old.root });
  repository.publish();
  const renewed = await refresh(files, repository.source);
  expect(versionsOf(renewed.files)).toEqual({ root: 2, timestamp: 2, snapshot: 2, targets: 2 });

  const now = repository.keys;
  for (const role of ['timestamp', 'snapshot', 'targets'] as const) {
    repository.keys = { ...now, [role]: old[role] };
    repository.publish();
    const name = role === 'timestamp' ? 'timestamp.json' : `${repository.versions[role]}.${role}.json`;
    expect((await refused(refresh(renewed.files, repository.source))).message).toContain(
      `${name} of tools at parent has 0`,
    );
  }
});

test('does not follow a root that only its own keys have signed, or only the old ones', async () => {
  const repository = new Repository();
  const { first, keys } = repository;
  const others = newKeys();
  repository.changeRoot({ keys: others, alsoSignedBy: keys.root });
  const next = repository.newest('root');
  for (const signers of [others.root, keys.root]) {
    repository.put(
      'root',
      altered(next, signers, () => undefined),
    );
    const error = await refused(refresh(first, repository.source));
    expect(error.message).toContain('2.root.json of tools at parent has 0 valid of 1 needed signatures');
  }
});

test('wants signatures of as many distinct keys as the threshold says', async () => {
  const repository = new Repository();
  const [one, two, three] = [makeSigningKey().key, makeSigningKey().key, makeSigningKey().key];
  const keys = { ...repository.keys, root: [one, two, three] };
  repository.changeRoot({ keys, threshold: 2, alsoSignedBy: repository.keys.root });
  const { files } = await refresh(repository.first, repository.source);

  repository.changeRoot({ keys });
  const next = repository.newest('root');
  repository.put(
    'root',
    altered(next, [three, one], () => undefined),
  );
  expect((await refresh(files, repository.source)).newRoots).toHaveLength(1);

  const single = JSON.parse(Buffer.from(altered(next, [one], () => undefined)).toString()) as { signatures: object[] };
  const [signature = {}] = single.signatures;
  const twice = { ...single, signatures: [signature, { ...signature, keyid: two.id }] };
  repository.put('root', Buffer.from(JSON.stringify(twice)));
  expect((await refused(refresh(files, repository.source))).message).toContain('1 valid of 2 needed signatures');
  repository.put('root', Buffer.from(JSON.stringify({ ...single, signatures: [signature, signature] })));
  expect((await refused(refresh(files, repository.source))).code).toBe('head-refused');
});

test('does not sign a root that no child could follow', () => {
  const repository = new Repository();
  const { keys } = repository;
  const [kept] = keys.root;
  const another = makeSigningKey().key;
  const next = (root: Uint8Array, change: Parameters<typeof signNextRoot>[1]) =>
    codeOf(() => signNextRoot(root, change, usualLifetimes, repository.nowMs));
  const { root } = repository.first;
  expect(next(root, { keys: { ...keys, root: [another] } })).toBe('bad-request');
  expect(next(root, { keys, threshold: 2 })).toBe('bad-request');
  expect(next(root, { keys: { ...keys, root: kept === undefined ? [] : [kept, another] }, threshold: 2 })).toBe(
    'accepted',
  );
});

test('keeps the threshold from root to root, and lowers it where the old one is met', () => {
  const repository = new Repository();
  const pair = [makeSigningKey().key, makeSigningKey().key];
  const keys = { ...repository.keys, root: pair };
  const thresholdOf = () => parseRoot(repository.newest('root')).signed.roles['root']?.threshold;
  repository.changeRoot({ keys, threshold: 2, alsoSignedBy: repository.keys.root });
  repository.changeRoot({ keys });
  expect(thresholdOf()).toBe(2);
  const [single] = pair;
  repository.changeRoot({
    keys: { ...keys, root: single === undefined ? [] : [single] },
    threshold: 1,
    alsoSignedBy: pair,
  });
  expect(thresholdOf()).toBe(1);
});

test('begins again at low versions when the keys that signed high ones are gone', async () => {
  const repository = new Repository();
  Object.assign(repository.versions, { targets: 998, snapshot: 998, timestamp: 998 });
  repository.publish();
  const { files } = await refresh(repository.first, repository.source);
  expect(versionsOf(files)).toEqual({ root: 1, timestamp: 999, snapshot: 999, targets: 999 });

  const { keys } = repository;
  const [timestamp, snapshot] = [makeSigningKey().key, makeSigningKey().key];
  repository.changeRoot({ keys: { ...keys, timestamp, snapshot } });
  Object.assign(repository.versions, { targets: 0, snapshot: 0, timestamp: 0 });
  repository.publish();
  const { files: recovered } = await refresh(files, repository.source);
  expect(versionsOf(recovered)).toEqual({ root: 2, timestamp: 1, snapshot: 1, targets: 1 });
});
