import type { X509Certificate } from 'node:crypto';
import type { Settings } from '../config/settings.js';
import type { Host } from '../host.js';
import type { CompanyDocument } from '../model/company.js';
import type { AuthorityMessage } from '../model/enrolment.js';
import { asDepotError, DepotError } from '../model/errors.js';
import { sha256 } from '../model/sha256.js';
import { askAuthority } from '../protocol/authority.js';
import { ParentClient } from '../protocol/client.js';
import { acquireLock } from '../store/lock.js';
import { giveToOwner } from '../store/ownership.js';
import { Store } from '../store/store.js';
import { learnFirst } from '../sync/company.js';
import { mayBeParent } from '../trust/access.js';
import { fingerprintOf, serialOf } from '../trust/certificates.js';
import type { DepotIdentity } from '../trust/identity.js';
import { depotOf, whyNobody } from '../trust/naming.js';
import { readProvided, requireProvided, type ProvidedPair } from '../trust/provided.js';
import { keepCredentials, requireSameDirectory } from './own-certificate.js';
import { readProvidedFiles } from './provided-files.js';

export interface ProvidedJoinOptions {
  readonly certificate: NonNullable<Settings['certificate']>;
  /** SHA-256 of the first root of the company's directory. */
  readonly directory: string;
  /** URLs of depots above, of which the first that answers is asked. */
  readonly parents: readonly string[];
  readonly data: string;
  readonly version: string;
  readonly host: Host;
  readonly signal: AbortSignal;
}

/**
 * Makes this data directory that of a depot whose certificate the company's own PKI issued:
 * 1. Ask a parent for the first root of the directory; it must have the hash that was given.
 * 2. Show the certificate: the parent has to know by its copy of the directory whose it is.
 * 3. Verify the directory from that root. Only then anything that the parent said is believed: the directory has the trust
 *    anchors, and says who this depot is and who the parent is.
 * 4. Keep all of it.
 * The daemon must not be running.
 * @returns who this depot is
 * @throws DepotError `certificate-refused`, `data-locked`, `parent-unreachable`, `head-refused`
 */
export async function joinWithCertificate(options: ProvidedJoinOptions): Promise<DepotIdentity> {
  const { data, host } = options;
  const pair = readProvided(await readProvidedFiles(options.certificate));
  const lock = acquireLock(data, host.now());
  const store = Store.open(data);
  try {
    let first: DepotError | undefined;
    for (const url of options.parents) {
      try {
        return await joinThrough(url, pair, store, options);
      } catch (thrown) {
        first ??= asDepotError(thrown, `join through ${url}`);
      }
    }
    throw first ?? new DepotError('bad-request', 'no parent was named', { retry: 'never' });
  } finally {
    store.close();
    lock.release();
    await giveToOwner(data);
  }
}

async function joinThrough(
  url: string,
  pair: ProvidedPair & { readonly leaf: X509Certificate },
  store: Store,
  { directory, version, host, signal }: ProvidedJoinOptions,
): Promise<DepotIdentity> {
  const said = await askAuthority(url, signal);
  const root = rootOf(said, directory, url);
  requireSameDirectory(store, root);
  let parent: X509Certificate | undefined;
  const judge = (leaf: X509Certificate) => {
    parent = leaf;
    return { depot: url, site: url, serial: serialOf(leaf) };
  };
  const tls = { material: () => ({ ...pair, anchors: said.anchors }), judge };
  const client = new ParentClient({ url, depot: undefined, site: undefined, version, tls });
  let self: DepotIdentity | undefined;
  let anchors: readonly string[] = [];
  try {
    await learnFirst(
      store,
      client,
      root,
      (document) => {
        self = ownIdentity(document, pair, host.now());
        requireParent(document, parent, said, self, url);
        ({ anchors } = document);
        return self.site;
      },
      signal,
    );
  } finally {
    await client.close();
  }
  if (self === undefined) throw new DepotError('internal', 'the directory was learned, and not looked at');
  await keepCredentials(store, { ...pair, anchors: anchors.join(''), directory: root });
  return self;
}

function rootOf({ directory }: AuthorityMessage, expected: string, url: string): Uint8Array {
  const root = Buffer.from(directory, 'base64');
  if (sha256(root) === expected) return root;
  throw new DepotError('certificate-refused', `${url} has another directory, ${sha256(root)}, than ${expected}`, {
    hint: 'the hash is what depot ca init --anchors printed, and depot cert prints at every depot of the company',
    retry: 'never',
  });
}

function ownIdentity({ anchors, subjects }: CompanyDocument, pair: ProvidedPair, nowMs: number): DepotIdentity {
  if (subjects === undefined) {
    throw new DepotError('certificate-refused', 'the company has a CA of depotd, and takes no other certificates', {
      hint: 'join with a token that depot invite gives at a depot above',
      retry: 'never',
    });
  }
  const { leaf } = readProvided(pair);
  const self = depotOf(leaf, subjects);
  if (self === undefined) {
    const { flaw, hint } = whyNobody(leaf, subjects);
    throw new DepotError('certificate-refused', `the certificate of this depot ${flaw}`, { hint, retry: 'never' });
  }
  requireProvided(pair, self, { anchors, subjects, nowMs });
  return self;
}

/** TLS has verified that the parent's certificate leads to what it named as anchors, and nobody vouched for these until now. */
function requireParent(
  { anchors, subjects }: CompanyDocument,
  leaf: X509Certificate | undefined,
  said: AuthorityMessage,
  self: DepotIdentity,
  url: string,
): void {
  const trusted = new Set(anchors.map(fingerprintOf));
  const parent = leaf && depotOf(leaf, subjects);
  const isTrusted = said.anchors.every((anchor) => trusted.has(fingerprintOf(anchor)));
  if (isTrusted && parent !== undefined && mayBeParent(parent, self)) return;
  throw new DepotError('certificate-refused', `what answers at ${url} is not a depot at or above ${self.site}`, {
    hint: 'a parent stands at the same site or above it: check the URL',
    retry: 'never',
  });
}
