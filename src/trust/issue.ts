import { X509Certificate } from 'node:crypto';
import type { Extension } from '@peculiar/x509';
import { DepotError } from '../model/errors.js';
import { backdatedMs, type Authority } from './authority.js';
import { requestedKey } from './certificate-request.js';
import { expiresAtMsOf, readCertificates, serialOf } from './certificates.js';
import { certify, keyIdOf, nameOf, type Signer } from './certify.js';
import { issuerFlawOf, shownName } from './flaws.js';
import { identityUri, readIdentityUri, type DepotIdentity } from './identity.js';
import { readPrivateKey, signingKeyOf } from './signing-key.js';
import { x509 } from './x509.js';

export interface IssuedCertificate {
  /** The depot's own, PEM. */
  readonly certificate: string;
  /** The same and those above it, PEM, without the root: what the depot shows to others. */
  readonly chain: string;
  /** Lower-case hexadecimal. */
  readonly serial: string;
  readonly expiresAtMs: number;
}

/**
 * A certificate for the key of `request` (PKCS #10, PEM or DER in Base64). It names `identity` and nothing else, whatever
 * the request asks for. It ends with the CA's own certificates, if those end sooner than `lifeMs` from now.
 * @throws DepotError `certificate-refused` when the request is not signed by its own key, or the CA has expired; `bad-request`
 * when `identity` is not a name and a site
 */
export async function issueCertificate(
  authority: Authority,
  request: string,
  identity: DepotIdentity,
  { nowMs, lifeMs }: { readonly nowMs: number; readonly lifeMs: number },
): Promise<IssuedCertificate> {
  if (readIdentityUri(identityUri(identity)) === undefined) {
    throw new DepotError('bad-request', 'a certificate is for a name and a site', { retry: 'never' });
  }
  const publicKey = await requestedKey(request);
  const issuers = readCertificates(`${authority.issuingChain}${authority.rootCertificate}`, 'the chain of the CA');
  for (const issuer of issuers) {
    const flaw = issuerFlawOf(issuer, nowMs);
    if (flaw === undefined) continue;
    const message = `the CA can issue nothing: the certificate of ${shownName(issuer.subject)} ${flaw}`;
    throw new DepotError('certificate-refused', message, { retry: 'never' });
  }
  const certificate = await certify(await signerOf(authority.issuingKey, issuers[0]), {
    subject: await nameOf({ CN: identity.depot }),
    publicKey,
    fromMs: nowMs - backdatedMs,
    untilMs: Math.min(nowMs + lifeMs, ...issuers.map(expiresAtMsOf)),
    extensions: await depotExtensions(identity),
  });
  const issued = new X509Certificate(certificate);
  return {
    certificate,
    chain: `${certificate}${authority.issuingChain}${authority.bridge ?? ''}`,
    serial: serialOf(issued),
    expiresAtMs: expiresAtMsOf(issued),
  };
}

/** @param key of the certificate, PEM */
export async function signerOf(key: string, certificate: X509Certificate): Promise<Signer> {
  const { X509Certificate, SubjectKeyIdentifierExtension } = await x509();
  const issuer = new X509Certificate(certificate.raw);
  // Others number their keys in ways of their own, and a verifier compares the two.
  const keyId = issuer.getExtension(SubjectKeyIdentifierExtension)?.keyId ?? (await keyIdOf(issuer.publicKey));
  return { name: issuer.subjectName, keyId, key: await signingKeyOf(readPrivateKey(key)) };
}

async function depotExtensions(identity: DepotIdentity): Promise<Extension[]> {
  const library = await x509();
  const { ExtendedKeyUsage, KeyUsageFlags } = library;
  return [
    new library.BasicConstraintsExtension(false, undefined, true),
    new library.KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new library.ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
    new library.SubjectAlternativeNameExtension([{ type: 'url', value: identityUri(identity) }]),
  ];
}
