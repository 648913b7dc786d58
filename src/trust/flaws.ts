import type { X509Certificate } from 'node:crypto';
import { quoted } from '../model/paths.js';
import { expiresAtMsOf, validFromMs } from './certificates.js';
import { momentOf, spanOf } from './dates.js';
import { factsOf } from './extensions.js';

/**
 * Why a certificate must not be believed, whoever signed it; undefined where it may. The reason completes "the
 * certificate of …". One that expired less than `graceMs` ago is let through.
 */
export function flawOf(certificate: X509Certificate, nowMs: number, graceMs = 0): string | undefined {
  return dateFlawOf(certificate, nowMs, graceMs) ?? formFlawOf(certificate) ?? keyFlawOf(certificate);
}

/** The same of one that signs others. */
export function issuerFlawOf(certificate: X509Certificate, nowMs: number): string | undefined {
  return certificate.ca
    ? flawOf(certificate, nowMs)
    : 'is not that of a certificate authority (it has no CA flag, or its key usage lacks signing certificates)';
}

/** Whether `issuer` signed `certificate`, and is one that may. */
export function signed(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && hasSignatureOf(issuer, certificate);
}

/** Whether the signature is that of the issuer's key, which may belong to anybody. */
export function hasSignatureOf(issuer: X509Certificate, certificate: X509Certificate): boolean {
  try {
    return certificate.verify(issuer.publicKey);
  } catch {
    return false; // a key that cannot make such a signature
  }
}

/** The name of a subject or issuer as messages show it; it may be anybody's invention. */
export function shownName(distinguishedName: string): string {
  return quoted(distinguishedName.replaceAll('\n', ', '));
}

function dateFlawOf(certificate: X509Certificate, nowMs: number, graceMs: number): string | undefined {
  const fromMs = validFromMs(certificate);
  if (nowMs < fromMs) {
    return `is not valid before ${momentOf(fromMs)}, and here it is ${momentOf(nowMs)} (are the clocks right?)`;
  }
  const overdueMs = nowMs - expiresAtMsOf(certificate);
  if (Number.isNaN(fromMs) || Number.isNaN(overdueMs)) return 'has dates that cannot be read';
  if (overdueMs <= graceMs) return undefined;
  const grace = graceMs > 0 ? `, and the grace of ${spanOf(graceMs)} is over` : '';
  return `expired ${spanOf(overdueMs)} ago, on ${momentOf(nowMs - overdueMs)}${grace}`;
}

function formFlawOf(certificate: X509Certificate): string | undefined {
  try {
    const { strongSignature, unknownCritical } = factsOf(certificate);
    // The signature of a root is its own, and proves nothing whatever it is made with.
    if (!strongSignature && !hasSignatureOf(certificate, certificate)) {
      return 'is signed with an algorithm that is not accepted (ECDSA and RSA with SHA-256 or better are)';
    }
    if (unknownCritical === undefined) return undefined;
    return `has a critical extension that depotd does not know (${unknownCritical} in hexadecimal)`;
  } catch {
    return 'has extensions that cannot be read';
  }
}

function keyFlawOf({ publicKey }: X509Certificate): string | undefined {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = publicKey;
  if (type === 'ec') return undefined;
  if (type !== 'rsa') return `has a key of type ${type} (EC and RSA are accepted)`;
  const bits = details?.modulusLength ?? 0;
  return bits < 2048 ? `has an RSA key of ${bits} bits (2048 or more are accepted)` : undefined;
}
