import { createPublicKey, type X509Certificate } from 'node:crypto';
import { DepotError } from '../model/errors.js';
import type { Authority } from './authority.js';
import { makeKeyAndRequest } from './certificate-request.js';
import { formatCertificates, readCertificates } from './certificates.js';
import { checkChain } from './chain.js';
import { issuerFlawOf, shownName, signed } from './flaws.js';
import { issueCertificate } from './issue.js';
import { readPrivateKey, signingKeyOf } from './signing-key.js';

export interface ExistingAuthority {
  /** The private key that will sign for depots, PEM, not encrypted; EC or RSA. */
  readonly key: string;
  /** Its certificate, those above it in their order, and the root at the end, PEM. */
  readonly chain: string;
  readonly nowMs: number;
}

/**
 * A CA that the company has already, or a part of it that was made for depotd. The root's key stays where it is, unless the
 * root itself is to issue.
 * @throws DepotError `certificate-refused`, with what does not fit
 */
export async function adoptAuthority({ key, chain, nowMs }: ExistingAuthority): Promise<Authority> {
  const privateKey = readPrivateKey(key);
  await signingKeyOf(privateKey);
  const certificates = readCertificates(chain, 'the chain of the CA');
  const [issuing] = certificates;
  if (!createPublicKey(privateKey).equals(issuing.publicKey)) {
    refuse(issuing, 'is for another key than the one that was given; it must be the first in the chain');
  }
  const root = checkOrder(certificates, nowMs);
  const authority = {
    rootKey: null,
    rootCertificate: formatCertificates([root]),
    issuingKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    issuingChain: formatCertificates(certificates.slice(0, -1)),
  };
  await tryOut(authority, nowMs);
  return authority;
}

/** Each must be signed by the next, the last by itself, and is the root. */
function checkOrder(certificates: readonly [X509Certificate, ...X509Certificate[]], nowMs: number): X509Certificate {
  let [current] = certificates;
  for (const next of certificates.slice(1)) {
    checkIssuer(current, nowMs);
    if (!signed(next, current)) refuse(current, `is not signed by the next in the chain, ${shownName(next.subject)}`);
    current = next;
  }
  checkIssuer(current, nowMs);
  if (!signed(current, current)) refuse(current, 'is the last in the chain, and not a root, which is signed by itself');
  return current;
}

function checkIssuer(certificate: X509Certificate, nowMs: number): void {
  const flaw = issuerFlawOf(certificate, nowMs);
  if (flaw !== undefined) refuse(certificate, flaw);
}

/** What is left to go wrong shows in a certificate that it issued, judged as every depot will. */
async function tryOut(authority: Authority, nowMs: number): Promise<void> {
  const identity = { depot: 'trial', site: 'trial' };
  const { request } = await makeKeyAndRequest(identity);
  const { certificate } = await issueCertificate(authority, request, identity, { nowMs, lifeMs: 60_000 });
  checkChain({
    leaf: certificate,
    intermediates: authority.issuingChain === '' ? [] : [authority.issuingChain],
    anchors: [authority.rootCertificate],
    nowMs,
    subjects: undefined,
  });
}

function refuse(certificate: X509Certificate, flaw: string): never {
  const message = `this CA cannot be taken over: the certificate of ${shownName(certificate.subject)} ${flaw}`;
  throw new DepotError('certificate-refused', message, { retry: 'never' });
}
