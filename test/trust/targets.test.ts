import { expect, test } from 'vitest';
import { sha256 } from '../../src/model/sha256.js';
import { verifyOlderTargets } from '../../src/trust/refresh.js';
import { signTargets } from '../../src/trust/sign.js';
import { codeOf } from '../manifest/code-of.js';
import { altered, newKeys, reading, refused, Repository, type Reading } from './repository.js';

const documents = { company: '{"anchors":[]}', 'context/ab12': '{"context":"acme/munich"}' };

async function directory(): Promise<Reading> {
  const repository = new Repository();
  repository.publish(documents);
  return reading(repository);
}

test('brings a target by its hash, beside its folder, and asks for nothing else', async () => {
  const { repository, read } = await directory();
  const bytes = await read('context/ab12');
  expect(Buffer.from(bytes).toString()).toBe(documents['context/ab12']);
  expect(repository.asked).toEqual([`context/${sha256(documents['context/ab12'])}.ab12`]);
});

test('reads many targets of the state that is held, though the source has gone on', async () => {
  const { repository, read } = await directory();
  repository.publish({ company: 'newer' });
  for (const [path, text] of Object.entries(documents)) expect(Buffer.from(await read(path)).toString()).toBe(text);
});

test('does not ask for what it is shown', async () => {
  const { repository, read } = await directory();
  const company = Buffer.from(documents.company);
  expect(await read('company', company)).toBe(company);
  expect(repository.asked).toEqual([]);
  expect(Buffer.from(await read('company', Buffer.from('old'))).toString()).toBe(documents.company);
});

test('refuses targets that are not those named', async () => {
  const { repository, read } = await directory();
  const name = `${sha256(documents.company)}.company`;
  const answers = [
    ['{"anchors":[1', 'company of the directory has length 13, what is signed says 14'],
    ['{"anchors":{}}', 'company of the directory has hash '],
    ['{"anchors":[], "revoked": []}', 'company of the directory is longer than the 14 bytes it may have: endless data'],
  ] as const;
  for (const [text, message] of answers) {
    repository.contents.set(name, Buffer.from(text));
    const error = await refused(read('company'));
    expect([error.code, error.message]).toEqual(['head-refused', expect.stringContaining(message)]);
  }
  repository.contents.delete(name);
  expect((await refused(read('company'))).code).toBe('parent-answer');
  expect((await refused(read('context/none'))).code).toBe('not-found');
});

test('does not let a path lead out of the place of the targets', async () => {
  const repository = new Repository();
  repository.publish({ '../secret': 'x' });
  const { read } = await reading(repository);
  expect((await refused(read('../secret'))).message).toContain('leads elsewhere');
  expect(repository.asked).toEqual([]);
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
