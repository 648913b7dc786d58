import { X509Certificate } from 'node:crypto';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import type { SubjectRow } from '../../src/model/company.js';
import { DirectoryHolder } from '../../src/publish/directory.js';
import { SubjectMap } from '../../src/publish/subject-map.js';
import { Store } from '../../src/store/store.js';
import { readAnchors } from '../../src/trust/anchors.js';
import { depotOf, whyNobody } from '../../src/trust/naming.js';
import { realHost } from '../../src/host.js';
import { certificateAuthority, type Authority } from '../harness/certificates.js';
import { usualLifetimes } from '../harness/lifetimes.js';
import { temporaryFolder } from '../harness/temporary.js';
import { refusalOf } from '../trust/fixture.js';

const origin: SubjectRow = { subject: 'CN=origin', depot: 'origin', site: 'enterprise' };
const munich: SubjectRow = { subject: 'CN=munich,O=Example', depot: 'munich', site: 'enterprise/munich' };

let pki: Authority;
let leaf: X509Certificate;

beforeAll(async () => {
  pki = await certificateAuthority('Example');
  leaf = new X509Certificate((await pki.issueTo(munich.subject)).chain);
});

async function map(): Promise<SubjectMap> {
  const store = Store.open(await temporaryFolder());
  onTestFinished(() => store.close());
  const directory = new DirectoryHolder(store, realHost, 'enterprise', () => usualLifetimes);
  await directory.found({ anchors: [pki.root], revoked: [], graceMs: 0, subjects: [origin] });
  return new SubjectMap({ depot: 'origin', site: 'enterprise' }, directory);
}

test('a certificate is that of the depot to which its subject is mapped, and of none when the row is gone', async () => {
  const subjects = await map();
  expect(depotOf(leaf, subjects.list())).toBeUndefined();
  await subjects.add(munich);
  await subjects.add(munich);
  expect(depotOf(leaf, subjects.list())).toEqual({ depot: 'munich', site: 'enterprise/munich' });
  expect(await subjects.remove(munich.subject, null, undefined)).toEqual([munich]);
  expect(depotOf(leaf, subjects.list())).toBeUndefined();
  expect(subjects.list()).toEqual([origin]);
});

test('a row for one CA counts for certificates of that CA only, and stands beside one for another CA', async () => {
  const subjects = await map();
  const issuer = 'CN=Example issuing';
  await subjects.add({ ...munich, issuer: 'CN=Users', depot: 'other' });
  expect(depotOf(leaf, subjects.list())).toBeUndefined();
  expect(whyNobody(leaf, subjects.list()).flaw).toContain(`of other, but was issued by "${issuer}"`);
  await subjects.add({ ...munich, issuer });
  expect(depotOf(leaf, subjects.list())?.depot).toBe('munich');
  await subjects.remove(munich.subject, 'CN=Users', undefined);
  expect(subjects.list()).toHaveLength(2);
});

test.each([
  ['a subject twice', { ...munich, depot: 'other' }, 'is mapped to munich at enterprise/munich'],
  ['the same for one CA', { ...munich, issuer: 'CN=Example issuing', depot: 'other' }, 'is mapped to munich'],
  ['a depot at two sites', { ...munich, subject: 'CN=b', site: 'enterprise/berlin' }, 'there is a depot munich at'],
  ['a depot elsewhere', { ...munich, subject: 'CN=b', depot: 'b', site: 'elsewhere' }, 'is not at or below enterprise'],
])('does not map %s', async (_, row, flaw) => {
  const subjects = await map();
  await subjects.add(munich);
  expect(await refusalOf('bad-request', subjects.add(row))).toContain(flaw);
});

test('a depot has several subjects while one certificate follows another', async () => {
  const subjects = await map();
  await subjects.add(munich);
  await subjects.add({ ...munich, subject: 'CN=munich-2027' });
  expect(subjects.list()).toHaveLength(3);
});

test('does not remove the subject of the depot that holds it, nor one that is not there', async () => {
  const subjects = await map();
  const own = { subject: 'CN=origin', issuer: 'CN=Example issuing' };
  expect(await refusalOf('bad-request', subjects.remove('CN=origin', null, own))).toContain('have to know');
  expect(await refusalOf('not-found', subjects.remove('CN=nobody', null, own))).toContain('no row for "CN=nobody"');
});

test('a name that was entered the other way round is told as such', async () => {
  const subjects = await map();
  await subjects.add({ ...munich, subject: 'O=Example,CN=munich' });
  expect(whyNobody(leaf, subjects.list()).flaw).toContain('the other way round');
});

test('trust anchors are roots that are valid, each once', async () => {
  const now = Date.now();
  expect(readAnchors(pki.root + pki.root, now)).toHaveLength(1);
  const { chain } = await pki.issueTo('CN=a');
  const [, issuing = ''] = chain.split(/(?<=-----END CERTIFICATE-----\n)/);
  expect(() => readAnchors(issuing, now)).toThrow('is not a root');
  expect(() => readAnchors(chain, now)).toThrow('not that of a certificate authority');
  expect(() => readAnchors(pki.root, now + 30 * 86_400_000)).toThrow('expired');
  expect(() => readAnchors('', now)).toThrow('has no certificate in PEM');
});
