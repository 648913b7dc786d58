import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { isSealed, seal, unseal } from '../../src/trust/sealed.js';
import { makeSigningKey, readSigningKey } from '../../src/trust/signing-keys.js';
import { codeOf } from '../manifest/code-of.js';
import { refused } from './repository.js';

/** The first key of RFC 8032, 7.1. */
const known = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
`;

test('gives a key the id that other TUF tools give it', () => {
  const key = readSigningKey(known);
  expect(key.public).toBe('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
  // As securesystemslib 1.4.0 computes it.
  expect(key.id).toBe('74c181c7ad8a0855d4b55e44d2ba87aabdddb196832571f15f92fece332e4916');
});

test('reads back the key that it made', () => {
  const { key, pem } = makeSigningKey();
  const again = readSigningKey(pem);
  expect(again.id).toBe(key.id);
  expect(again.sign(Buffer.from('abc'))).toBe(key.sign(Buffer.from('abc')));
});

test('names what is wrong with a key, and never quotes it', () => {
  const rsa = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  expect(() => readSigningKey(rsa.toString())).toThrow('it is ec, not ed25519');
  expect(() => readSigningKey('secret words')).toThrow('not a private key in PEM');
  expect(codeOf(() => readSigningKey(known.replace('MC4C', 'XXXX')))).toBe('data-unusable');
});

test('gives a sealed key only to who knows the passphrase', async () => {
  const sealed = await seal(known, 'correct horse');
  expect([isSealed(sealed), isSealed(known)]).toEqual([true, false]);
  expect(sealed).not.toContain('MC4CAQAwBQYDK2VwBCIEIJ1');
  expect(await unseal(sealed, 'correct horse')).toBe(known);
  const wrong = await refused(unseal(sealed, 'correct horses'));
  expect([wrong.code, wrong.message]).toEqual(['bad-request', expect.stringContaining('passphrase is wrong')]);
});

test('does not take for a sealed key what is none', async () => {
  for (const text of ['', '{', '[]', '{"sealed":2,"salt":"","nonce":"","text":""}']) {
    expect((await refused(unseal(text, 'words'))).code).toBe('data-unusable');
  }
});
