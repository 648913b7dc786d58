import { X509Certificate } from 'node:crypto';
import { DepotError } from '../model/errors.js';
import { sha256 } from '../model/sha256.js';

/** No text with certificates is longer, in characters, and none has more of them. */
const maxChainLength = 64 * 1024;
const maxCertificates = 8;

// What stands between the lines has no `-`, so that a text without ends is read once.
const certificatePem = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/**
 * The certificates of a PEM text, in its order: at least one, at most eight. Other text between them is ignored.
 * @throws DepotError `certificate-refused`; `what` names the text in its message
 */
export function readCertificates(pem: string, what: string): [X509Certificate, ...X509Certificate[]] {
  const found = pem.length > maxChainLength ? [] : (pem.match(certificatePem) ?? []);
  if (found.length > maxCertificates) {
    throw new DepotError(
      'certificate-refused',
      `${what} has ${found.length} certificates, more than ${maxCertificates}`,
    );
  }
  const [first, ...others] = found.map((text) => readOne(text, what));
  if (first === undefined) throw new DepotError('certificate-refused', `${what} has no certificate in PEM`);
  return [first, ...others];
}

function readOne(text: string, what: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch (cause) {
    throw new DepotError('certificate-refused', `${what} has a certificate that cannot be read`, { cause });
  }
}

/** PEM, one after the other, as they are sent and kept. */
export function formatCertificates(certificates: readonly X509Certificate[]): string {
  return certificates.map((certificate) => certificate.toString()).join('');
}

/**
 * SHA-256 of the DER of the first certificate, lower-case hexadecimal.
 * @throws DepotError `certificate-refused`
 */
export function fingerprintOf(certificatePem: string): string {
  return sha256(readCertificates(certificatePem, 'what was to be fingerprinted')[0].raw);
}

/** The serial number as revocations list it: lower-case hexadecimal. */
export function serialOf(certificate: X509Certificate): string {
  return certificate.serialNumber.toLowerCase();
}

export function validFromMs(certificate: X509Certificate): number {
  return Date.parse(certificate.validFrom);
}

export function expiresAtMsOf(certificate: X509Certificate): number {
  return Date.parse(certificate.validTo);
}
