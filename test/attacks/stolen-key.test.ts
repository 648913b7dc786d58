import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Settings } from '../../src/config/settings.js';
import { foundCompany } from '../../src/daemon/founding.js';
import { realHost, type Host } from '../../src/host.js';
import type { Purpose } from '../../src/model/enrolment.js';
import { Registry } from '../../src/publish/registry.js';
import { Store } from '../../src/store/store.js';
import { makeKeyAndRequest } from '../../src/trust/certificate-request.js';
import type { DepotIdentity } from '../../src/trust/identity.js';
import { parseToken } from '../../src/trust/invitation.js';
import { makeInvitation, signJoin } from '../../src/trust/join.js';
import { signRequest } from '../../src/trust/signed-request.js';
import { temporaryFolder } from '../harness/temporary.js';
import { usualGraceMs, usualLifetimes } from '../harness/lifetimes.js';

const hourMs = 3_600_000;
const origin = { depot: 'origin', site: 'enterprise' };
const munich = { depot: 'munich-1', site: 'enterprise/germany/munich' };
const root = Buffer.from('the first root of what an attacker publishes').toString('base64');

/** The CA of a company, and what somebody has who stole the key of munich-1. */
async function theft() {
  let aheadMs = 0;
  const host: Host = { ...realHost, now: () => Date.now() + aheadMs };
  const data = join(await temporaryFolder(), 'data');
  await foundCompany(
    { ...origin, data, signing: usualLifetimes } as Settings,
    { company: 'enterprise' },
    usualGraceMs,
    host,
  );
  const store = Store.open(data);
  onTestFinished(() => store.close());
  const registry = new Registry(store, host, origin, () => usualLifetimes);
  const { key, request } = await makeKeyAndRequest(munich);
  const { chain } = await registry.issue(request, munich);
  const ask = (purpose: Purpose, body: unknown): Promise<unknown> =>
    registry.handle(purpose, signRequest(purpose, body, key, chain, host.now()));
  /** Invites, and gives what comes of joining by it. */
  async function invite(identity: DepotIdentity, lastsMs = hourMs): Promise<() => Promise<unknown>> {
    const expiresAtMs = host.now() + lastsMs;
    const hash = '0'.repeat(64);
    const known = { urls: ['https://127.0.0.1:1'], fingerprint: hash, directory: hash, ...identity, expiresAtMs };
    const { token, publicKey } = makeInvitation(known);
    await ask('invite', { ...identity, publicKey, expiresAt: new Date(expiresAtMs).toISOString() });
    const own = await makeKeyAndRequest(identity);
    const signature = signJoin(parseToken(token), own.request);
    return () => registry.join({ ...identity, request: own.request, signature });
  }
  return { registry, store, ask, invite, wait: (ms: number) => void (aheadMs += ms) };
}

it('brings in depots at its own site and below, and nowhere else', async () => {
  const { invite } = await theft();
  await expect((await invite({ depot: 'airport-1', site: `${munich.site}/airport` }))()).resolves.toBeDefined();
  await expect(invite({ depot: 'germany-2', site: 'enterprise/germany' })).rejects.toMatchObject({
    code: 'not-allowed',
  });
  await expect(invite({ depot: 'paris-1', site: 'enterprise/france' })).rejects.toMatchObject({ code: 'not-allowed' });
});

it('takes no name that another depot has elsewhere', async () => {
  const { invite } = await theft();
  const joining = await invite({ depot: 'origin', site: munich.site });
  await expect(joining()).rejects.toMatchObject({ code: 'invitation-refused' });
});

it('publishes for its own site, for others only what a person approves, and under no name of another', async () => {
  const { ask, registry, store } = await theft();
  const body = (name: string, context: string) => ({ name, kind: 'mirror', context, root });
  expect(await ask('enrol', body('own', munich.site))).toEqual({ state: 'enrolled' });
  expect(await ask('enrol', body('wide', 'enterprise'))).toEqual({ state: 'waiting' });
  await expect(ask('enrol', body('foreign', 'enterprise/france'))).rejects.toMatchObject({ code: 'not-allowed' });
  await registry.directory.enrol({
    name: 'tools',
    kind: 'mirror',
    context: 'enterprise',
    master: 'origin',
    root: '0'.repeat(64) as never,
  });
  await expect(ask('enrol', body('tools', munich.site))).rejects.toMatchObject({ code: 'not-allowed' });
  const other = { ...body('own', munich.site), root: Buffer.from('another root').toString('base64') };
  expect(await ask('enrol', other)).toEqual({ state: 'waiting' });
  const names = store.company.get('enterprise')?.repositories.map(({ name }) => name);
  expect(names?.sort()).toEqual(['own', 'tools']);
});

it('is good for nothing once it is revoked, and neither are the invitations that it made', async () => {
  const { registry, ask, invite } = await theft();
  const joining = await invite({ depot: 'sleeper-1', site: munich.site });
  const renewal = await makeKeyAndRequest(munich);
  await ask('renew', { request: renewal.request });
  expect(await registry.revoke('munich-1')).toBe(2);
  await expect(joining()).rejects.toMatchObject({ code: 'invitation-refused' });
  await expect(ask('renew', { request: renewal.request })).rejects.toMatchObject({ code: 'certificate-refused' });
  await expect(invite({ depot: 'sleeper-2', site: munich.site })).rejects.toMatchObject({
    code: 'certificate-refused',
  });
});

it('makes no invitation that is open for years', async () => {
  const { invite, wait } = await theft();
  const joining = await invite({ depot: 'sleeper-1', site: munich.site }, 10_000 * 24 * hourMs);
  wait(31 * 24 * hourMs);
  await expect(joining()).rejects.toMatchObject({ code: 'invitation-refused' });
});
