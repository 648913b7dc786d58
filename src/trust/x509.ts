import { webcrypto } from 'node:crypto';
import type * as X509 from '@peculiar/x509';

/**
 * The library that writes certificates, on Node's cryptography. It is loaded where one is made, which most daemons do
 * once in weeks: loading takes longer than the rest of a start.
 */
export async function x509(): Promise<typeof X509> {
  await import('reflect-metadata');
  const library = await import('@peculiar/x509');
  library.cryptoProvider.set(webcrypto);
  return library;
}
