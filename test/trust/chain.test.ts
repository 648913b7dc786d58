import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { makeAuthority } from '../../src/trust/authority.js';
import { checkChain, type ChainInput } from '../../src/trust/chain.js';
import { temporaryFolder } from '../harness/temporary.js';
import { damaged, day, enrol, munich, newAuthority, nowMs, openssl, refusal } from './fixture.js';
import { makeChain } from './openssl-chain.js';

const authority = await newAuthority();
const foreign = await newAuthority('Other Ltd', nowMs - 400 * day);
const enrolled = await enrol(authority, munich);

function check(changes: Partial<ChainInput> = {}) {
  return checkChain({
    ...{ leaf: enrolled.certificate, intermediates: [authority.issuingChain], anchors: [authority.rootCertificate] },
    nowMs,
    subjects: undefined,
    ...changes,
  });
}

function refused(changes: Partial<ChainInput>): string {
  return refusal('certificate-refused', () => check(changes));
}

describe('a certificate of the company', () => {
  test('says who it is, under which serial number, and until when', () => {
    const { serial, expiresAtMs } = enrolled;
    expect(check()).toEqual({ identity: munich, serial, expiresAtMs });
    expect(expiresAtMs).toBe(nowMs + 90 * day);
  });

  test('is found whatever else is sent, in whatever order', () => {
    const all = [foreign.issuingChain, enrolled.chain, authority.rootCertificate, authority.issuingChain];
    for (const intermediates of [all, [...all].reverse(), [all.join('some words\n')]]) {
      expect(check({ intermediates }).identity).toEqual(munich);
    }
  });

  test('is taken as node gives it, under any of several roots', async () => {
    const renewed = await newAuthority(); // the same names, other keys
    const anchors = [renewed.rootCertificate, foreign.rootCertificate, authority.rootCertificate];
    expect(check({ leaf: new X509Certificate(enrolled.certificate), anchors }).identity).toEqual(munich);
    expect(check({ anchors: [anchors.join('')] }).identity).toEqual(munich);
  });

  test('is good to its last second, and from its first', () => {
    expect(check({ nowMs: nowMs - 5 * 60_000 }).identity).toEqual(munich);
    expect(check({ nowMs: enrolled.expiresAtMs }).identity).toEqual(munich);
  });
});

describe('the dates', () => {
  test('are named when it has expired', () => {
    const message = refused({ nowMs: enrolled.expiresAtMs + 3.5 * day });
    expect(message).toContain(
      'the certificate of munich-1 (enterprise/germany/munich) expired 3 days ago, on 2026-05-30 12:00 UTC',
    );
    expect(refused({ nowMs: enrolled.expiresAtMs + 1000 })).toContain('expired 1 second ago');
  });

  test('leave the grace that a parent allows, and no more', () => {
    const graceMs = 30 * day;
    expect(check({ nowMs: enrolled.expiresAtMs + graceMs, graceMs }).identity).toEqual(munich);
    const message = refused({ nowMs: enrolled.expiresAtMs + graceMs + 1000, graceMs });
    expect(message).toContain('expired 30 days ago, on 2026-05-30 12:00 UTC, and the grace of 30 days is over');
  });

  test('point to the clocks when it is not valid yet', () => {
    const message = refused({ nowMs: nowMs - day });
    expect(message).toContain(
      'is not valid before 2026-03-01 11:55 UTC, and here it is 2026-02-28 12:00 UTC (are the clocks right?)',
    );
  });

  test('give an expired issuer no grace', async () => {
    const short = await makeAuthority({ company: 'Example', nowMs, issuingLifeMs: day });
    const { certificate } = await enrol(short, munich);
    const message = refused({
      ...{ leaf: certificate, intermediates: [short.issuingChain], anchors: [short.rootCertificate] },
      ...{ nowMs: nowMs + 2 * day, graceMs: 30 * day },
    });
    expect(message).toContain('depotd issuing 2026-03-01", whose certificate expired 1 day ago');
  });
});

