import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DepotError } from '../../src/model/errors.js';
import { makeKeyAndRequest } from '../../src/trust/certificate-request.js';
import { formatToken, parseToken, type Invitation } from '../../src/trust/invitation.js';
import { checkJoin, makeInvitation, signJoin } from '../../src/trust/join.js';
import { damaged, germany, munich, nowMs, refusal } from './fixture.js';

const terms = {
  urls: ['https://germany-1.example.com:7400/', 'https://[2001:db8::1]:7400/'],
  fingerprint: 'ab'.repeat(32),
  directory: 'cd'.repeat(32),
  ...munich,
  expiresAtMs: nowMs,
};

describe('a token', () => {
  test('is one line that says all that its reader needs', () => {
    const { token } = makeInvitation(terms);
    expect(token).toMatch(/^depotd-invite-1\.[A-Za-z0-9_.-]+$/);
    const { key, ...read } = parseToken(token);
    expect(read).toEqual(terms);
    expect(Buffer.from(key, 'base64url')).toHaveLength(32);
  });

  test('is read as it was written, whatever it says', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);
    const invitation: fc.Arbitrary<Invitation> = fc.record({
      urls: fc.array(fc.webUrl({ validSchemes: ['https'] }), { minLength: 1, maxLength: 8 }),
      fingerprint: fc.stringMatching(/^[0-9a-f]{64}$/),
      directory: fc.stringMatching(/^[0-9a-f]{64}$/),
      depot: name,
      site: fc.array(name, { minLength: 1, maxLength: 16 }).map((names) => names.join('/')),
      expiresAtMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
      key: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
    });
    fc.assert(
      fc.property(invitation, (each) => {
        expect(parseToken(formatToken(each))).toEqual(each);
      }),
    );
  });

  test('may have come through a terminal that broke its line', () => {
    const { token } = makeInvitation(terms);
    expect(parseToken(`  ${token.replace(/.{60}/g, '$&\r\n ')}\n`).depot).toBe('munich-1');
  });

  test('is refused when any character is altered, left out, or doubled', () => {
    const { token } = makeInvitation(terms);
    for (let at = 0; at < token.length; at += 1) {
      const variants = [
        damaged(token, at),
        token.slice(0, at),
        token.slice(0, at) + token.slice(at + 1),
        token.slice(0, at) + token.charAt(at) + token.slice(at),
      ];
      for (const variant of variants) refusedWithoutEcho(variant, token);
    }
  });

  test.each([
    ['', 'is not one: it does not begin with depotd-invite-1.'],
    ['https://germany-1/', 'is not one: it does not begin with depotd-invite-1.'],
    ['depotd-invite-2.abc.def', 'is of another version of depotd'],
    ['depotd-invite-1.', 'is damaged: a part of it is missing or altered'],
    ['depotd-invite-1.abc.def', 'is damaged: a part of it is missing or altered'],
    ['x'.repeat(9000), 'is too long to be one'],
  ])('is not %.30j', (text, flaw) => {
    const message = refusedWithoutEcho(text);
    expect(message).toContain(`the invitation ${flaw}`);
    expect(message).toContain('copy the whole line that depot invite printed');
  });

  test('is refused, and nothing else goes wrong, for any text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((rest) => `depotd-invite-1.${rest}`),
        ),
        (text) => {
          refusedWithoutEcho(text);
        },
      ),
    );
  });

  test.each([
    ['an address without TLS', { urls: ['http://germany-1/'] }],
    ['an address with a password', { urls: ['https://a:b@germany-1/'] }],
    ['no address', { urls: [] }],
    ['a site that is none', { site: 'enterprise/../other' }],
    ['a name that is none', { depot: 'munich 1' }],
    ['a fingerprint that is none', { fingerprint: 'abc' }],
    ['a key that is too short', { key: 'abc' }],
  ])('is not made with %s', (_, change) => {
    const key = randomBytes(32).toString('base64url');
    const message = refusal('bad-request', () => formatToken({ ...terms, key, ...change }));
    expect(message).toBe(`an invitation cannot be made: its ${Object.keys(change)[0]} is not of the right form`);
  });
});

describe('a request to join', async () => {
  const { token, publicKey } = makeInvitation(terms);
  const invitation = parseToken(token);
  const invited = { ...munich, publicKey };
  const { request } = await makeKeyAndRequest(munich);
  const { request: other } = await makeKeyAndRequest(munich);
  const signature = signJoin(invitation, request);

  test('is accepted from whoever was invited, in whichever form it is sent', () => {
    checkJoin(invited, request, signature);
    checkJoin(invited, request.replace(/-----.*-----|\n/g, ''), signature);
  });

  test.each([
    ['another key was put into it on the way', invited, other, signature],
    ['it is for another depot', { ...invited, depot: 'munich-2' }, request, signature],
    ['it is for another site', { ...invited, site: germany.site }, request, signature],
    ['name and site are split otherwise', { ...invited, depot: 'munich-1\nenterprise' }, request, signature],
    [
      'it comes from another invitation',
      { ...invited, publicKey: makeInvitation(terms).publicKey },
      request,
      signature,
    ],
    ['what the CA kept is no key', { ...invited, publicKey: 'abc' }, request, signature],
    ['its signature is altered', invited, request, damaged(signature, 5)],
    ['its signature is missing', invited, request, ''],
  ])('is refused when %s', (_, kept, sent, signed) => {
    const message = refusal('invitation-refused', () => checkJoin(kept, sent, signed));
    expect(message).toContain('is not signed with the key of its invitation');
    expect(message).not.toContain(invitation.key);
  });
});

/** The whole error, with its causes, has no eight characters of a secret in a row. */
function refusedWithoutEcho(text: string, secret = text): string {
  try {
    parseToken(text);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(DepotError);
    const { code, message, hint, cause } = thrown as DepotError;
    expect([code, cause]).toEqual(['invitation-refused', undefined]);
    const said = `${message} ${hint}`;
    const body = secret.slice('depotd-invite-1.'.length);
    const echoed = Array.from({ length: Math.max(0, body.length - 7) }, (_, at) => body.slice(at, at + 8)).filter(
      (part) => said.includes(part),
    );
    expect(echoed).toEqual([]);
    return said;
  }
  throw new Error(`taken for an invitation: ${text}`);
}
