import { expect, it, onTestFinished } from 'vitest';
import type { Purpose } from '../../src/model/enrolment.js';
import { sha256 } from '../../src/model/sha256.js';
import { AuthorityFiles } from '../../src/publish/authority-files.js';
import { Registry } from '../../src/publish/registry.js';
import { Store } from '../../src/store/store.js';
import { makeAuthority } from '../../src/trust/authority.js';
import { makeKeyAndRequest } from '../../src/trust/certificate-request.js';
import { proposeRoot, signProposal } from '../../src/trust/root-move.js';
import { signFirstRoot, type RoleKeys } from '../../src/trust/sign.js';
import { signRequest } from '../../src/trust/signed-request.js';
import { makeSigningKey } from '../../src/trust/signing-keys.js';
import { usualLifetimes } from '../harness/lifetimes.js';
import { temporaryFolder } from '../harness/temporary.js';

const germany = { depot: 'germany-1', site: 'enterprise/germany' };
const spare = { depot: 'germany-2', site: 'enterprise/germany' };
const munich = { depot: 'munich-1', site: 'enterprise/germany/munich' };
const france = { depot: 'france-1', site: 'enterprise/france' };

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

function newKeys(): RoleKeys {
  const key = () => makeSigningKey().key;
  return { root: [key()], targets: key(), snapshot: key(), timestamp: key() };
}

/** The directory, in which `tools` is enrolled by germany-1. */
async function holder() {
  const store = Store.open(await temporaryFolder());
  onTestFinished(() => store.close());
  const now = Date.now();
  const host = { now: () => now, monotonic: () => now, sleep: () => Promise.resolve(), random: Math.random };
  const authority = await makeAuthority({ company: 'Example', nowMs: now });
  await new AuthorityFiles(store.keys).keep(authority);
  const registry = new Registry(store, host, { depot: 'origin', site: 'enterprise' }, () => usualLifetimes);
  await registry.directory.found({ anchors: [authority.rootCertificate], revoked: [], graceMs: 0 });
  const old = newKeys();
  const first = signFirstRoot(old, usualLifetimes, now);
  const enrolled = { name: 'tools', kind: 'mirror', context: germany.site, master: germany.depot } as const;
  await registry.directory.enrol({ ...enrolled, root: sha256(first) });
  const ask = async (purpose: Purpose, body: unknown, as: typeof germany, roots: Uint8Array[] = []) => {
    const { key, request } = await makeKeyAndRequest(as);
    const { chain } = await registry.issue(request, as);
    return registry.handle(purpose, signRequest(purpose, body, key, chain, now), roots.map(base64));
  };
  const proposal = proposeRoot(first, newKeys(), usualLifetimes, now);
  return {
    registry,
    ask,
    first,
    proposal,
    signed: signProposal(first, proposal, old.root),
    takeOver: (as: typeof germany) => ask('take-over', { name: 'tools', root: base64(proposal), generation: 41 }, as),
    entry: () => registry.directory.repositories().find(({ name }) => name === 'tools'),
  };
}

const move = { name: 'tools', to: spare.depot, generation: 41, next: 42 };

it('names the new master depot once the old root key has signed it, and remembers the move', async () => {
  const { ask, takeOver, entry, first, signed } = await holder();
  expect(await takeOver(spare)).toEqual({ master: germany.depot });
  expect(entry()).toMatchObject({ master: germany.depot, asked: [{ ...spare, generation: 41 }] });
  for (const time of ['once', 'again']) {
    expect(await ask('move', move, germany, [first, signed]), time).toEqual({ master: spare.depot });
  }
  const moves = [{ from: germany.depot, to: spare.depot, generation: 41, next: 42, root: 2, metadata: base64(signed) }];
  expect(entry()).toMatchObject({ master: spare.depot, moves });
  expect(entry()).not.toHaveProperty('asked');
  expect(entry()?.moves).toHaveLength(1);
});

it('refuses a move that the old root key has not signed, whoever claims it', async () => {
  const { ask, takeOver, entry, first, proposal } = await holder();
  await takeOver(spare);
  for (const claimant of [germany, spare]) {
    await expect(ask('move', move, claimant, [first, proposal])).rejects.toThrow('not signed by enough of the keys');
    await expect(ask('move', move, claimant, [proposal])).rejects.toThrow('does not begin with the root');
    await expect(ask('move', move, claimant)).rejects.toThrow('does not begin with the root');
  }
  expect(entry()).toMatchObject({ master: germany.depot });
});

it('refuses a move to a depot that does not ask, of a root that it does not ask for, and by a third depot', async () => {
  const { ask, takeOver, entry, first, signed } = await holder();
  await expect(ask('move', move, germany, [first, signed])).rejects.toThrow('germany-2 does not ask for tools');
  await takeOver(spare);
  await expect(ask('move', move, munich, [first, signed])).rejects.toThrow('munich-1 is neither the master depot');
  const other = proposeRoot(first, newKeys(), usualLifetimes, Date.now());
  await ask('take-over', { name: 'tools', root: base64(other), generation: 41 }, spare);
  await expect(ask('move', move, germany, [first, signed])).rejects.toThrow('is not the one that germany-2 asks for');
  expect(entry()).toMatchObject({ master: germany.depot });
});

it('lets nobody ask from outside of the scope, nor with what is no root', async () => {
  const { ask, takeOver, entry } = await holder();
  await expect(takeOver(france)).rejects.toThrow('france-1 at enterprise/france is not in the scope of tools');
  const body = { name: 'tools', root: base64(Buffer.from('{}')), generation: 41 };
  await expect(ask('take-over', body, spare)).rejects.toThrow('what should be root metadata is not');
  await expect(ask('take-over', { ...body, name: 'fonts' }, spare)).rejects.toThrow('no repository fonts');
  expect(entry()).not.toHaveProperty('asked');
});

it('forgets what was asked when it is turned down, taken back, or the depot is revoked, and no move follows', async () => {
  const { ask, registry, takeOver, entry, first, signed } = await holder();
  await takeOver(spare);
  await takeOver(munich);
  await expect(ask('stay', { name: 'tools', depot: spare.depot }, munich)).rejects.toThrow('is not the master depot');
  expect(await ask('stay', { name: 'tools', depot: spare.depot }, germany)).toEqual({ master: germany.depot });
  await expect(ask('move', move, germany, [first, signed])).rejects.toThrow('does not ask');
  expect(entry()?.asked?.map(({ depot }) => depot)).toEqual([munich.depot]);
  await ask('stay', { name: 'tools', depot: munich.depot }, munich);
  await takeOver(munich);
  await registry.revoke(munich.depot);
  expect(entry()).not.toHaveProperty('asked');
});

it('bounds how many ask', async () => {
  const { takeOver } = await holder();
  for (let number = 1; number <= 8; number += 1) await takeOver({ depot: `munich-${number}`, site: munich.site });
  await takeOver(munich);
  await expect(takeOver(spare)).rejects.toThrow('8 depots ask for tools already');
});