describe('what does not come from the CA', () => {
  test('is refused when another CA issued it, though it sends its whole chain', async () => {
    const { certificate } = await enrol(foreign, munich);
    const intermediates = [foreign.issuingChain, foreign.rootCertificate];
    expect(refused({ leaf: certificate, intermediates })).toMatch(
      /was issued by .*depotd issuing 2025.*, whose certificate was issued by .*depotd root 2025.*, whose certificate was issued by itself/,
    );
    expect(refused({ leaf: certificate })).toMatch(
      /was issued by "O=Other Ltd, CN=depotd issuing 2025-01-25", which does not belong to this company's CA/,
    );
  });

  test('is refused when a CA of the same names issued it', async () => {
    const twin = await newAuthority();
    const { certificate } = await enrol(twin, munich);
    expect(refused({ leaf: certificate })).toMatch(/does not bear the signature of .*another CA has the same name/);
    expect(refused({ leaf: certificate, intermediates: [twin.issuingChain] })).toMatch(
      /whose certificate does not bear the signature of .*another CA has the same name/,
    );
  });

  test('is refused without the certificates between it and the root', () => {
    expect(refused({ intermediates: [] })).toContain("which does not belong to this company's CA");
  });

  test('is refused when any of its bytes is altered', () => {
    const from = enrolled.certificate.indexOf('\n') + 1;
    const length = enrolled.certificate.lastIndexOf('\n-----END') - from;
    for (let share = 0.02; share < 1; share += 0.05) {
      refused({ leaf: damaged(enrolled.certificate, from + Math.floor(length * share)) });
    }
  });

  test('is refused when it is no certificate', () => {
    expect(refused({ leaf: 'x' })).toContain('has no certificate in PEM');
    expect(refused({ leaf: enrolled.key })).toContain('has no certificate in PEM');
    expect(refused({ intermediates: [authority.issuingChain.repeat(9)] })).toContain('9 certificates, more than 8');
    expect(refused({ leaf: '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----' })).toContain(
      'a certificate that cannot be read',
    );
  });

  test('is refused when the root itself is shown as a depot', () => {
    expect(refused({ leaf: authority.rootCertificate })).toContain('does not name one depot and its site');
    expect(refused({ leaf: authority.issuingChain })).toContain('does not name one depot and its site');
  });
});

describe('a chain made by others', () => {
  const depot = 'subjectAltName=URI:urn:depotd:munich-1:enterprise';
  const ca = 'basicConstraints=critical,CA:TRUE';

  test.each([
    ['an intermediate and no extended key usage', [[ca], [ca], [depot]], 'sha256'],
    ['two intermediates, as many as its root allows', [[`${ca},pathlen:2`], [ca], [ca], [depot]], 'sha256'],
    ['certificates that the root signed itself', [[ca], [depot]], 'sha384'],
  ])('is good with %s', async (_, extensions, hash) => {
    const chain = await makeChain(await temporaryFolder(), extensions, hash);
    expect(checkChain(chain).identity).toEqual({ depot: 'munich-1', site: 'enterprise' });
  });

  test.each([
    ['whose issuer has no CA flag', [[ca], ['basicConstraints=CA:FALSE'], [depot]], 'it has no CA flag'],
    ['whose issuer is a depot', [[ca], [depot], [depot]], 'it has no CA flag'],
    [
      'whose issuer may not sign certificates',
      [[ca], [ca, 'keyUsage=critical,digitalSignature'], [depot]],
      'its key usage lacks signing certificates',
    ],
    ['of more CAs than its root allows', [[`${ca},pathlen:0`], [ca], [depot]], 'stands below more CAs than the root'],
    [
      'of more CAs than an intermediate allows',
      [[ca], [`${ca},pathlen:0`], [ca], [depot]],
      'stands below more CAs than',
    ],
    ['of very many CAs', [[ca], [ca], [ca], [ca], [ca], [ca], [depot]], 'stands below more CAs than'],
    [
      'with a critical extension that nobody knows',
      [[ca], [ca], [depot, '1.2.3.4=critical,ASN1:NULL']],
      'critical extension that depotd does not know (2a0304',
    ],
    [
      'whose issuer is limited to other names',
      [[ca], [ca, 'nameConstraints=critical,permitted;DNS:example.com'], [depot]],
      'critical extension that depotd does not know (551d1e',
    ],
    ['that is for servers only', [[ca], [ca], [depot, 'extendedKeyUsage=serverAuth']], 'is not for clients'],
    ['that names no depot', [[ca], [ca], ['subjectAltName=DNS:example.com']], 'does not name one depot'],
    ['that names two depots', [[ca], [ca], [`${depot},URI:urn:depotd:berlin-1:enterprise`]], 'does not name one depot'],
  ])('is refused %s', async (_, extensions, flaw) => {
    const chain = await makeChain(await temporaryFolder(), extensions);
    expect(refusal('certificate-refused', () => checkChain(chain))).toContain(flaw);
  });

  test('is refused when it is signed with SHA-1', async () => {
    const chain = await makeChain(await temporaryFolder(), [[ca], [ca], [depot]], 'sha1');
    expect(refusal('certificate-refused', () => checkChain(chain))).toContain('an algorithm that is not accepted');
  });

  test('is refused when a key is too short', async () => {
    const chain = await makeChain(await temporaryFolder(), [[ca], [ca], [depot]], 'sha256', ['rsa:1024']);
    expect(refusal('certificate-refused', () => checkChain(chain))).toContain('an RSA key of 1024 bits');
  });

  test('cannot put control characters into what is said of it', async () => {
    const folder = await temporaryFolder();
    const name = `/CN=${'\u001b[2J'.repeat(10)}`;
    const options = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem'];
    const certificate = await openssl(folder, 'req', ...options, '-subj', name, '-addext', depot);
    const message = refused({ leaf: certificate, intermediates: [certificate.repeat(8)] });
    expect(message).not.toContain('\u001b');
  });
});
