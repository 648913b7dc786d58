import { createPrivateKey, createPublicKey } from 'node:crypto';
import { DepotError } from '../model/errors.js';
import { readCertificates } from './certificates.js';
import { checkChain } from './chain.js';
import type { DepotIdentity } from './identity.js';

/**
 * What came back from the CA came through the hands of depots on the way: it must be for this key and this depot, and lead
 * to a root that is trusted.
 * @throws DepotError `certificate-refused`
 */
export function requireIssued(
  chain: string,
  key: string,
  self: DepotIdentity,
  { anchors, nowMs }: { readonly anchors: readonly string[]; readonly nowMs: number },
): void {
  const [leaf, ...intermediates] = readCertificates(chain, 'what the CA answered');
  const { identity } = checkChain({ leaf, intermediates, anchors, nowMs, subjects: undefined });
  const isOurs = createPublicKey(createPrivateKey(key)).equals(leaf.publicKey);
  if (isOurs && identity.depot === self.depot && identity.site === self.site) return;
  throw new DepotError(
    'certificate-refused',
    `the certificate that came back is not for this depot, ${self.depot} at ${self.site}`,
    {
      hint: 'a depot on the way to the CA put another in its place, or has a fault',
    },
  );
}
