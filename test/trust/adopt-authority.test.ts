import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { adoptAuthority, type ExistingAuthority } from '../../src/trust/adopt-authority.js';
import { checkChain } from '../../src/trust/chain.js';
import { temporaryFolder } from '../harness/temporary.js';
import { day, enrol, munich, newAuthority, nowMs, openssl, refusalOf } from './fixture.js';
import { ecKey, makeChain } from './openssl-chain.js';

const ca = 'basicConstraints=critical,CA:TRUE';
const identifiers = ['subjectKeyIdentifier=hash', 'authorityKeyIdentifier=keyid'];

/** A CA of openssl: the key of its last certificate, and all of them from that one up to the root. */
async function existing(
  levels: readonly (readonly string[])[],
  { hash = 'sha256', key = ecKey }: { hash?: string; key?: readonly string[] } = {},
) {
  const folder = await temporaryFolder();
  const { nowMs } = await makeChain(folder, levels, hash, key);
  const read = (name: string) => readFile(join(folder, name), 'utf8');
  const certificates = await Promise.all(levels.map((_, at) => read(`${at}.pem`)));
  return {
    folder,
    nowMs,
    certificates,
    chain: certificates.toReversed().join(''),
    key: await read(`${levels.length - 1}.key`),
  };
}

describe.each([
  ['EC on P-256', ecKey, 'sha256'],
  ['EC on P-384', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'], 'sha384'],
  ['EC on P-521', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-521'], 'sha512'],
  ['RSA of 2048 bits', ['rsa:2048'], 'sha256'],
])('a CA that was made elsewhere, %s', (_, key, hash) => {
  test.each([
    ['a root that issues itself', [[ca]]],
    [
      'a root and an issuing certificate',
      [
        [ca, ...identifiers],
        [ca, ...identifiers, 'keyUsage=keyCertSign'],
      ],
    ],
    ['two levels below its root', [[ca], [`${ca},pathlen:1`], [ca]]],
  ])('issues for depots: %s', async (__, levels) => {
    const made = await existing(levels, { hash, key });
    const { nowMs } = made;
    const authority = await adoptAuthority(made);
    expect(authority.rootKey).toBeNull();
    expect(authority.rootCertificate).toBe(made.certificates[0]);
    expect(authority.issuingChain).toBe(made.certificates.slice(1).toReversed().join(''));

    const { certificate, chain } = await enrol(authority, munich, nowMs);
    const anchors = [authority.rootCertificate];
    expect(
      checkChain({ leaf: certificate, intermediates: [chain], anchors, nowMs, subjects: undefined }).identity,
    ).toEqual(munich);
    await writeFile(join(made.folder, 'leaf.pem'), certificate);
    await writeFile(join(made.folder, 'chain.pem'), chain);
    const verify = ['verify', '-CAfile', '0.pem', '-untrusted', 'chain.pem', 'leaf.pem'];
    expect(await openssl(made.folder, ...verify)).toContain('leaf.pem: OK');
  });
});

test('a key is taken in the older forms of PEM too', async () => {
  const made = await existing([[ca]], { key: ['rsa:2048'] });
  const key = await openssl(made.folder, 'pkey', '-in', '0.key', '-traditional');
  expect(key).toContain('BEGIN RSA PRIVATE KEY');
  expect((await adoptAuthority({ ...made, key })).issuingKey).toContain('BEGIN PRIVATE KEY');
});

test('a CA of our own can be taken over by another depot', async () => {
  const { issuingKey, issuingChain, rootCertificate } = await newAuthority('Example', nowMs);
  const authority = await adoptAuthority({ key: issuingKey, chain: `${issuingChain}${rootCertificate}`, nowMs });
  expect(authority).toEqual({ rootKey: null, rootCertificate, issuingKey, issuingChain });
});

describe('a CA is not taken over', () => {
  function refused(input: ExistingAuthority): Promise<string> {
    return refusalOf('certificate-refused', adoptAuthority(input));
  }

  test('when the key is not that of the first certificate', async () => {
    const made = await existing([[ca], [ca]]);
    const chain = made.certificates.join('');
    expect(await refused({ ...made, chain })).toContain(
      '"CN=made 0" is for another key than the one that was given; it must be the first in the chain',
    );
  });

  test('when it is no CA', async () => {
    const made = await existing([[ca], ['basicConstraints=CA:FALSE']]);
    expect(await refused(made)).toContain('"CN=made 1" is not that of a certificate authority');
  });

  test('when its chain ends before a root', async () => {
    const made = await existing([[ca], [ca], [ca]]);
    const chain = made.certificates.slice(1).toReversed().join('');
    expect(await refused({ ...made, chain })).toContain('"CN=made 1" is the last in the chain, and not a root');
  });

  test('when a certificate is left out of its chain', async () => {
    const made = await existing([[ca], [ca], [ca]]);
    const [root = '', , issuing = ''] = made.certificates;
    expect(await refused({ ...made, chain: `${issuing}${root}` })).toContain(
      '"CN=made 2" is not signed by the next in the chain, "CN=made 0"',
    );
  });

  test('when it has expired', async () => {
    const made = await existing([[ca], [ca]]);
    expect(await refused({ ...made, nowMs: made.nowMs + 33.5 * day })).toContain('"CN=made 1" expired 3 days ago');
  });

  test('when its root allows no CA to issue', async () => {
    const made = await existing([[`${ca},pathlen:0`], [ca], [ca]]);
    expect(await refused(made)).toContain('stands below more CAs than the root');
  });

  test('when it is limited to other names', async () => {
    const made = await existing([[ca], [ca, 'nameConstraints=critical,permitted;DNS:example.com']]);
    expect(await refused(made)).toContain('a critical extension that depotd does not know');
  });

  test('when its chain is signed with SHA-1', async () => {
    const made = await existing([[ca], [ca]], { hash: 'sha1' });
    expect(await refused(made)).toContain('an algorithm that is not accepted');
  });

  test.each([
    ['RSA of 1024 bits', ['rsa:1024'], 'a key of type rsa 1024 cannot sign certificates here'],
    ['Ed25519', ['ed25519'], 'a key of type ed25519  cannot sign certificates here'],
    ['EC on secp256k1', ['ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'], 'a key of type ec secp256k1 cannot sign'],
  ])('when its key is %s', async (_, kind, flaw) => {
    const folder = await temporaryFolder();
    await openssl(folder, 'req', '-x509', '-newkey', ...kind, '-nodes', '-keyout', 'k', '-out', 'c', '-subj', '/CN=x');
    const [key, chain] = await Promise.all(['k', 'c'].map((name) => readFile(join(folder, name), 'utf8')));
    expect(await refused({ key: key ?? '', chain: chain ?? '', nowMs })).toContain(flaw);
  });

  test('when its key is encrypted, or none; and what was given is not repeated', async () => {
    const made = await existing([[ca]]);
    await openssl(made.folder, 'pkey', '-in', '0.key', '-aes256', '-passout', 'pass:secret', '-out', 'e.key');
    const encrypted = await readFile(join(made.folder, 'e.key'), 'utf8');
    expect(await refused({ ...made, key: encrypted })).toContain('the private key is encrypted');
    expect(await refused({ ...made, key: made.chain })).toBe('what should be a private key in PEM is not one');
    expect(await refused({ ...made, chain: made.key })).toBe('the chain of the CA has no certificate in PEM');
  });
});
