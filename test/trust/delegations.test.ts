import { expect, test } from 'vitest';
import { sha256 } from '../../src/model/sha256.js';
import { signTargets } from '../../src/trust/sign.js';
import { makeSigningKey, type SigningKey } from '../../src/trust/signing-keys.js';
import { altered, dayMs, reading, refused, Repository, type Reading } from './repository.js';

interface Delegation {
  readonly role: string;
  readonly key: SigningKey;
  readonly paths: readonly string[];
}

interface Delegated {
  readonly signedBy: SigningKey;
  readonly targets?: Readonly<Record<string, string>>;
  readonly leadsTo?: readonly Delegation[];
  readonly lifetimeMs?: number;
}

/** A repository whose `targets` delegate; `roles` are the roles below, each in its first version. */
async function delegating(
  leadsTo: readonly Delegation[],
  roles: Readonly<Record<string, Delegated>>,
): Promise<Reading> {
  const repository = new Repository();
  const { keys, lifetimes, nowMs } = repository;
  for (const [name, { signedBy, targets = {}, leadsTo: below = [], lifetimeMs = dayMs }] of Object.entries(roles)) {
    const named = Object.entries(targets).map(([path, text]) => {
      const hash = sha256(text);
      repository.contents.set(path.replace(/([^/]*)$/, `${hash}.$1`), Buffer.from(text));
      return [path, { length: text.length, sha256: hash }] as const;
    });
    const input = { version: 1, targets: Object.fromEntries(named) };
    const plain = signTargets(input, signedBy, { ...lifetimes, targetsMs: lifetimeMs }, nowMs);
    repository.files.set(`1.${name}.json`, withDelegations(plain, signedBy, below));
  }
  repository.put('targets', withDelegations(repository.newest('targets'), keys.targets, leadsTo));
  repository.publishSnapshot();
  const all = ['targets', ...Object.keys(roles)].map((name) => [`${name}.json`, { version: 1 }] as const);
  const snapshot = altered(repository.newest('snapshot'), [keys.snapshot], (signed) => {
    signed['meta'] = Object.fromEntries(all);
  });
  repository.put('snapshot', snapshot);
  repository.publishTimestamp();
  return reading(repository);
}

function withDelegations(targets: Uint8Array, key: SigningKey, below: readonly Delegation[]): Uint8Array {
  return altered(targets, [key], (signed) => {
    signed['delegations'] = {
      keys: Object.fromEntries(
        below.map((to) => [to.key.id, { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: to.key.public } }]),
      ),
      roles: below.map(({ role, key: { id }, paths }) => {
        return { name: role, keyids: [id], threshold: 1, terminating: false, paths };
      }),
    };
  });
}

test('reads what a delegated role names, and asks for that role once', async () => {
  const { key } = makeSigningKey();
  const { repository, read } = await delegating([{ role: 'munich', key, paths: ['munich/*'] }], {
    munich: { signedBy: key, targets: { 'munich/a': 'of munich' } },
  });
  expect(Buffer.from(await read('munich/a')).toString()).toBe('of munich');
  await read('munich/a');
  const name = `munich/${sha256('of munich')}.a`;
  expect(repository.asked).toEqual(['1.munich.json', name, name]);
});

test('takes nothing from a delegated role outside the paths that it was given', async () => {
  const { key } = makeSigningKey();
  const { read } = await delegating([{ role: 'munich', key, paths: ['munich/*'] }], {
    munich: { signedBy: key, targets: { 'berlin/a': 'of munich' } },
  });
  expect((await refused(read('berlin/a'))).code).toBe('not-found');
});

test('refuses a delegated role that has expired', async () => {
  const { key } = makeSigningKey();
  const { read } = await delegating([{ role: 'munich', key, paths: ['munich/*'] }], {
    munich: { signedBy: key, lifetimeMs: -dayMs },
  });
  const error = await refused(read('munich/a'));
  expect([error.code, error.message]).toEqual([
    'head-expired',
    expect.stringContaining('munich of the directory expired at '),
  ]);
});

test('refuses a delegated role that somebody else has signed, and recovers', async () => {
  const { key } = makeSigningKey();
  const { repository, read } = await delegating([{ role: 'munich', key, paths: ['munich/*'] }], {
    munich: { signedBy: key, targets: { 'munich/a': 'of munich' } },
  });
  const own = repository.files.get('1.munich.json') ?? new Uint8Array();
  const foreign = altered(own, [repository.keys.targets], () => undefined);
  repository.files.set('1.munich.json', foreign);
  expect((await refused(read('munich/a'))).message).toContain('1.munich.json of the directory has 0 valid of 1');
  repository.files.set('1.munich.json', own);
  await expect(read('munich/a')).resolves.toBeDefined();
});

test('does not take a role that one delegation led to as led to by another', async () => {
  const [a, b, release, other] = [0, 1, 2, 3].map(() => makeSigningKey().key) as [
    SigningKey,
    SigningKey,
    SigningKey,
    SigningKey,
  ];
  const { read } = await delegating(
    [
      { role: 'a', key: a, paths: ['a/*'] },
      { role: 'b', key: b, paths: ['b/*'] },
    ],
    {
      a: { signedBy: a, leadsTo: [{ role: 'release', key: release, paths: ['a/*'] }] },
      b: { signedBy: b, leadsTo: [{ role: 'release', key: other, paths: ['b/*'] }] },
      release: { signedBy: release, targets: { 'a/x': 'by its key', 'b/x': 'by the key of another' } },
    },
  );
  expect(Buffer.from(await read('a/x')).toString()).toBe('by its key');
  expect((await refused(read('b/x'))).message).toContain('1.release.json of the directory has 0 valid of 1');
});
