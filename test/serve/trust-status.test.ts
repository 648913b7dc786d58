import { expect, onTestFinished, test } from 'vitest';
import { realHost } from '../../src/host.js';
import { directoryName } from '../../src/model/company.js';
import { DirectoryHolder } from '../../src/publish/directory.js';
import { Signer } from '../../src/publish/signer.js';
import { directoryStatus, expiryOfOwn, trustOf } from '../../src/serve/trust-status.js';
import { sha256 } from '../../src/model/sha256.js';
import { Store } from '../../src/store/store.js';
import { usualLifetimes } from '../harness/lifetimes.js';
import { temporaryFolder } from '../harness/temporary.js';

const now = Date.UTC(2026, 10, 21, 12);
const day = 86_400_000;
const facts = { site: 'enterprise/germany', lifetimes: usualLifetimes };
const host = { ...realHost, now: () => now };

async function openStore(): Promise<Store> {
  const store = Store.open(await temporaryFolder());
  onTestFinished(() => store.close());
  return store;
}

async function master(): Promise<{ store: Store; signer: Signer }> {
  const store = await openStore();
  const signer = new Signer(store, host, 'tools', () => usualLifetimes);
  await signer.alone((sign) => sign(1, {}));
  return { store, signer };
}

test('tells where the root key is, and what expires first', async () => {
  const { store, signer } = await master();
  const expires = { role: 'timestamp', at: new Date(now + 30 * day).toISOString() };
  expect(trustOf(store, facts, 'tools', true)).toEqual({ rootKey: 'here', authenticated: true, expires });
  await signer.protect('correct horse');
  expect(trustOf(store, facts, 'tools', true).rootKey).toBe('sealed');
  store.keys.remove('tools', 'root.pem.sealed');
  expect(trustOf(store, facts, 'tools', true).rootKey).toBe('elsewhere');
  expect(trustOf(store, facts, 'other', true)).toEqual({ rootKey: null, authenticated: true, expires: null });
});

test.each([
  [19, undefined],
  [21, 'the timestamp metadata of tools expires in 9 days'],
  [31, 'the timestamp metadata of tools expired a day ago'],
])('%d days after the last signature says of an own head: %s', async (days, message) => {
  const { store } = await master();
  const error = expiryOfOwn(store, facts, 'tools', now + days * day);
  if (message === undefined) expect(error).toBeNull();
  else expect(error).toMatchObject({ code: 'head-expired', message: expect.stringContaining(message) });
});

test('says 60 days before the end of a root which command signs the next', async () => {
  const { store, signer } = await master();
  await signer.protect('correct horse');
  const lasting = { ...facts, lifetimes: { ...usualLifetimes, timestampMs: 1, targetsMs: 1 } };
  const later = new Signer(store, { ...host, now: () => now + 671 * day }, 'tools', () => usualLifetimes);
  await later.alone((sign) => sign(2, {}));
  expect(expiryOfOwn(store, lasting, 'tools', now + 669 * day)).toBeNull();
  const error = expiryOfOwn(store, lasting, 'tools', now + 671 * day);
  expect(error?.message).toContain('the root metadata of tools expires in 59 days');
  expect(error?.hint).toBe('depot keys rotate tools');
  store.keys.remove('tools', 'root.pem.sealed');
  expect(expiryOfOwn(store, lasting, 'tools', now + 671 * day)?.hint).toBe('depot keys rotate tools --root-key FILE');
});

test('calls a repository authenticated whose root is the one that the directory names', async () => {
  const { store } = await master();
  expect(trustOf(store, facts, 'tools', false)).toMatchObject({ rootKey: null, authenticated: false });
  const directory = new DirectoryHolder(store, host, 'enterprise', () => usualLifetimes);
  await directory.found({ anchors: ['an anchor'], revoked: [], graceMs: 0 });
  const enrol = (root: string, context: string) =>
    directory.enrol({
      name: 'tools',
      kind: 'mirror',
      context,
      master: 'origin',
      root: root as ReturnType<typeof sha256>,
    });
  const root = sha256(store.signed.held('tools')?.root ?? '');
  const isAuthenticated = () => trustOf(store, facts, 'tools', false).authenticated;
  await enrol(root, 'enterprise');
  expect(isAuthenticated()).toBe(true);
  await enrol(sha256('another'), 'enterprise');
  expect(isAuthenticated()).toBe(false);
  await enrol(root, 'enterprise/france');
  expect(isAuthenticated()).toBe(false);
});

test('alarms where a copy of the directory has expired, and at its own depot before', async () => {
  const store = await openStore();
  expect(directoryStatus(store, facts, null, now)).toBeNull();
  const directory = new DirectoryHolder(store, host, 'enterprise', () => usualLifetimes);
  await directory.found({ anchors: ['an anchor'], revoked: [], graceMs: 0 });
  expect(directoryStatus(store, facts, null, now)).toMatchObject({ trust: { rootKey: 'here' }, error: null });
  expect(directoryStatus(store, facts, null, now + 25 * day)?.error?.code).toBe('head-expired');
  for (const file of store.keys.list(directoryName)) store.keys.remove(directoryName, file);
  expect(directoryStatus(store, facts, null, now + 25 * day)).toMatchObject({ trust: { rootKey: null }, error: null });
  expect(directoryStatus(store, facts, null, now + 31 * day)?.error).toMatchObject({
    code: 'head-expired',
    message: expect.stringContaining("of the company's directory expired a day ago"),
  });
});
