import { createPublicKey, X509Certificate } from 'node:crypto';
import { DepotError } from '../model/errors.js';
import { authorityContents, makeAuthority, type Authority } from './authority.js';
import { makeKeyAndRequest } from './certificate-request.js';
import { expiresAtMsOf, readCertificates, validFromMs } from './certificates.js';
import { certify } from './certify.js';
import { checkChain } from './chain.js';
import { shownName } from './flaws.js';
import { issueCertificate, signerOf } from './issue.js';
import { readPrivateKey } from './signing-key.js';
import { x509 } from './x509.js';

export interface Succession {
  /** The CA that is in force. */
  readonly before: Authority;
  /** Where the root's key is not with it, PEM. */
  readonly rootKey: string | null;
  readonly nowMs: number;
}

/**
 * A new CA, with a new root and a new issuing certificate, that depots accept before they have heard of it: the root before
 * certifies the new one (RFC 4210 section 4.4, "new with old").
 * @throws DepotError `bad-request` where the key of the root before is missing or another one; `certificate-refused` where
 * that root allows no further level below it
 */
export async function succeedAuthority({ before, rootKey, nowMs }: Succession): Promise<Authority> {
  const [oldRoot] = readCertificates(before.rootCertificate, 'the root of the CA');
  const signer = await signerOf(oldRootKey(before, rootKey, oldRoot), oldRoot);
  const company = /^O=(.+)$/m.exec(oldRoot.subject)?.[1] ?? /^CN=(.+)$/m.exec(oldRoot.subject)?.[1] ?? 'company';
  const made = await makeAuthority({ company, nowMs });
  const [newRoot] = readCertificates(made.rootCertificate, 'the new root');
  const library = await x509();
  const { subjectName: name, publicKey } = new library.X509Certificate(newRoot.raw);
  const dates = {
    fromMs: validFromMs(newRoot),
    untilMs: Math.min(expiresAtMsOf(oldRoot), expiresAtMsOf(newRoot)),
  };
  const bridge = await certify(signer, await authorityContents({ name, publicKey }, 1, dates));
  const authority = { ...made, bridge };
  await tryOut(authority, oldRoot, nowMs);
  return authority;
}

function oldRootKey({ rootKey: kept }: Authority, brought: string | null, root: X509Certificate): string {
  const key = brought ?? kept;
  if (key === null) {
    throw new DepotError('bad-request', `the key of the root ${shownName(root.subject)} is needed, and is not here`, {
      hint: 'bring it: depot ca rotate --root-key FILE',
      retry: 'never',
    });
  }
  if (createPublicKey(readPrivateKey(key)).equals(root.publicKey)) return key;
  throw new DepotError('bad-request', `the key that was given is not that of the root ${shownName(root.subject)}`, {
    retry: 'never',
  });
}

/** Judged as depots will that know only the root before, and as those that know the new one only. */
async function tryOut(authority: Authority, oldRoot: X509Certificate, nowMs: number): Promise<void> {
  const identity = { depot: 'trial', site: 'trial' };
  const { request } = await makeKeyAndRequest(identity);
  const { certificate, chain } = await issueCertificate(authority, request, identity, { nowMs, lifeMs: 60_000 });
  const intermediates = readCertificates(chain, 'a trial certificate').slice(1);
  for (const anchor of [oldRoot, new X509Certificate(authority.rootCertificate)]) {
    checkChain({ leaf: certificate, intermediates, anchors: [anchor], nowMs, subjects: undefined });
  }
}
