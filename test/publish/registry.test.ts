import { randomBytes } from 'node:crypto';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { directoryName, documentsFor } from '../../src/model/company.js';
import type { JoinMessage, Purpose } from '../../src/model/enrolment.js';
import { sha256 } from '../../src/model/sha256.js';
import { AuthorityFiles } from '../../src/publish/authority-files.js';
import { Registry } from '../../src/publish/registry.js';
import { Signer } from '../../src/publish/signer.js';
import { Store } from '../../src/store/store.js';
import { makeAuthority } from '../../src/trust/authority.js';
import { makeKeyAndRequest } from '../../src/trust/certificate-request.js';
import { parseToken } from '../../src/trust/invitation.js';
import { makeInvitation, signJoin } from '../../src/trust/join.js';
import { usualLifetimes } from '../harness/lifetimes.js';
import { signRequest } from '../../src/trust/signed-request.js';
import { temporaryFolder } from '../harness/temporary.js';

const dayMs = 86_400_000;
const origin = { depot: 'origin', site: 'enterprise' };
const germany = { depot: 'germany-1', site: 'enterprise/germany' };
const munich = { depot: 'munich-1', site: 'enterprise/germany/munich' };

interface Holder {
  readonly registry: Registry;
  readonly store: Store;
  /** Moves the clock of the holder. */
  later(ms: number): void;
  /** A certificate, without an invitation. */
  certificate(of: typeof munich): Promise<{ readonly key: string; readonly chain: string }>;
  /** Asks in the name of a depot. */
  ask(purpose: Purpose, body: unknown, as: { readonly key: string; readonly chain: string }): Promise<unknown>;
  /** Invites in the name of `by`; what the invited one would send. */
  invite(of: typeof munich, by: { readonly key: string; readonly chain: string }): Promise<JoinMessage>;
}

async function holder(): Promise<Holder> {
  const store = Store.open(await temporaryFolder());
  onTestFinished(() => store.close());
  let now = Date.now();
  const host = { now: () => now, monotonic: () => now, sleep: () => Promise.resolve(), random: Math.random };
  const authority = await makeAuthority({ company: 'Example', nowMs: now });
  await new AuthorityFiles(store.keys).keep(authority);
  const registry = new Registry(store, host, origin, () => usualLifetimes);
  await registry.directory.found({ anchors: [authority.rootCertificate], revoked: [], graceMs: 30 * dayMs });
  const ask: Holder['ask'] = (purpose, body, { key, chain }) =>
    registry.handle(purpose, signRequest(purpose, body, key, chain, now));
  return {
    registry,
    store,
    later: (ms) => void (now += ms),
    async certificate(of) {
      const { key, request } = await makeKeyAndRequest(of);
      return { key, ...(await registry.issue(request, of)) };
    },
    ask,
    async invite(of, by) {
      const terms = { urls: ['https://127.0.0.1:1/'], fingerprint: 'a'.repeat(64), directory: 'b'.repeat(64) };
      const expiresAtMs = now + 3_600_000;
      const { token, publicKey } = makeInvitation({ ...terms, ...of, expiresAtMs });
      await ask('invite', { ...of, publicKey, expiresAt: new Date(expiresAtMs).toISOString() }, by);
      const { request } = await makeKeyAndRequest(of);
      return { ...of, request, signature: signJoin(parseToken(token), request) };
    },
  };
}

/** A repository of the depot that holds the directory. */
const own = {
  name: 'tools',
  kind: 'mirror',
  context: 'enterprise',
  master: 'origin',
  root: sha256('1.root.json'),
} as const;
const root = (): string => randomBytes(64).toString('base64');

test('whoever was invited joins once, with the key that the invitation was for', async () => {
  const { registry, invite, certificate } = await holder();
  const message = await invite(munich, await certificate(germany));
  const { request } = await makeKeyAndRequest(munich);
  await expect(registry.join({ ...message, request })).rejects.toThrow('not signed with the key of its invitation');
  expect((await registry.join(message)).chain).toContain('BEGIN CERTIFICATE');
  expect(registry.valid()[0]).toMatchObject(munich);
  await expect(registry.join(message)).rejects.toThrow('is not invited');
});

