import { expect, onTestFinished, test } from 'vitest';
import { realHost } from '../../src/host.js';
import { AuthorityFiles, authorityFolder } from '../../src/publish/authority-files.js';
import { Registry } from '../../src/publish/registry.js';
import { Store } from '../../src/store/store.js';
import { makeAuthority } from '../../src/trust/authority.js';
import { makeKeyAndRequest } from '../../src/trust/certificate-request.js';
import { fingerprintOf } from '../../src/trust/certificates.js';
import { usualLifetimes } from '../harness/lifetimes.js';
import { temporaryFolder } from '../harness/temporary.js';
import { refused } from '../trust/repository.js';

const day = 86_400_000;
const munich = { depot: 'munich-1', site: 'enterprise/germany/munich' };

async function company() {
  const clock = { nowMs: Date.now() };
  const store = Store.open(await temporaryFolder());
  onTestFinished(() => store.close());
  const host = { ...realHost, now: () => clock.nowMs };
  const authority = await makeAuthority({ company: 'Example', nowMs: clock.nowMs });
  const files = new AuthorityFiles(store.keys);
  await files.keep(authority);
  const open = () => new Registry(store, host, { depot: 'origin', site: 'enterprise' }, () => usualLifetimes);
  const registry = open();
  await registry.directory.found({ anchors: [authority.rootCertificate], revoked: [], graceMs: 0 });
  const issue = async () => registry.issue((await makeKeyAndRequest(munich)).request, munich);
  const anchors = () => (store.company.get('enterprise')?.document.anchors ?? []).map(fingerprintOf);
  return { clock, store, files, registry, issue, anchors, open, first: fingerprintOf(authority.rootCertificate) };
}

test('trusts both roots from a rotation on, and drops the old one when nothing valid leads to it any more', async () => {
  const { clock, store, registry, issue, anchors, first } = await company();
  await issue();
  const second = await registry.rotateAuthority(null);
  expect(anchors()).toEqual([first, second]);
  expect(store.keys.list(authorityFolder)).toEqual([
    ...['2.bridge.crt', '2.issuing.crt', '2.issuing.key', '2.root.crt', '2.root.key', 'current', 'issued.json'],
  ]);
  await issue();
  expect(registry.valid().map(({ root }) => root)).toEqual([second, first]);

  clock.nowMs += 80 * day;
  const early = await refused(registry.finishRotation());
  expect(early.message).toMatch(
    /^1 valid certificates lead to the root of before: munich-1 \(until \d{4}-\d\d-\d\d\)$/,
  );
  expect(anchors()).toEqual([first, second]);
  expect((await refused(registry.rotateAuthority(null))).hint).toBe('depot ca rotate --finish');

  clock.nowMs += 11 * day;
  expect(await registry.finishRotation()).toBe(second);
  expect(anchors()).toEqual([second]);
  expect((await refused(registry.finishRotation())).message).toContain('there is no rotation');
});

test('does not wait for certificates that were revoked', async () => {
  const { registry, issue, anchors } = await company();
  await issue();
  const second = await registry.rotateAuthority(null);
  await registry.revoke('munich-1');
  await registry.finishRotation();
  expect(anchors()).toEqual([second]);
});

test('finishes a rotation that was cut between CA and directory', async () => {
  const { files, anchors, first, open, store } = await company();
  const other = await makeAuthority({ company: 'Example', nowMs: Date.now() });
  await files.keep(other);
  expect(anchors()).toEqual([first]);
  await open().freshen();
  expect(anchors()).toEqual([first, fingerprintOf(other.rootCertificate)]);
  expect(store.keys.list(authorityFolder)).not.toContain('root.key');
});
