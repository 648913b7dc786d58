import { createPublicKey } from 'node:crypto';
import type { Pkcs10CertificateRequest, PublicKey } from '@peculiar/x509';
import { DepotError } from '../model/errors.js';
import { nameOf } from './certify.js';
import { identityUri, type DepotIdentity } from './identity.js';
import { exportKey, makeKeys } from './signing-key.js';
import { x509 } from './x509.js';

/** No request for a certificate (PKCS #10) is longer, in characters of PEM or Base64. */
const maxRequestLength = 16 * 1024;

export interface KeyAndRequest {
  /** PKCS #8 in PEM, not encrypted. */
  readonly key: string;
  /** PKCS #10 in PEM. */
  readonly request: string;
}

/** A new key (ECDSA P-256), and the request for a certificate that binds it to `identity`. */
export async function makeKeyAndRequest(identity: DepotIdentity): Promise<KeyAndRequest> {
  const { Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } = await x509();
  const keys = await makeKeys();
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: await nameOf({ CN: identity.depot }),
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [new SubjectAlternativeNameExtension([{ type: 'url', value: identityUri(identity) }])],
  });
  return { key: exportKey(keys.privateKey), request: `${request.toString('pem')}\n` };
}

/**
 * The DER of a request in PEM, or in Base64 without the lines around it.
 * @throws DepotError `certificate-refused`
 */
export function requestBytes(request: string): Buffer {
  const lines = /^\s*-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([^-]+)-----END (?:NEW )?CERTIFICATE REQUEST-----\s*$/;
  const text = request.length > maxRequestLength ? '' : (lines.exec(request)?.[1] ?? request).replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw refusal('is neither PEM nor Base64, or too long');
  return Buffer.from(text, 'base64');
}

/**
 * The public key that a request is for. Whoever made the request holds its private half: its signature is checked. What
 * names the request asks for is not looked at.
 * @throws DepotError `certificate-refused`
 */
export async function requestedKey(request: string): Promise<PublicKey> {
  const parsed = await readRequest(requestBytes(request));
  const { publicKey } = parsed;
  if (curveOf(publicKey) !== 'prime256v1') throw refusal('is for a key that is not ECDSA P-256');
  if (!(await parsed.verify().catch(() => false))) throw refusal('is not signed by the key that it is for');
  return publicKey;
}

async function readRequest(bytes: Buffer): Promise<Pkcs10CertificateRequest> {
  const { Pkcs10CertificateRequest } = await x509();
  try {
    return new Pkcs10CertificateRequest(bytes);
  } catch (cause) {
    throw refusal('cannot be read', cause);
  }
}

function curveOf(publicKey: PublicKey): string | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey.rawData), type: 'spki', format: 'der' });
    return key.asymmetricKeyDetails?.namedCurve;
  } catch {
    return undefined;
  }
}

function refusal(flaw: string, cause?: unknown): DepotError {
  return new DepotError('certificate-refused', `the request for a certificate ${flaw}`, { cause, retry: 'never' });
}