test('an invitation is over when its time is', async () => {
  const { registry, invite, certificate, later } = await holder();
  const message = await invite(munich, await certificate(germany));
  later(3_600_001);
  await expect(registry.join(message)).rejects.toMatchObject({ code: 'invitation-refused' });
});

test('nobody invites for a site that is not at or below the own one', async () => {
  const { invite, certificate } = await holder();
  const munichs = await certificate(munich);
  await expect(invite(germany, munichs)).rejects.toThrow('may invite depots at or below its own site only');
});

test('a name that is taken at another site is not given twice', async () => {
  const { registry, invite, certificate } = await holder();
  await certificate(munich);
  const elsewhere = { ...munich, site: 'enterprise/germany/berlin' };
  const message = await invite(elsewhere, await certificate(germany));
  await expect(registry.join(message)).rejects.toThrow(
    'there is a depot munich-1 at enterprise/germany/munich already',
  );
});

test('a certificate is renewed in its life and in the grace after it, not later, and never when it is revoked', async () => {
  const { registry, ask, certificate, later } = await holder();
  const [munichs, germanys] = [await certificate(munich), await certificate(germany)];
  const renew = async (as: typeof munichs): Promise<unknown> =>
    ask('renew', { request: (await makeKeyAndRequest(munich)).request }, as);
  expect(await renew(munichs)).toMatchObject({ chain: expect.stringContaining('BEGIN CERTIFICATE') });
  later(100 * dayMs);
  expect(await renew(munichs)).toHaveProperty('chain');
  await expect(
    ask('enrol', { name: 'x', kind: 'mirror', context: munich.site, root: root() }, munichs),
  ).rejects.toThrow('expired');
  later(30 * dayMs);
  await expect(renew(munichs)).rejects.toThrow('expired');
  await expect(renew(germanys)).rejects.toThrow('expired');

  const fresh = await certificate(munich);
  expect(await registry.revoke('munich-1')).toBe(2);
  await expect(renew(fresh)).rejects.toThrow('is revoked');
  await expect(registry.revoke('munich-1')).rejects.toMatchObject({ code: 'not-found' });
});

test('a repository of the own site is let in at once, a wider one by a person, one elsewhere never', async () => {
  const { registry, store, ask, certificate } = await holder();
  const munichs = await certificate(munich);
  const body = (name: string, context: string) => ({ name, kind: 'mirror', context, root: root() });
  const own = body('munich-tools', munich.site);
  expect(await ask('enrol', own, munichs)).toEqual({ state: 'enrolled' });
  expect(await ask('enrol', own, munichs)).toEqual({ state: 'enrolled' });
  expect(await ask('enrol', body('wide', 'enterprise'), munichs)).toEqual({ state: 'waiting' });
  await expect(ask('enrol', body('abroad', 'enterprise/france'), munichs)).rejects.toThrow('does not cover');
  const names = (): string[] => store.company.get('enterprise')?.repositories.map(({ name }) => name) ?? [];
  expect(names()).toEqual(['munich-tools']);
  expect(registry.waiting()).toMatchObject([{ name: 'wide', master: 'munich-1' }]);
  await registry.approve('wide');
  expect(names().sort()).toEqual(['munich-tools', 'wide']);
  expect(registry.waiting()).toEqual([]);
});

test('nobody takes a repository over, and its master brings new keys in only with the consent of a person', async () => {
  const { ask, certificate } = await holder();
  const [munichs, germanys] = [await certificate(munich), await certificate(germany)];
  const body = { name: 'tools', kind: 'mirror', context: munich.site, root: root() };
  await ask('enrol', body, munichs);
  await expect(ask('enrol', { ...body, context: germany.site }, germanys)).rejects.toThrow(
    'its master depot is munich-1',
  );
  expect(await ask('enrol', { ...body, root: root() }, munichs)).toEqual({ state: 'waiting' });
});

