import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isName, isSite } from '../../src/model/names.js';
import { identityOf, identityUri, readIdentityUri } from '../../src/trust/identity.js';
import { temporaryFolder } from '../harness/temporary.js';
import { enrol, munich, newAuthority, openssl } from './fixture.js';

describe('the URI of a depot', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);
  const site = fc.array(name, { minLength: 1, maxLength: 16 }).map((names) => names.join('/'));

  test('says its name and site, and nothing else reads as them', () => {
    fc.assert(
      fc.property(name, site, (depot, at) => {
        expect(readIdentityUri(identityUri({ depot, site: at }))).toEqual({ depot, site: at });
      }),
    );
  });

  test.each([
    'urn:depotd:munich-1',
    'urn:depotd:munich-1:',
    'urn:depotd::enterprise',
    'urn:depotd:munich-1:enterprise:germany',
    'urn:depotd:munich-1:enterprise/../germany',
    'urn:depotd:munich-1:/enterprise',
    'urn:depotd:munich-1:enterprise/',
    'urn:depotd:munich 1:enterprise',
    'urn:depotd:munich-1:enterprise\n',
    'URN:depotd:munich-1:enterprise',
    ' urn:depotd:munich-1:enterprise',
    'https://munich-1/enterprise',
  ])('is not %j', (uri) => expect(readIdentityUri(uri)).toBeUndefined());

  test('gives a name and a site, or nothing, for any text', () => {
    fc.assert(
      fc.property(fc.string(), (rest) => {
        const identity = readIdentityUri(`urn:depotd:${rest}`);
        expect(identity === undefined || (isName(identity.depot) && isSite(identity.site))).toBe(true);
      }),
    );
  });
});

describe('the depot of a certificate', () => {
  test('is the one it was issued for', async () => {
    const { certificate } = await enrol(await newAuthority(), munich);
    expect(identityOf(new X509Certificate(certificate))).toEqual(munich);
  });

  const one = 'URI:urn:depotd:munich-1:enterprise';
  test.each([
    ['beside the name of a machine', `DNS:munich.example.com,${one}`, 'munich-1'],
    ['beside the URI of something else', `URI:https://example.com/,${one}`, 'munich-1'],
    ['not where two URIs claim to name it', `${one},URI:urn:depotd:berlin-1:enterprise`, undefined],
    ['not where a second one is written otherwise', `${one},URI:URN:Depotd:berlin-1:enterprise`, undefined],
    ['not where it is the same twice', `${one},${one}`, undefined],
    ['not where it stands in a DNS name', 'DNS:urn:depotd:munich-1:enterprise', undefined],
    ['not where it stands in an address for mail', 'email:urn:depotd:munich-1:enterprise', undefined],
    [
      'not where it stands inside of another name',
      'otherName:1.2.3;UTF8:a URI:urn:depotd:munich-1:enterprise',
      undefined,
    ],
    ['not where its site is no site', 'URI:urn:depotd:munich-1:enterprise//x', undefined],
  ])('is found %s', async (_, names, depot) => {
    expect(identityOf(await selfSigned('-addext', `subjectAltName=${names}`))?.depot).toBe(depot);
  });

  test('is none where there are no alternative names', async () => {
    expect(identityOf(await selfSigned())).toBeUndefined();
  });
});

async function selfSigned(...args: readonly string[]): Promise<X509Certificate> {
  const folder = await temporaryFolder();
  const options = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem'];
  return new X509Certificate(await openssl(folder, 'req', ...options, '-subj', '/CN=x', ...args));
}
