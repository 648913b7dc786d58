import { expect, test } from 'vitest';
import { sha256 } from '../../src/model/sha256.js';
import type { TrustedFiles } from '../../src/trust/metadata.js';
import { verifyOlderTargets } from '../../src/trust/refresh.js';
import { signTargets } from '../../src/trust/sign.js';
import { makeSigningKey } from '../../src/trust/signing-keys.js';
import { openTargets, type TargetReader } from '../../src/trust/targets.js';
import { codeOf } from '../manifest/code-of.js';
import { temporaryFolder } from '../harness/temporary.js';
import { altered, newKeys, refresh, refused, Repository } from './repository.js';

const documents = { company: '{"anchors":[]}', 'context/ab12': '{"context":"acme/munich"}' };

async function directory(): Promise<{ repository: Repository; held: Required<TrustedFiles>; scratch: string }> {
  const repository = new Repository();
  repository.publish(documents);
  const { files } = await refresh(repository.first, repository.source);
  repository.asked.length = 0;
  return { repository, held: files, scratch: await temporaryFolder() };
}

async function open(repository: Repository, held: Required<TrustedFiles>): Promise<TargetReader> {
  return openTargets(held, repository.source, { scratch: await temporaryFolder(), subject: 'the directory' });
}

test('brings a target by its hash, beside its folder, and asks for nothing else', async () => {
  const { repository, held } = await directory();
  const bytes = await (await open(repository, held)).read('context/ab12');
  expect(Buffer.from(bytes).toString()).toBe(documents['context/ab12']);
  expect(repository.asked).toEqual([`context/${sha256(documents['context/ab12'])}.ab12`]);
});

test('reads many targets of the state that is held, though the source has gone on', async () => {
  const { repository, held } = await directory();
  repository.publish({ company: 'newer' });
  const reader = await open(repository, held);
  for (const [path, text] of Object.entries(documents))
    expect(Buffer.from(await reader.read(path)).toString()).toBe(text);
});

test('does not ask for what it is shown', async () => {
  const { repository, held } = await directory();
  const reader = await open(repository, held);
  const company = Buffer.from(documents.company);
  expect(await reader.read('company', company)).toBe(company);
  expect(repository.asked).toEqual([]);
  expect(Buffer.from(await reader.read('company', Buffer.from('old'))).toString()).toBe(documents.company);
});

test('refuses targets that are not those named', async () => {
  const { repository, held } = await directory();
  const reader = await open(repository, held);
  const name = `${sha256(documents.company)}.company`;
  const answers = [
    ['{"anchors":[1', 'company of the directory has length 13, what is signed says 14'],
    ['{"anchors":{}}', 'company of the directory has hash '],
    ['{"anchors":[], "revoked": []}', 'company of the directory is longer than the 14 bytes it may have: endless data'],
  ] as const;
  for (const [text, message] of answers) {
    repository.contents.set(name, Buffer.from(text));
    const error = await refused(reader.read('company'));
    expect([error.code, error.message]).toEqual(['head-refused', expect.stringContaining(message)]);
  }
  repository.contents.delete(name);
  expect((await refused(reader.read('company'))).code).toBe('parent-answer');
  expect((await refused(reader.read('context/none'))).code).toBe('not-found');
});

test('does not let a path lead out of the place of the targets', async () => {
  const { repository } = await directory();
  repository.publish({ '../secret': 'x' });
  const { files } = await refresh(repository.first, repository.source);
  repository.asked.length = 0;
  expect((await refused((await open(repository, files)).read('../secret'))).message).toContain('leads elsewhere');
  expect(repository.asked).toEqual([]);
});

/** A directory that leaves the paths below `munich/` to the role `munich`, signed by a key of its own. */
async function delegating(expiresInMs: number) {
  const repository = new Repository();
  const { key } = makeSigningKey();
  const content = Buffer.from('of munich');
  const hash = sha256(content);
  repository.contents.set(`munich/${hash}.a`, content);
  const own = { version: 1, targets: { 'munich/a': { length: content.length, sha256: hash } } };
  const lifetimes = { ...repository.lifetimes, targetsMs: expiresInMs };
  repository.files.set('1.munich.json', signTargets(own, key, lifetimes, repository.nowMs));
  const { keys } = repository;
  const delegate = altered(repository.newest('targets'), [keys.targets], (signed) => {
    const role = { name: 'munich', keyids: [key.id], threshold: 1, terminating: true, paths: ['munich/*'] };
    const value = { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: key.public } };
    signed['delegations'] = { keys: { [key.id]: value }, roles: [role] };
  });
  repository.put('targets', delegate);
  repository.publishSnapshot();
  const snapshot = altered(repository.newest('snapshot'), [keys.snapshot], (signed) => {
    signed['meta'] = { 'targets.json': { version: 1 }, 'munich.json': { version: 1 } };
  });
  repository.put('snapshot', snapshot);
  repository.publishTimestamp();
  const { files } = await refresh(repository.first, repository.source);
  repository.asked.length = 0;
  return { repository, held: files, reader: await open(repository, files), name: `munich/${hash}.a` };
}

test('reads what a delegated role names, and asks for that role once', async () => {
  const { repository, reader, name } = await delegating(60_000);
  expect(Buffer.from(await reader.read('munich/a')).toString()).toBe('of munich');
  await reader.read('munich/a');
  expect(repository.asked).toEqual(['1.munich.json', name, name]);
});

test('refuses a delegated role that somebody else has signed, or that has expired', async () => {
  const expired = await delegating(-60_000);
  const error = await refused(expired.reader.read('munich/a'));
  expect([error.code, error.message]).toEqual([
    'head-expired',
    expect.stringContaining('munich of the directory expired at '),
  ]);

  const { repository, reader } = await delegating(60_000);
  const { targets } = repository.keys;
  const own = repository.files.get('1.munich.json') ?? new Uint8Array();
  repository.files.set(
    '1.munich.json',
    altered(own, [targets], () => undefined),
  );
  expect((await refused(reader.read('munich/a'))).message).toContain('1.munich.json of the directory has 0 valid of 1');
  repository.files.set('1.munich.json', own);
  await expect(reader.read('munich/a')).resolves.toBeDefined();
});

test('takes older targets that the trusted keys have signed, expired or not, and no others', () => {
  const repository = new Repository();
  const { root } = repository.first;
  const { keys, lifetimes } = repository;
  const older = signTargets(
    { version: 1, targets: {} },
    keys.targets,
    lifetimes,
    repository.nowMs - 2 * lifetimes.targetsMs,
  );
  expect(codeOf(() => verifyOlderTargets(root, older))).toBe('accepted');
  const foreign = altered(older, [newKeys().targets], () => undefined);
  expect(codeOf(() => verifyOlderTargets(root, foreign))).toBe('head-refused');
  expect(codeOf(() => verifyOlderTargets(root, repository.newest('snapshot')))).toBe('head-refused');
  expect(codeOf(() => verifyOlderTargets(root, Buffer.from('{}')))).toBe('head-refused');
});
