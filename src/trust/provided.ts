import { createPublicKey, type X509Certificate } from 'node:crypto';
import { DepotError } from '../model/errors.js';
import type { SubjectRow } from '../model/company.js';
import { formatCertificates, readCertificates } from './certificates.js';
import { checkChain } from './chain.js';
import type { DepotIdentity } from './identity.js';
import { readPrivateKey } from './signing-key.js';

/** Key and certificate as the company's own PKI gave them, PEM. */
export interface ProvidedPair {
  /** In any of the usual forms, not encrypted. */
  readonly key: string;
  /** The depot's certificate, then those between it and the root; a root at the end is left out. */
  readonly chain: string;
}

const serverAuth = '1.3.6.1.5.5.7.3.1';

/**
 * The pair in the form in which it is kept, where it is one and good for both sides of a connection. Whether it is this
 * depot's is another question: `requireProvided`.
 * @throws DepotError `certificate-refused`
 */
export function readProvided({ key, chain }: ProvidedPair): ProvidedPair & { readonly leaf: X509Certificate } {
  const privateKey = readPrivateKey(key);
  const [leaf, ...others] = readCertificates(chain, 'the file with the certificate');
  if (!createPublicKey(privateKey).equals(leaf.publicKey)) {
    refuse('the first certificate in the file is for another key', 'put both files in their place, then: depot reload');
  }
  // Node's name for the extended key usage.
  if (leaf.keyUsage !== undefined && !leaf.keyUsage.includes(serverAuth)) {
    refuse('the certificate is not for servers (extended key usage)', 'depots need one for servers and clients');
  }
  const intermediates = others.filter((each) => each.subject !== each.issuer);
  return {
    leaf,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    chain: formatCertificates([leaf, ...intermediates]),
  };
}

/** @throws DepotError `certificate-refused` where it is not that of this depot, by the directory */
export function requireProvided(
  pair: ProvidedPair,
  self: DepotIdentity,
  trusted: {
    readonly anchors: readonly string[];
    readonly subjects: readonly SubjectRow[];
    readonly nowMs: number;
  },
): ProvidedPair {
  const { leaf, key, chain } = readProvided(pair);
  const { identity } = checkChain({ leaf, intermediates: [chain], ...trusted });
  if (identity.depot === self.depot && identity.site === self.site) return { key, chain };
  throw new DepotError(
    'certificate-refused',
    `the directory maps this certificate to ${identity.depot} at ${identity.site}, and this is ${self.depot} at ${self.site}`,
    { hint: 'at the origin: depot subject list', retry: 'never' },
  );
}

function refuse(message: string, hint: string): never {
  throw new DepotError('certificate-refused', message, { hint, retry: 'never' });
}
