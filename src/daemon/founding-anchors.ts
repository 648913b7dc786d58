import type { Settings } from '../config/settings.js';
import type { Host } from '../host.js';
import { DepotError } from '../model/errors.js';
import { sha256 } from '../model/sha256.js';
import { DirectoryHolder } from '../publish/directory.js';
import { readAnchors } from '../trust/anchors.js';
import { fingerprintOf } from '../trust/certificates.js';
import { requireProvided, readProvided } from '../trust/provided.js';
import { namesOf } from '../trust/subject.js';
import { inNewCompany } from './founding.js';
import { keepCredentials } from './own-certificate.js';
import { readProvidedFiles } from './provided-files.js';

export interface FoundedOnAnchors {
  /** Fingerprints of the roots that are trusted. */
  readonly anchors: readonly string[];
  /** SHA-256 of the first root of the directory: what `depot join` is told. */
  readonly directory: string;
  /** Of this depot's certificate. */
  readonly subject: string;
}

/**
 * Makes the directory of a company whose own PKI issues the certificates: no key of a CA is here. Its map begins with this
 * depot. The daemon must not be running.
 * @param anchors the roots of the PKI, PEM
 * @throws DepotError `data-locked`, `bad-request` where there is one already or no certificate is set, `certificate-refused`
 */
export async function foundOnAnchors(
  { data, depot, site, signing, certificate, file }: Settings,
  anchors: string,
  graceMs: number,
  host: Host,
): Promise<FoundedOnAnchors> {
  if (certificate === null) {
    throw new DepotError('bad-request', `${file} does not say where this depot's certificate is`, {
      hint: 'have the PKI issue one for servers and clients, and set certificate: { file: FILE, key: FILE }',
      retry: 'never',
    });
  }
  const pair = await readProvidedFiles(certificate);
  const nowMs = host.now();
  const trusted = readAnchors(anchors, nowMs);
  const names = namesOf(readProvided(pair).leaf);
  if (names === undefined) {
    throw new DepotError('certificate-refused', `the certificate in ${certificate.file} has no subject`, {
      hint: 'have the PKI issue one with a subject, such as CN=origin,O=Company',
      retry: 'never',
    });
  }
  const subjects = [{ subject: names.subject, depot, site }];
  const own = requireProvided(pair, { depot, site }, { anchors: trusted, subjects, nowMs });
  return inNewCompany(data, host, async (store) => {
    const directory = new DirectoryHolder(store, host, site, () => signing);
    await directory.found({ anchors: trusted, revoked: [], graceMs, subjects });
    await keepCredentials(store, { ...own, anchors: trusted.join(''), directory: directory.root() });
    return { anchors: trusted.map(fingerprintOf), directory: sha256(directory.root()), subject: names.subject };
  });
}
