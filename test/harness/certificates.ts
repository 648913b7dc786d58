import 'reflect-metadata';
import { webcrypto, type X509Certificate } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
  type Extension,
} from '@peculiar/x509';
import { DepotError } from '../../src/model/errors.js';
import type { Peer, TlsMaterial } from '../../src/protocol/tls.js';

/** A certificate authority as a company has one: a root, and what issues. */
export interface Authority {
  /** PEM. */
  readonly root: string;
  /** A new key, and a certificate for a depot. */
  issue(depot: string, site: string, life?: Partial<Life>): Promise<TlsMaterial>;
  /** The same as a company's own PKI does it: a subject such as `CN=munich-1,O=Company`, and nothing that depotd invented. */
  issueTo(subject: string, life?: Partial<Life>): Promise<TlsMaterial>;
  /** The same for a web server at an IP address, which is compared there. */
  issueAt(address: string): Promise<TlsMaterial>;
}

interface Life {
  /** In milliseconds from now. */
  readonly from: number;
  readonly until: number;
}

interface Keys {
  readonly privateKey: webcrypto.CryptoKey;
  readonly publicKey: webcrypto.CryptoKey;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const day = 86_400_000;
const week: Life = { from: -day, until: 7 * day };

export async function certificateAuthority(name = 'company'): Promise<Authority> {
  const root = await newKeys();
  const issuing = await newKeys();
  const rootCertificate = await certify(`CN=${name} root`, root.publicKey, `CN=${name} root`, root, week, [
    new BasicConstraintsExtension(true, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
  ]);
  const issuingCertificate = await certify(`CN=${name} issuing`, issuing.publicKey, `CN=${name} root`, root, week, [
    new BasicConstraintsExtension(true, 0, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
  ]);
  const issue = async (subject: string, life: Life, extensions: readonly Extension[]): Promise<TlsMaterial> => {
    const own = await newKeys();
    const leaf = await certify(subject, own.publicKey, `CN=${name} issuing`, issuing, life, extensions);
    return { key: await exportKey(own), chain: leaf + issuingCertificate, anchors: [rootCertificate] };
  };
  return {
    root: rootCertificate,
    issue: (depot, site, life = {}) =>
      issue(`CN=${depot}`, { ...week, ...life }, leafExtensions(`urn:depotd:${depot}:${site}`)),
    issueTo: (subject, life = {}) =>
      issue(subject.split(',').reverse().join(','), { ...week, ...life }, leafExtensions('https://pki.example/')),
    issueAt: (address) =>
      issue('CN=server', week, [new SubjectAlternativeNameExtension([{ type: 'ip', value: address }])]),
  };
}

/** A certificate that nobody but its holder vouches for. */
export async function selfSigned(depot: string, site: string, anchors: readonly string[]): Promise<TlsMaterial> {
  const own = await newKeys();
  const chain = await certify(
    `CN=${depot}`,
    own.publicKey,
    `CN=${depot}`,
    own,
    week,
    leafExtensions(`urn:depotd:${depot}:${site}`),
  );
  return { key: await exportKey(own), chain, anchors };
}

/** Reads depot and site as a depot does; `revoked` has serials and may change. Also refuses what has expired meanwhile. */
export function judging(revoked: ReadonlySet<string> = new Set()): (leaf: X509Certificate) => Peer {
  return (leaf) => {
    const [, depot = '', site = ''] = /^URI:urn:depotd:([^:]+):([^:]+)$/.exec(leaf.subjectAltName ?? '') ?? [];
    const serial = leaf.serialNumber;
    const refuse = (why: string): DepotError =>
      new DepotError('certificate-refused', `the certificate ${serial} of ${depot} ${why}`);
    if (depot === '') throw refuse('names no depot');
    if (revoked.has(serial)) throw refuse('was revoked');
    if (Date.parse(leaf.validTo) < Date.now()) throw refuse('has expired');
    return { depot, site, serial };
  };
}

function leafExtensions(uri: string): Extension[] {
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
    new SubjectAlternativeNameExtension([{ type: 'url', value: uri }]),
  ];
}

async function certify(
  subject: string,
  publicKey: webcrypto.CryptoKey,
  issuer: string,
  signer: Keys,
  { from, until }: Life,
  extensions: readonly Extension[],
): Promise<string> {
  const certificate = await X509CertificateGenerator.create({
    subject,
    issuer,
    publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() + from),
    notAfter: new Date(Date.now() + until),
    extensions: [
      ...extensions,
      await SubjectKeyIdentifierExtension.create(publicKey),
      await AuthorityKeyIdentifierExtension.create(signer.publicKey),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

async function newKeys(): Promise<Keys> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function exportKey({ privateKey }: Keys): Promise<string> {
  const bytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey));
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}
