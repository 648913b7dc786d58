import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { DepotError } from '../model/errors.js';
import type { ClientMaterial } from './tls.js';

/**
 * OpenSSL 3.5, which newer versions of Node have, would put the exchange of post-quantum keys first: 2.3 kB a handshake, more
 * than a whole poll over a resumed connection (README, Decisions).
 */
const curves = 'X25519:prime256v1:secp384r1';

/**
 * The material as Node's TLS takes it, for either side: TLS 1.3 and nothing older.
 * @throws DepotError `certificate-refused` where key and certificates cannot be read or do not fit together
 */
export function contextOptions(material: ClientMaterial): SecureContextOptions {
  const own = 'key' in material ? { key: material.key, cert: material.chain } : {};
  const options = { ...own, ca: [...material.anchors], minVersion: 'TLSv1.3' as const, ecdhCurve: curves };
  try {
    createSecureContext(options);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DepotError('certificate-refused', `the certificate of this depot cannot be used: ${reason}`, {
      cause,
      hint: '`depot cert` shows it, `depot join` gets a new one',
      retry: 'never',
    });
  }
  return options;
}

export function isSameMaterial(a: ClientMaterial, b: ClientMaterial): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
