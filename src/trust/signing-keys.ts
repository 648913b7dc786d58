import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { DepotError } from '../model/errors.js';
import { sha256 } from '../model/sha256.js';

/** The public half of an Ed25519 key of TUF metadata. */
export interface PublicKey {
  /** The TUF key id: SHA-256 of the canonical JSON of the public key, as other TUF tools compute it. */
  readonly id: string;
  /** The public half, 32 bytes in hexadecimal. */
  readonly public: string;
}

/** An Ed25519 key that signs TUF metadata. */
export interface SigningKey extends PublicKey {
  /** The signature in hexadecimal. */
  sign(bytes: Uint8Array): string;
}

/** A new key, with the PKCS #8 text that `readSigningKey` reads it from. */
export function makeSigningKey(): { readonly key: SigningKey; readonly pem: string } {
  const { privateKey } = generateKeyPairSync('ed25519');
  return { key: signingKey(privateKey), pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

/** Where the text of a key is from, for messages, and how it comes back where it is damaged. */
export interface KeyOrigin {
  readonly what: string;
  readonly hint?: string;
}

/** @throws DepotError `data-unusable` when the text is not an Ed25519 private key in PKCS #8. The text is never quoted. */
export function readSigningKey(pem: string, { what, hint = '' }: KeyOrigin = { what: 'a signing key' }): SigningKey {
  const how = hint === '' ? {} : { hint };
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem, format: 'pem' });
  } catch (cause) {
    const seen = pem === '' ? 'it is empty' : 'it is not a private key in PEM';
    throw new DepotError('data-unusable', `${what} cannot be read: ${seen}`, { ...how, cause });
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    const type = key.asymmetricKeyType ?? 'another type';
    throw new DepotError('data-unusable', `${what} cannot be used: it is ${type}, not ed25519`, how);
  }
  return signingKey(key);
}

/** A public key as it stands in TUF metadata. The order of the fields is that of canonical JSON: the id depends on it. */
export function tufKey(publicHex: string): {
  readonly keytype: 'ed25519';
  readonly keyval: { readonly public: string };
  readonly scheme: 'ed25519';
} {
  return { keytype: 'ed25519', keyval: { public: publicHex }, scheme: 'ed25519' };
}

function signingKey(privateKey: KeyObject): SigningKey {
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const publicHex = Buffer.from(x, 'base64url').toString('hex');
  return {
    id: sha256(JSON.stringify(tufKey(publicHex))),
    public: publicHex,
    sign: (bytes) => sign(undefined, bytes, privateKey).toString('hex'),
  };
}
