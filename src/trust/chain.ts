import { X509Certificate } from 'node:crypto';
import { DepotError } from '../model/errors.js';
import { expiresAtMsOf, readCertificates, serialOf } from './certificates.js';
import { factsOf } from './extensions.js';
import { flawOf, hasSignatureOf, issuerFlawOf, shownName, signed } from './flaws.js';
import type { DepotIdentity } from './identity.js';
import { depotOf, whyNobody, type SubjectRows } from './naming.js';

/** Certificates as objects or PEM; a PEM text may hold several. */
type Certificates = readonly (X509Certificate | string)[];

export interface ChainInput {
  readonly leaf: X509Certificate | string;
  /** What the other side sent besides, in any order. */
  readonly intermediates: Certificates;
  /** The company's trusted roots. */
  readonly anchors: Certificates;
  readonly nowMs: number;
  /** How long after its expiry the leaf is still accepted; issuers get no grace. */
  readonly graceMs?: number;
  /** Of the directory. */
  readonly subjects: SubjectRows;
}

export interface CheckedCertificate {
  readonly identity: DepotIdentity;
  /** Lower-case hexadecimal. */
  readonly serial: string;
  readonly expiresAtMs: number;
}

/** CAs between a root and a depot; a company has one or two. */
const maxLevels = 4;
const clientAuth = '1.3.6.1.5.5.7.3.2';

/**
 * What a certificate says, once it is proven: it leads to an anchor, is within its dates, and names one depot. Whether it is
 * revoked is for the caller to look up. Sources: README sections 3.2 to 3.4; RFC 5280 section 6.1.
 * @throws DepotError `certificate-refused`, with the first thing that is wrong, the signatures before what is signed
 */
export function checkChain({
  leaf,
  intermediates,
  anchors,
  nowMs,
  graceMs = 0,
  subjects,
}: ChainInput): CheckedCertificate {
  const [certificate] = read([leaf], 'what is shown as certificate of a depot');
  if (certificate === undefined) throw new DepotError('certificate-refused', 'no certificate was shown');
  const roots = read(anchors, 'the list of trusted roots');
  const others = read(intermediates, 'what is shown with the certificate of a depot');
  const identity = depotOf(certificate, subjects);
  const refuse = (flaw: string, hint?: string): never => refuseAs(identity, certificate, flaw, hint);
  if (!isIssuedBelow(roots, others, certificate, nowMs)) refuse(whyNotIssued(certificate, roots, others, nowMs));
  const flaw = flawOf(certificate, nowMs, graceMs);
  if (flaw !== undefined)
    refuse(flaw, nowMs > expiresAtMsOf(certificate) ? afterExpiry(identity, subjects) : undefined);
  // Node's name for the extended key usage.
  if (certificate.keyUsage !== undefined && !certificate.keyUsage.includes(clientAuth)) {
    refuse('is not for clients (extended key usage)');
  }
  if (identity === undefined) {
    const { flaw: nobody, hint } = whyNobody(certificate, subjects);
    return refuse(nobody, hint);
  }
  return { identity, serial: serialOf(certificate), expiresAtMs: expiresAtMsOf(certificate) };
}

function afterExpiry(identity: DepotIdentity | undefined, subjects: SubjectRows): string | undefined {
  if (subjects !== undefined) return "have the company's PKI issue another one";
  if (identity === undefined) return undefined;
  const { depot, site } = identity;
  return `depots renew by themselves; this one was off for long, or cannot reach the CA: depot invite ${depot} --site ${site}`;
}

/**
 * Goes from the roots down: only what a trusted key signed is ever built upon, so however many certificates the other side
 * sends, the work is that of a few comparisons.
 */
function isIssuedBelow(
  roots: readonly X509Certificate[],
  others: readonly X509Certificate[],
  leaf: X509Certificate,
  nowMs: number,
): boolean {
  const usable = others.filter((each) => issuerFlawOf(each, nowMs) === undefined);
  let trusted = roots
    .filter((each) => issuerFlawOf(each, nowMs) === undefined)
    .map((certificate) => ({ certificate, levelsBelow: factsOf(certificate).pathLength }));
  for (let level = 0; level < maxLevels; level += 1) {
    if (trusted.some(({ certificate }) => signed(certificate, leaf))) return true;
    const above = trusted.filter(({ levelsBelow }) => levelsBelow > 0);
    trusted = usable.flatMap((certificate) => {
      const levels = above
        .filter((issuer) => signed(issuer.certificate, certificate))
        .map((each) => each.levelsBelow - 1);
      return levels.length === 0
        ? []
        : [{ certificate, levelsBelow: Math.min(Math.max(...levels), factsOf(certificate).pathLength) }];
    });
  }
  return false;
}

/** Completes "the certificate of …": the fault that is nearest to it, followed up to where the chain breaks. */
function whyNotIssued(
  certificate: X509Certificate,
  roots: readonly X509Certificate[],
  others: readonly X509Certificate[],
  nowMs: number,
): string {
  if (hasSignatureOf(certificate, certificate)) return "was issued by itself, and not by this company's CA";
  const name = shownName(certificate.issuer);
  const named = [...roots, ...others].filter((each) => each.subject === certificate.issuer);
  if (named.length === 0) return `was issued by ${name}, which does not belong to this company's CA`;
  const issuer = named.find((each) => hasSignatureOf(each, certificate));
  if (issuer === undefined) {
    return `does not bear the signature of ${name}: it was altered, or another CA has the same name`;
  }
  const flaw = issuerFlawOf(issuer, nowMs);
  if (flaw !== undefined) return `was issued by ${name}, whose certificate ${flaw}`;
  if (!signed(issuer, certificate)) return `names another key than that of ${name} (authority key identifier)`;
  if (roots.includes(issuer)) return `stands below more CAs than the root ${name} allows`;
  const rest = others.filter((each) => each !== issuer);
  return `was issued by ${name}, whose certificate ${whyNotIssued(issuer, roots, rest, nowMs)}`;
}

function refuseAs(
  identity: DepotIdentity | undefined,
  certificate: X509Certificate,
  flaw: string,
  hint: string | undefined,
): never {
  const who = identity === undefined ? shownName(certificate.subject) : `${identity.depot} (${identity.site})`;
  throw new DepotError('certificate-refused', `the certificate of ${who} ${flaw}`, hint === undefined ? {} : { hint });
}

function read(certificates: Certificates, what: string): X509Certificate[] {
  return certificates.flatMap((each) => (each instanceof X509Certificate ? [each] : readCertificates(each, what)));
}