test('the directory is signed, and what is revoked stays revoked over a restart', async () => {
  const { registry, store, certificate } = await holder();
  await certificate(munich);
  const [{ serial = '' } = {}] = registry.valid();
  await registry.revoke('munich-1');
  const again = Store.open(store.layout.data);
  onTestFinished(() => again.close());
  expect(again.company.get('enterprise')?.isRevoked(serial)).toBe(true);
  expect(
    await new Signer(
      again,
      { now: Date.now, monotonic: Date.now, sleep: () => Promise.resolve(), random: Math.random },
      '.directory',
      () => usualLifetimes,
    ).freshen(2),
  ).toBe(false);
});

test('settings of sites are signed where they change, stay whatever else changes, and go to those that they concern', async () => {
  const { registry, store, ask, certificate } = await holder();
  const { directory } = registry;
  const hourly = { poll: { everyMs: 3_600_000 } };
  const sites = [{ site: germany.site, settings: hourly }];
  expect(await directory.set(sites)).toEqual([germany.site]);
  expect(directory.version()).toBe(2);
  expect(await directory.set([{ site: germany.site, settings: { poll: { everyMs: 3_600_000 } } }])).toEqual([]);
  expect(directory.version()).toBe(2);

  await ask('enrol', { name: 'tools', kind: 'mirror', context: munich.site, root: root() }, await certificate(munich));
  await directory.signAgain();
  expect(store.company.get(munich.site)).toMatchObject({ generation: 4, sites, repositories: [{ name: 'tools' }] });
  expect(store.company.get('enterprise/france')?.sites).toEqual([]);

  expect(await directory.set([{ site: munich.site, settings: hourly }])).toEqual([germany.site, munich.site]);
  expect(store.company.get('enterprise')).toMatchObject({
    sites: [{ site: munich.site }],
    repositories: [{ name: 'tools', context: munich.site }],
  });
  await expect(directory.set([{ site: munich.site, settings: { poll: { everyMs: -1 } } }])).rejects.toThrow();
  expect(directory.version()).toBe(5);
});

test('the document of a site with settings is one that depots of before read, and pass on', async () => {
  const { registry, store } = await holder();
  await registry.directory.set([{ site: germany.site, settings: { poll: { everyMs: 3_600_000 } } }]);
  const targets = store.signed.held('.directory')?.targets ?? Buffer.alloc(0);
  const [document] = documentsFor(munich.site, targets).filter(({ context }) => context !== null);
  expect(document).toMatchObject({ context: germany.site, file: expect.stringMatching(/^[0-9a-f]{64}\.context-/) });
  // All that they ask of it.
  expect(JSON.parse(Buffer.from(store.company.read(document?.file ?? '') ?? '').toString())).toMatchObject({
    context: germany.site,
    repositories: [],
  });
});

test('a repository that has gone to another master depot is not taken back by what was published before', async () => {
  const { directory } = (await holder()).registry;
  await directory.enrolOwn(own);
  const moved = directory.enrol({ ...own, master: munich.depot });
  await Promise.all([moved, directory.enrolOwn({ ...own, context: 'enterprise/germany' })]);
  expect(directory.repositories()).toMatchObject([{ name: 'tools', context: 'enterprise', master: munich.depot }]);
});

test('a document of the directory that was damaged is whole again with the next version that names it', async () => {
  const { registry, store } = await holder();
  await registry.directory.enrolOwn(own);
  const targets = store.signed.held(directoryName)?.targets ?? Buffer.alloc(0);
  // What is in force is known, and the document is not read before there is another version.
  store.company.get('enterprise');
  for (const { file } of documentsFor('enterprise', targets)) {
    truncateSync(join(store.layout.metadataOf(directoryName), file), 10);
  }
  await registry.directory.signAgain();
  expect(store.company.get('enterprise')?.repositories).toMatchObject([{ name: 'tools' }]);
});
