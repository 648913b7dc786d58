import { createPublicKey, sign, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { signedRequestShape } from '../../src/model/enrolment.js';
import { makeKeyAndRequest } from '../../src/trust/certificate-request.js';
import { issueCertificate } from '../../src/trust/issue.js';
import { checkRequest, signRequest, type RequestContext } from '../../src/trust/signed-request.js';
import { damaged, day, enrol, germany, munich, newAuthority, nowMs, refusal } from './fixture.js';

const authority = await newAuthority();
const enrolled = await enrol(authority, munich);
const body = { request: 'PEM', note: 'größer' };
const signed = signRequest('renew', body, enrolled.key, enrolled.chain, nowMs);
const usual: RequestContext = {
  anchors: [authority.rootCertificate],
  nowMs,
  isRevoked: () => false,
  subjects: undefined,
};

function requestRefused(request = signed, context: Partial<RequestContext> = {}, purpose = 'renew'): string {
  return refusal('request-refused', () => checkRequest(purpose, request, { ...usual, ...context }));
}

describe('a signed request', () => {
  test('says who asks for what, and when, after it crossed the wire', () => {
    const received = signedRequestShape.parse(JSON.parse(JSON.stringify(signed)));
    const { serial, expiresAtMs } = enrolled;
    const said = { identity: munich, serial, expiresAtMs, payload: body, atMs: nowMs };
    expect(checkRequest('renew', received, usual)).toEqual(said);
  });

  test('is refused when any part of it is altered', () => {
    for (let at = 0; at < signed.payload.length; at += 3) {
      expect(requestRefused({ ...signed, payload: damaged(signed.payload, at) })).toContain('was altered on the way');
    }
    for (let at = 0; at < signed.signature.length - 4; at += 5) {
      expect(requestRefused({ ...signed, signature: damaged(signed.signature, at) })).toContain('was altered');
    }
    expect(requestRefused({ ...signed, payload: `${signed.payload} ` })).toContain('was altered');
    expect(requestRefused({ ...signed, signature: '' })).toContain('was altered');
  });

  test('does not serve another purpose', () => {
    expect(requestRefused(signed, {}, 'invite')).toContain('is to "renew", and not to "invite"');
  });

  test('does not speak for whoever puts another certificate on it', async () => {
    const other = await enrol(authority, germany);
    expect(requestRefused({ ...signed, chain: other.chain })).toContain('germany-1 (enterprise/germany) was altered');
  });

  test('belongs to one certificate, though another has the same key', async () => {
    const { key, request } = await makeKeyAndRequest(munich);
    const terms = { nowMs, lifeMs: day };
    const mine = await issueCertificate(authority, request, munich, terms);
    const stolen = await issueCertificate(authority, request, germany, terms);
    const made = signRequest('renew', body, key, mine.chain, nowMs);
    expect(checkRequest('renew', made, usual).identity).toEqual(munich);
    expect(requestRefused({ ...made, chain: stolen.chain })).toContain('was altered');
  });

  test('is not what the key of a depot signed for something else', () => {
    const signature = sign('sha256', Buffer.from(signed.payload), enrolled.key).toString('base64');
    expect(requestRefused({ ...signed, signature })).toContain('was altered');
  });

  test('is refused when it is replayed a day later, or comes from the future', () => {
    expect(checkRequest('renew', signed, { ...usual, nowMs: nowMs + day }).atMs).toBe(nowMs);
    expect(requestRefused(signed, { nowMs: nowMs + day + 1 })).toContain(
      'is 1 day old (of 2026-03-01 12:00 UTC), and counts for 1 day',
    );
    const early = signRequest('renew', body, enrolled.key, enrolled.chain, nowMs + 3_600_000);
    expect(requestRefused(early)).toContain('is of 2026-03-01 13:00 UTC, and here it is 2026-03-01 12:00 UTC');
  });

  test.each([
    ['no JSON', 'renew'],
    ['no purpose', JSON.stringify({ at: new Date(nowMs).toISOString(), body })],
    ['no time', JSON.stringify({ purpose: 'renew', body })],
    ['a time that is none', JSON.stringify({ purpose: 'renew', at: 'now', body })],
    ['more than is known', JSON.stringify({ purpose: 'renew', at: new Date(nowMs).toISOString(), body, more: 1 })],
  ])('is refused with %s in it, though it is signed', (_, payload) => {
    const leaf = new X509Certificate(enrolled.certificate);
    const digest = leaf.fingerprint256.replaceAll(':', '').toLowerCase();
    const signature = sign('sha256', Buffer.from(`depotd request 1\n${digest}\n${payload}`), enrolled.key);
    const request = { ...signed, payload, signature: signature.toString('base64') };
    expect(requestRefused(request)).toContain('does not say what and when');
  });

  test('is not read beyond its limits', () => {
    const long = 'A'.repeat(100_000);
    for (const change of [{ payload: long }, { chain: long }, { signature: long }, { signature: 'no base64' }]) {
      expect(signedRequestShape.safeParse({ ...signed, ...change }).success).toBe(false);
    }
  });
});

describe('the certificate of a signed request', () => {
  function refused(request = signed, context: Partial<RequestContext> = {}): string {
    return refusal('certificate-refused', () => checkRequest('renew', request, { ...usual, ...context }));
  }

  test('must be of this company', async () => {
    const foreign = await enrol(await newAuthority('Other Ltd'), munich);
    const request = signRequest('renew', body, foreign.key, foreign.chain, nowMs);
    expect(refused(request)).toContain("which does not belong to this company's CA");
    expect(refused({ ...signed, chain: enrolled.certificate })).toContain('which does not belong');
    expect(refused({ ...signed, chain: '' })).toContain('has no certificate in PEM');
  });

  test('must not be revoked', () => {
    const message = refused(signed, { isRevoked: (serial) => serial === enrolled.serial });
    expect(message).toBe(
      `the certificate of munich-1 (enterprise/germany/munich) is revoked (serial ${enrolled.serial})`,
    );
  });

  test('may have expired within the grace, and not before it', () => {
    const later = enrolled.expiresAtMs + 10 * day;
    const request = signRequest('renew', body, enrolled.key, enrolled.chain, later);
    expect(checkRequest('renew', request, { ...usual, nowMs: later, graceMs: 30 * day }).identity).toEqual(munich);
    expect(refused(request, { nowMs: later })).toContain('expired 10 days ago');
    expect(refused(request, { nowMs: later, graceMs: 5 * day })).toContain('the grace of 5 days is over');
  });
});

test('a key that cannot be read is not repeated in what is said of it', () => {
  const broken = damaged(enrolled.key, 60).replace('-----END', '-----');
  const message = refusal('certificate-refused', () => signRequest('renew', {}, broken, enrolled.chain, nowMs));
  expect(message).toBe('what should be a private key in PEM is not one');
  expect(createPublicKey(enrolled.key).asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
});
