import type { X509Certificate } from 'node:crypto';
import type { Host } from '../host.js';
import type { AuthorityMessage, IssuedMessage } from '../model/enrolment.js';
import { asDepotError, DepotError } from '../model/errors.js';
import { sha256 } from '../model/sha256.js';
import { askAuthority } from '../protocol/authority.js';
import { ParentClient } from '../protocol/client.js';
import type { Peer } from '../protocol/tls.js';
import { acquireLock } from '../store/lock.js';
import { giveToOwner } from '../store/ownership.js';
import { Store } from '../store/store.js';
import { mayBeParent } from '../trust/access.js';
import { makeKeyAndRequest } from '../trust/certificate-request.js';
import { fingerprintOf, serialOf } from '../trust/certificates.js';
import { depotOf } from '../trust/naming.js';
import { requireIssued } from '../trust/issued.js';
import type { Invitation } from '../trust/invitation.js';
import { signJoin } from '../trust/join.js';
import { keepCredentials } from './own-certificate.js';

export interface JoinOptions {
  readonly invitation: Invitation;
  readonly data: string;
  readonly version: string;
  readonly host: Host;
  readonly signal: AbortSignal;
}

/**
 * Makes this data directory that of a depot of the company:
 * 1. Ask a depot of the invitation for the company's roots; they must have the fingerprints that the invitation has.
 * 2. Over TLS that leads to that root, ask for a certificate for a key that is made here, signed with the invitation's.
 * 3. Keep key and certificate, and the root of the directory, from which all else is verified.
 * The daemon must not be running. Nothing is kept before step 3.
 * @throws DepotError `invitation-refused`, `certificate-refused`, `data-locked`, `parent-unreachable`
 */
export async function joinCompany({ invitation, data, version, host, signal }: JoinOptions): Promise<void> {
  if (invitation.expiresAtMs <= host.now()) {
    throw new DepotError(
      'invitation-refused',
      `the invitation expired at ${new Date(invitation.expiresAtMs).toISOString()}`,
      {
        hint: 'is the clock of this machine right? else have the depot invited again',
        retry: 'never',
      },
    );
  }
  const lock = acquireLock(data, host.now());
  const store = Store.open(data);
  try {
    const { depot, site } = invitation;
    const { key, request } = await makeKeyAndRequest({ depot, site });
    const { authority, anchor, issued } = await firstThatAnswers(invitation, async (url) => {
      const said = await askAuthority(url, signal);
      const root = anchorOf(said, invitation, url);
      return { authority: said, anchor: root, issued: await enroll(url, root, invitation, request, version, signal) };
    });
    requireIssued(issued.chain, key, { depot, site }, { anchors: [anchor], nowMs: host.now() });
    const directory = Buffer.from(authority.directory, 'base64');
    await keepCredentials(store, { key, chain: issued.chain, anchors: anchor, directory });
  } finally {
    store.close();
    lock.release();
    await giveToOwner(data);
  }
}

/** The root certificate that the invitation vouches for. @throws DepotError `certificate-refused` */
function anchorOf({ anchors, directory }: AuthorityMessage, invitation: Invitation, url: string): string {
  const anchor = anchors.find((pem) => fingerprintOf(pem) === invitation.fingerprint);
  if (anchor !== undefined && sha256(Buffer.from(directory, 'base64')) === invitation.directory) return anchor;
  throw new DepotError('certificate-refused', `${url} is not of the company that the invitation is from`, {
    hint: 'somebody stands between, or the company has another CA since: have the depot invited again',
    retry: 'never',
  });
}

async function enroll(
  url: string,
  anchor: string,
  invitation: Invitation,
  request: string,
  version: string,
  signal: AbortSignal,
): Promise<IssuedMessage> {
  const { depot, site } = invitation;
  const judge = (leaf: X509Certificate): Peer => {
    const identity = depotOf(leaf, undefined);
    if (identity !== undefined && mayBeParent(identity, { depot, site }))
      return { ...identity, serial: serialOf(leaf) };
    throw new DepotError('certificate-refused', `what answers at ${url} is not a depot at or above ${site}`);
  };
  const client = new ParentClient({
    url,
    depot,
    site,
    version,
    tls: { material: () => ({ anchors: [anchor] }), judge },
  });
  try {
    return await client.enroll({ depot, site, request, signature: signJoin(invitation, request) }, signal);
  } finally {
    await client.close();
  }
}

async function firstThatAnswers<T>({ urls }: Invitation, ask: (url: string) => Promise<T>): Promise<T> {
  let first: DepotError | undefined;
  for (const url of urls) {
    try {
      return await ask(url);
    } catch (thrown) {
      first ??= asDepotError(thrown, `join through ${url}`);
    }
  }
  throw first ?? new DepotError('invitation-refused', 'the invitation names no address', { retry: 'never' });
}
