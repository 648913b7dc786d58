import { randomBytes } from 'node:crypto';
import type { Extension, JsonNameParams, Name, PublicKey } from '@peculiar/x509';
import type { SigningKey } from './signing-key.js';
import { x509 } from './x509.js';

/** Who signs a certificate. */
export interface Signer {
  readonly name: Name;
  /** The subject key identifier of its certificate, hexadecimal. */
  readonly keyId: string;
  readonly key: SigningKey;
}

export interface Contents {
  readonly subject: Name;
  readonly publicKey: PublicKey;
  readonly fromMs: number;
  readonly untilMs: number;
  /** What its key may be used for, besides the identifiers of keys, which every certificate has. */
  readonly extensions: readonly Extension[];
}

/** Signs a certificate under a new random serial number of 126 bits; gives its PEM. RFC 5280 section 4. */
export async function certify(signer: Signer, contents: Contents): Promise<string> {
  const { X509CertificateGenerator, AuthorityKeyIdentifierExtension, SubjectKeyIdentifierExtension } = await x509();
  const { subject, publicKey, fromMs, untilMs, extensions } = contents;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject,
    issuer: signer.name,
    publicKey,
    signingKey: signer.key.key,
    signingAlgorithm: { name: signer.key.key.algorithm.name, hash: signer.key.hash },
    notBefore: new Date(fromMs),
    notAfter: new Date(untilMs),
    extensions: [
      ...extensions,
      new SubjectKeyIdentifierExtension(await keyIdOf(publicKey)),
      new AuthorityKeyIdentifierExtension(signer.keyId),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

/** RFC 5280 section 4.2.1.2, hexadecimal. */
export async function keyIdOf(publicKey: PublicKey): Promise<string> {
  return Buffer.from(await publicKey.getKeyIdentifier()).toString('hex');
}

/** The values are taken as they are; what is a quotation mark or a backslash in them means nothing. */
export async function nameOf(parts: Readonly<Record<string, string>>): Promise<Name> {
  const { Name } = await x509();
  const written: JsonNameParams = Object.entries(parts).map(([type, value]) => ({ [type]: [{ utf8String: value }] }));
  return new Name(written);
}

/** 16 bytes that are positive as a DER integer and never begin with a zero, so that all have the same length. */
function randomSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}
