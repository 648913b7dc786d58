import { hash } from 'node:crypto';

/** 64 lower-case hexadecimal digits. The name of an object, a page or a head is the hash of its bytes. */
export type Sha256 = string & { readonly brand: 'sha256' };

const form = /^[0-9a-f]{64}$/;

export function isSha256(text: string): text is Sha256 {
  return form.test(text);
}

export function sha256(bytes: Uint8Array | string): Sha256 {
  return hash('sha256', bytes, 'hex') as Sha256;
}
