import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { namesOf, readName, reversedName } from '../../src/trust/subject.js';
import { temporaryFolder } from '../harness/temporary.js';
import { ecKey } from './openssl-chain.js';
import { openssl } from './fixture.js';

/** A certificate that openssl makes, with what it prints as its subject. */
async function made(subject: string, ...options: string[]) {
  const folder = await temporaryFolder();
  const terms = ['-days', '1', '-nodes', '-keyout', 'key', '-out', 'pem', '-utf8', ...options];
  await openssl(folder, 'req', '-x509', '-newkey', ...ecKey, '-subj', subject, ...terms);
  const printed = await openssl(folder, 'x509', '-in', 'pem', '-noout', '-subject', '-nameopt', 'RFC2253');
  const certificate = new X509Certificate(await readFile(join(folder, 'pem'), 'utf8'));
  return { names: namesOf(certificate), printed: printed.replace(/^subject=|\n$/g, '') };
}

describe('the subject of a certificate', () => {
  test.each([
    ['/O=Company/OU=depots/CN=munich-1', 'CN=munich-1,OU=depots,O=Company'],
    ['/C=DE/ST=Bayern/L=München/O=Müller & Söhne/CN=a', 'CN=a,O=Müller & Söhne,L=München,ST=Bayern,C=DE'],
    ['/O=Company, Inc./CN=a\\+b', 'CN=a\\+b,O=Company\\, Inc.'],
    ['/O= Company /CN=#1;"x"<y>', 'CN=\\#1\\;\\"x\\"\\<y\\>,O=\\ Company\\ '],
    ['/DC=com/DC=example/UID=7/emailAddress=a@b.c', 'emailAddress=a@b.c,UID=7,DC=example,DC=com'],
    [
      '/serialNumber=12/SN=Doe/GN=Jo/title=Dr/street=Main/CN=a',
      'CN=a,STREET=Main,title=Dr,GN=Jo,SN=Doe,serialNumber=12',
    ],
  ])('%s is written as RFC 4514 says, and read from what openssl prints', async (subject, expected) => {
    const { names, printed } = await made(subject);
    expect(names).toEqual({ subject: expected, issuer: expected });
    expect(readName(printed)).toBe(expected);
    expect(readName(expected)).toBe(expected);
  });

  test('with several attributes in one part is written in one order, in whichever it was asked for', async () => {
    const { names, printed } = await made('/O=Company/CN=a+UID=7', '-multivalue-rdn');
    expect(names?.subject).toBe('CN=a+UID=7,O=Company');
    expect(readName(printed)).toBe('CN=a+UID=7,O=Company');
    expect(readName('uid=7 + cn=a, o=Company')).toBe('CN=a+UID=7,O=Company');
  });

  test('of a type that has no name is its number, with the bytes of the value', async () => {
    const { names, printed } = await made('/O=Company/2.5.4.65=x', '-multivalue-rdn');
    expect(names?.subject).toBe('2.5.4.65=#0c0178,O=Company');
    expect(readName(printed.replace('pseudonym=x', '2.5.4.65=#0C0178'))).toBe('2.5.4.65=#0c0178,O=Company');
  });

  test('that is empty is none', async () => {
    expect((await made('/')).names).toBeUndefined();
  });
});

describe('a name that a person wrote', () => {
  test.each([
    ['CN = munich-1, OU = depots', 'CN=munich-1,OU=depots'],
    ['cn=munich-1,ou=depots', 'CN=munich-1,OU=depots'],
    ['CN=M\\C3\\BCnchen', 'CN=München'],
    ['CN=a\\ ', 'CN=a\\ '],
    ['CN=a\\0ab', 'CN=a\\0ab'],
  ])('%s is read as %s', (text, name) => expect(readName(text)).toBe(name));

  test.each(['', 'munich-1', 'CN', 'XY=a', 'CN="a, b"', 'CN=a,', ',CN=a', 'CN=\\ff', '1.2.3=text', '/CN=a'])(
    '%s is none',
    (text) => expect(readName(text)).toBeUndefined(),
  );

  test('is read as what it is written as, whatever is in it, and cannot be taken for another one', () => {
    const value = fc.string({ unit: 'binary', maxLength: 20 });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 4 }), (values) => {
        const escaped = (text: string): string => Buffer.from(text).toString('hex').replace(/../g, '\\$&');
        const name = readName(values.map((text) => `CN=${escaped(text)}`).join(','));
        expect(readName(name ?? '')).toBe(name);
        expect(reversedName(reversedName(name ?? ''))).toBe(name);
        expect(name).not.toMatch(/\p{C}/u);
        const read = name?.split(/(?<!\\)(?:\\\\)*,/u).length;
        expect(read).toBe(values.length);
      }),
    );
  });
});
