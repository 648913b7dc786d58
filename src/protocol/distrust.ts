import { DepotError } from '../model/errors.js';

/** Why OpenSSL does not accept a certificate, by Node's names of its reasons (X509_V_ERR_...). */
const reasons: Readonly<Record<string, readonly [reason: string, remedy: 'renew' | 'clock' | 'foreign']>> = {
  CERT_HAS_EXPIRED: ['has expired', 'renew'],
  CERT_NOT_YET_VALID: ['is not valid yet', 'clock'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ["is signed by itself, not by the company's CA", 'foreign'],
  SELF_SIGNED_CERT_IN_CHAIN: ['was issued by another CA', 'foreign'],
  UNABLE_TO_GET_ISSUER_CERT: ['was issued by an unknown CA', 'foreign'],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['was issued by an unknown CA', 'foreign'],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['was issued by an unknown CA, or came without the one that issued it', 'foreign'],
  CERT_SIGNATURE_FAILURE: ['has a signature that is wrong', 'foreign'],
  CERT_UNTRUSTED: ['was issued by a CA that is not trusted', 'foreign'],
  CERT_REJECTED: ['was issued by a CA that is not trusted', 'foreign'],
  CERT_CHAIN_TOO_LONG: ['has too many certificates above it', 'foreign'],
  PATH_LENGTH_EXCEEDED: ['was issued by a CA that may not issue it', 'foreign'],
  INVALID_CA: ['was issued by what is no CA', 'foreign'],
  INVALID_PURPOSE: ['is not meant for connections between depots', 'foreign'],
};

const remedies = {
  own: {
    renew:
      "`depot cert` shows it; a depot that was off for long is invited again, or gets another one of the company's PKI",
    clock: 'compare the clocks of this machine and the other one',
    foreign: "`depot cert` shows it; `depot join` gets one of the company's CA",
  },
  others: {
    renew: 'compare the clocks; if they agree, `depot cert` on the other machine says why it was not renewed',
    clock: 'compare the clocks of this machine and the other one',
    foreign: 'is that the address of a depot of this company? `depot cert` on both sides shows the CA',
  },
};

/**
 * The error of a certificate that does not lead to an anchor.
 * @param reason Node's code, as `CERT_HAS_EXPIRED`
 * @param reader whose certificate it is, as seen by whoever reads the hint
 * @returns undefined where that is no reason of that kind
 */
export function distrust(reason: string, subject: string, reader: 'own' | 'others'): DepotError | undefined {
  const known = reasons[reason];
  if (known === undefined) return undefined;
  const [said, remedy] = known;
  return new DepotError('certificate-refused', `${subject} ${said}`, { hint: remedies[reader][remedy] });
}
