import type { OwnCertificateStatus } from '../model/status.js';
import type { CertificateFacts, OwnCertificate } from './own-certificate.js';

const dayMs = 86_400_000;

/**
 * Whether a person has to see to the certificate: a third of its life is left where the PKI provides it, and a sixth where it
 * should have been renewed by itself at a third.
 */
export function isEnding({ issuedAtMs, expiresAtMs }: CertificateFacts, nowMs: number, isProvided: boolean): boolean {
  return expiresAtMs - nowMs <= (expiresAtMs - issuedAtMs) / (isProvided ? 3 : 6);
}

/** This depot's certificate as the status shows it. @param file where the PKI's is to be replaced */
export function certificateStatus(own: OwnCertificate, file: string | undefined, nowMs: number): OwnCertificateStatus {
  const facts = own.facts();
  const isProvided = own.isOfOwnPki();
  const { serial, expiresAtMs } = facts;
  const at = new Date(nowMs).toISOString();
  const shown = { serial, expiresAt: new Date(expiresAtMs).toISOString(), provided: isProvided };
  if (!isEnding(facts, nowMs, isProvided)) return { ...shown, error: null };
  const days = Math.floor(Math.abs(expiresAtMs - nowMs) / dayMs);
  const span = days === 1 ? 'a day' : `${days} days`;
  const message = `the certificate of this depot ${expiresAtMs > nowMs ? `ends in ${span}` : `ended ${span} ago`}`;
  const hint = isProvided
    ? `have the PKI issue another one, replace ${file ?? 'it (set certificate: in the configuration)'}, then: depot reload`
    : 'depot cert --renew says why it was not renewed';
  return { ...shown, error: { code: 'certificate-ends', message, hint, at } };
}
