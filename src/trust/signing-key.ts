import { createPrivateKey, KeyObject, webcrypto } from 'node:crypto';
import { DepotError } from '../model/errors.js';

/** A private key, ready to sign certificates and requests, with the hash that its strength asks for. */
export interface SigningKey {
  readonly key: webcrypto.CryptoKey;
  readonly hash: 'SHA-256' | 'SHA-384' | 'SHA-512';
}

const p256 = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** Node's names of the curves that webcrypto has. */
const curves = new Map([
  ['prime256v1', { namedCurve: 'P-256', hash: 'SHA-256' }],
  ['secp384r1', { namedCurve: 'P-384', hash: 'SHA-384' }],
  ['secp521r1', { namedCurve: 'P-521', hash: 'SHA-512' }],
] as const);

/** A new key: ECDSA P-256, README section 3.1. */
export async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(p256, true, ['sign', 'verify']);
}

/** PKCS #8 in PEM, not encrypted. */
export function exportKey(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();
}

/**
 * A private key in PEM, of any of the usual forms. The key itself is in no error, nor in its cause.
 * @throws DepotError `certificate-refused`
 */
export function readPrivateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    const encrypted = /^(-----BEGIN|Proc-Type:).*ENCRYPTED/m.test(pem);
    throw new DepotError(
      'certificate-refused',
      encrypted ? 'the private key is encrypted' : 'what should be a private key in PEM is not one',
      { retry: 'never', ...(encrypted ? { hint: 'decrypt it with: openssl pkey -in KEY -out OPEN-KEY' } : {}) },
    );
  }
}

/**
 * ECDSA on the curves P-256, P-384, P-521, or RSA of 2048 bits and more (PKCS #1 v1.5).
 * @throws DepotError `certificate-refused` for other keys
 */
export async function signingKeyOf(key: KeyObject): Promise<SigningKey> {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const curve = curves.get((details?.namedCurve ?? '') as 'prime256v1');
  const bytes = key.export({ type: 'pkcs8', format: 'der' });
  const take = (algorithm: webcrypto.RsaHashedImportParams | webcrypto.EcKeyImportParams) =>
    webcrypto.subtle.importKey('pkcs8', bytes, algorithm, false, ['sign']);
  if (type === 'ec' && curve !== undefined) {
    return { key: await take({ name: 'ECDSA', namedCurve: curve.namedCurve }), hash: curve.hash };
  }
  if (type === 'rsa' && (details?.modulusLength ?? 0) >= 2048) {
    return { key: await take({ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }), hash: 'SHA-256' };
  }
  const size = details?.namedCurve ?? details?.modulusLength ?? '';
  throw new DepotError(
    'certificate-refused',
    `a key of type ${type} ${size} cannot sign certificates here: EC on P-256, P-384, P-521 and RSA from 2048 bits can`,
    { retry: 'never' },
  );
}
