import type { X509Certificate } from 'node:crypto';
import { DepotError } from '../model/errors.js';
import { fingerprintOf, readCertificates } from './certificates.js';
import { issuerFlawOf, shownName, signed } from './flaws.js';

/**
 * The roots of a company's own PKI, each as PEM, in the order of the text and each once.
 * @throws DepotError `certificate-refused` for one that is no root, or that no certificate can lead to now
 */
export function readAnchors(pem: string, nowMs: number): [string, ...string[]] {
  const certificates = readCertificates(pem, 'the file with the trust anchors');
  for (const certificate of certificates) requireRoot(certificate, nowMs);
  const [first, ...others] = certificates.map(String);
  const known = new Set([fingerprintOf(first ?? '')]);
  const distinct = others.filter((each) => {
    const fingerprint = fingerprintOf(each);
    return !known.has(fingerprint) && known.add(fingerprint);
  });
  return [first ?? '', ...distinct];
}

function requireRoot(certificate: X509Certificate, nowMs: number): void {
  const flaw =
    issuerFlawOf(certificate, nowMs) ??
    // TLS follows a chain up to a root only.
    (signed(certificate, certificate) ? undefined : 'is not a root, which is signed by itself');
  if (flaw === undefined) return;
  throw new DepotError('certificate-refused', `the certificate of ${shownName(certificate.subject)} ${flaw}`, {
    hint: 'trust anchors are the root certificates of the PKI; those below them stand in the files of the depots',
    retry: 'never',
  });
}
