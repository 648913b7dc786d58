import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeAuthority } from '../../src/trust/authority.js';
import { makeKeyAndRequest } from '../../src/trust/certificate-request.js';
import { expiresAtMsOf, fingerprintOf } from '../../src/trust/certificates.js';
import { checkChain } from '../../src/trust/chain.js';
import { issueCertificate } from '../../src/trust/issue.js';
import { temporaryFolder } from '../harness/temporary.js';
import { damaged, day, enrol, munich, newAuthority, nowMs, openssl, refusalOf } from './fixture.js';

test('what a new CA issues is good for openssl, for servers and clients', async () => {
  const authority = await makeAuthority({ company: 'Müller & "Söhne" \\ #1', nowMs });
  const { certificate } = await enrol(authority, munich);
  const folder = await temporaryFolder();
  await write(folder, { root: authority.rootCertificate, issuing: authority.issuingChain, leaf: certificate });
  for (const purpose of ['sslserver', 'sslclient']) {
    const options = ['-x509_strict', '-attime', String(nowMs / 1000), '-purpose', purpose];
    const chain = ['-CAfile', 'root.pem', '-untrusted', 'issuing.pem'];
    expect(await openssl(folder, 'verify', ...options, ...chain, 'leaf.pem')).toContain('leaf.pem: OK');
  }
  const text = await openssl(folder, 'x509', '-in', 'leaf.pem', '-noout', '-text', '-nameopt', 'utf8,esc_ctrl');
  expect(text).toMatch(/Subject: CN=munich-1\n/);
  expect(text).toMatch(/Subject Alternative Name: \n +URI:urn:depotd:munich-1:enterprise\/germany\/munich\n/);
  expect(text).toMatch(/Extended Key Usage: \n +TLS Web Server Authentication, TLS Web Client Authentication\n/);
  expect(text).toMatch(/Basic Constraints: critical\n +CA:FALSE\n/);
  const issuing = await openssl(
    folder,
    'x509',
    '-in',
    'issuing.pem',
    '-noout',
    '-text',
    '-nameopt',
    'utf8,sep_comma_plus',
  );
  expect(issuing).toMatch(/Issuer: O=Müller & "Söhne" \\ #1,CN=depotd root 2026-03-01/);
  expect(issuing).toMatch(/Basic Constraints: critical\n +CA:TRUE, pathlen:0\n/);
});

test('the root lives 20 years and the issuing certificate 10, beyond 2050 too', async () => {
  const { rootCertificate, issuingChain } = await newAuthority('Example', Date.parse('2045-06-01T00:00:00Z'));
  expect(new Date(expiresAtMsOf(new X509Certificate(rootCertificate))).getUTCFullYear()).toBe(2065);
  expect(new Date(expiresAtMsOf(new X509Certificate(issuingChain))).getUTCFullYear()).toBe(2055);
});

test('a certificate ends with its CA, and begins a little before now', async () => {
  const authority = await makeAuthority({ company: 'Example', nowMs, rootLifeMs: 20 * day, issuingLifeMs: 10 * day });
  const { certificate, expiresAtMs } = await enrol(authority, munich);
  expect(expiresAtMs).toBe(nowMs + 10 * day);
  expect(Date.parse(new X509Certificate(certificate).validFrom)).toBe(nowMs - 5 * 60_000);
});

test('no two certificates have the same serial number, and each is told as node tells it', async () => {
  const authority = await newAuthority();
  const { request } = await makeKeyAndRequest(munich);
  const serials = new Set<string>();
  for (let count = 0; count < 20; count += 1) {
    const { certificate, serial } = await issueCertificate(authority, request, munich, { nowMs, lifeMs: day });
    expect(serial).toMatch(/^[4-7][0-9a-f]{31}$/);
    expect(serial).toBe(new X509Certificate(certificate).serialNumber.toLowerCase());
    serials.add(serial);
  }
  expect(serials.size).toBe(20);
});

test('names that a request asks for are ignored', async () => {
  const authority = await newAuthority();
  const folder = await temporaryFolder();
  const names = 'subjectAltName=URI:urn:depotd:root-1:enterprise,DNS:www.example.com';
  const request = await openssl(
    folder,
    ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem'],
    ...['-subj', '/CN=root-1/O=Other', '-addext', names, '-addext', 'basicConstraints=CA:TRUE'],
  );
  const { certificate } = await issueCertificate(authority, request, munich, { nowMs, lifeMs: day });
  const issued = new X509Certificate(certificate);
  expect(issued.subject).toBe('CN=munich-1');
  expect(issued.subjectAltName).toBe('URI:urn:depotd:munich-1:enterprise/germany/munich');
  expect(issued.ca).toBe(false);
});

test('a request is taken in PEM and as DER in Base64', async () => {
  const authority = await newAuthority();
  const { request } = await makeKeyAndRequest(munich);
  const plain = request.replace(/-----.*-----|\n/g, '');
  const { certificate } = await issueCertificate(authority, plain, munich, { nowMs, lifeMs: day });
  expect(checkChain({ ...chainOf(authority), leaf: certificate, nowMs, subjects: undefined }).identity).toEqual(munich);
});

test('a request that was altered anywhere is refused', async () => {
  const authority = await newAuthority();
  const { request } = await makeKeyAndRequest(munich);
  const from = request.indexOf('\n') + 1;
  const length = request.lastIndexOf('\n-----END') - from;
  for (let share = 0.02; share < 1; share += 0.07) {
    const altered = damaged(request, from + Math.floor(length * share));
    const issuing = issueCertificate(authority, altered, munich, { nowMs, lifeMs: day });
    expect(await refusalOf('certificate-refused', issuing)).toContain('the request for a certificate ');
  }
});

test.each([
  ['', 'is neither PEM nor Base64'],
  ['-----BEGIN CERTIFICATE REQUEST-----', 'is neither PEM nor Base64'],
  ['A'.repeat(20_000), 'is neither PEM nor Base64, or too long'],
  ['MAA=', 'cannot be read'],
])('%.20s is not taken for a request', async (text, flaw) => {
  const issuing = issueCertificate(await newAuthority(), text, munich, { nowMs, lifeMs: day });
  expect(await refusalOf('certificate-refused', issuing)).toContain(flaw);
});

test.each([
  ['RSA', ['rsa:2048']],
  ['P-384', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384']],
  ['Ed25519', ['ed25519']],
])('a request for an %s key is refused', async (_, kind) => {
  const folder = await temporaryFolder();
  const options = ['-nodes', '-keyout', 'key.pem', '-subj', '/CN=munich-1'];
  const request = await openssl(folder, 'req', '-new', '-newkey', ...kind, ...options);
  const issuing = issueCertificate(await newAuthority(), request, munich, { nowMs, lifeMs: day });
  expect(await refusalOf('certificate-refused', issuing)).toContain('a key that is not ECDSA P-256');
});

test('an expired CA issues nothing', async () => {
  const authority = await makeAuthority({ company: 'Example', nowMs, issuingLifeMs: day });
  const message = await refusalOf('certificate-refused', enrol(authority, munich, nowMs + 3 * day));
  expect(message).toContain('depotd issuing 2026-03-01" expired 2 days ago, on 2026-03-02 12:00 UTC');
});

test('a CA signs for names and sites only', async () => {
  const enrolling = enrol(await newAuthority(), { depot: 'munich-1', site: 'enterprise:*' });
  await refusalOf('bad-request', enrolling);
});

test.each(['', ' ', 'a\nb', 'x'.repeat(65)])('a company is not called %j', async (company) => {
  await refusalOf('bad-request', makeAuthority({ company, nowMs }));
});

test('a fingerprint is that which openssl shows', async () => {
  const { rootCertificate } = await newAuthority();
  const folder = await temporaryFolder();
  await write(folder, { root: rootCertificate });
  const shown = await openssl(folder, 'x509', '-in', 'root.pem', '-noout', '-fingerprint', '-sha256');
  expect(fingerprintOf(rootCertificate)).toBe(shown.trim().replace(/.*=|:/g, '').toLowerCase());
});

async function write(folder: string, texts: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, `${name}.pem`), text);
}

function chainOf({ issuingChain, rootCertificate }: { issuingChain: string; rootCertificate: string }) {
  return { intermediates: [issuingChain], anchors: [rootCertificate] };
}
