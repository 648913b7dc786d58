import { DepotError } from '../model/errors.js';
import { distrust } from './distrust.js';

/** Alerts by which the other side says that it does not take our certificate. */
const ownRefused: Readonly<Record<string, string>> = {
  CERTIFICATE_REQUIRED: 'it got none',
  CERTIFICATE_EXPIRED: 'it has expired',
  CERTIFICATE_REVOKED: 'it is revoked',
  CERTIFICATE_UNKNOWN: 'it is not acceptable',
  BAD_CERTIFICATE: 'it is not acceptable',
  UNSUPPORTED_CERTIFICATE: 'it is of a kind that is not taken',
  UNKNOWN_CA: 'its CA is not known there',
  ACCESS_DENIED: 'it does not give access',
};

/** What TLS says of the other side's TLS, and what that means. */
const otherwise: Readonly<Record<string, string>> = {
  WRONG_VERSION_NUMBER: 'what answered does not speak TLS',
  PACKET_LENGTH_TOO_LONG: 'what answered does not speak TLS',
  UNSUPPORTED_PROTOCOL: 'what answered does not speak TLS 1.3',
  PROTOCOL_VERSION: 'what answered does not speak TLS 1.3',
  HANDSHAKE_FAILURE: 'what answered has no cipher or curve in common with this depot',
  UNRECOGNIZED_NAME: 'what answered does not know itself by that name',
};

/**
 * The error behind a failed handshake, or behind a connection that was ended right after it: under TLS 1.3 a server looks
 * at the client's certificate when the client believes that all is well.
 * @returns undefined where it was not TLS that failed
 */
export function asHandshakeError(thrown: unknown, subject: string): DepotError | undefined {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  const distrusted = distrust(code, `${subject}: the certificate of the parent`, 'others');
  if (distrusted !== undefined) return distrusted;
  // OpenSSL's names of alerts begin with the protocol that had them first: ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE; since 3.2 with
  // `SSL/TLS` in place of SSLV3.
  const reason = /^ERR_SSL_(?:(?:SSLV3|SSL\/TLS|TLSV1|TLSV13)_ALERT_)?(\w+)$/.exec(code)?.[1];
  if (reason === undefined) return undefined;
  const refused = ownRefused[reason];
  if (refused !== undefined) {
    const message = `${subject}: the parent refused the certificate of this depot: ${refused}`;
    const hint = '`depot cert` shows it; the log of the parent says more, and `depot join` gets a new one';
    return new DepotError('certificate-refused', message, { cause: thrown, hint });
  }
  const said = otherwise[reason] ?? `TLS failed: ${reason.toLowerCase().replaceAll('_', ' ')}`;
  return new DepotError('parent-answer', `${subject}: ${said}`, {
    cause: thrown,
    hint: 'check the address, the port and the scheme (http or https) in the URL of the parent',
  });
}
