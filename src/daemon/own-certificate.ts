import type { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import type { Host } from '../host.js';
import { directoryName } from '../model/company.js';
import type { AuthorityMessage } from '../model/enrolment.js';
import { DepotError } from '../model/errors.js';
import { metadataName } from '../model/metadata.js';
import type { JudgePeer, Peer, TlsMaterial } from '../protocol/tls.js';
import { damagedFile } from '../store/damaged-file.js';
import type { Store } from '../store/store.js';
import { mayBeParent, mayBeParentFor } from '../trust/access.js';
import { expiresAtMsOf, readCertificates, serialOf, validFromMs } from '../trust/certificates.js';
import { checkChain } from '../trust/chain.js';
import type { DepotIdentity } from '../trust/identity.js';
import { depotOf, whyNobody, type SubjectRows } from '../trust/naming.js';
import { namesOf, type CertificateNames } from '../trust/subject.js';
import { requireProvided, type ProvidedPair } from '../trust/provided.js';

/** The folder of this depot's key and certificate. */
const certificateFolder = '.depot';

export interface CertificateFacts {
  readonly serial: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/** What a depot of a company cannot do without. */
export interface Credentials {
  /** PEM, as the chain. */
  readonly key: string;
  /** The depot's certificate and those between it and the root. */
  readonly chain: string;
  /** The company's trusted roots, PEM. */
  readonly anchors: string;
  /** The first root of the company's directory: all else is verified from it. */
  readonly directory: Uint8Array;
}

/**
 * Makes a data directory that of a depot of a company.
 * @throws DepotError `certificate-refused` where it belongs to another company
 */
export async function keepCredentials(store: Store, credentials: Credentials): Promise<void> {
  await pinDirectory(store, credentials.directory);
  await store.keys.write(certificateFolder, 'anchors.pem', credentials.anchors);
  await keepCertificate(store, credentials.key, credentials.chain);
}

async function pinDirectory(store: Store, root: Uint8Array): Promise<void> {
  if (!requireSameDirectory(store, root)) await store.signed.pin(directoryName, 1, root);
}

/** @returns whether the data directory is that of a depot already @throws DepotError `certificate-refused` for one of another company */
export function requireSameDirectory({ signed, layout }: Store, root: Uint8Array): boolean {
  const pinned = signed.read(directoryName, metadataName('root', 1));
  if (pinned === undefined) return false;
  if (Buffer.compare(root, pinned) === 0) return true;
  throw new DepotError(
    'certificate-refused',
    `the data directory ${layout.data} is that of a depot of another company`,
    {
      hint: 'give this depot a data directory of its own',
      retry: 'never',
    },
  );
}

/** Key and certificates in one file, so that a crash leaves a pair that fits. */
function keepCertificate({ keys }: Pick<Store, 'keys'>, key: string, chain: string): Promise<void> {
  return keys.write(certificateFolder, 'depot.pem', `${key.trimEnd()}\n${chain}`);
}

/** The certificate of a depot that has joined, as its files and the directory have it now, and its judgement of others. */
export class OwnCertificate {
  private knownAnchors: string | undefined;
  private loaded: { readonly key: string; readonly chain: string; readonly anchors: string } | undefined;

  private constructor(
    private readonly store: Store,
    private readonly host: Host,
    private readonly self: DepotIdentity,
  ) {}

  /** Undefined for a depot that has not joined. @throws DepotError `config-invalid` where it is that of another depot; `data-unusable` */
  static of(store: Store, host: Host, self: DepotIdentity): OwnCertificate | undefined {
    if (store.keys.read(certificateFolder, 'depot.pem') === undefined) return undefined;
    const own = new OwnCertificate(store, host, self);
    own.requireOwn();
    own.hasOtherAnchors();
    return own;
  }

  readonly material = (): TlsMaterial => {
    const { key, chain } = this.files();
    return { key, chain, anchors: this.anchors() };
  };

  /** @param repositories those that the parent is asked for; null: all */
  judgeParent(repositories: readonly string[] | null): JudgePeer {
    return (leaf) => this.requireParent(leaf, repositories);
  }

  private requireParent(leaf: X509Certificate, repositories: readonly string[] | null): Peer {
    const peer = this.judge(leaf, 'the parent');
    const enrolled = this.store.company.get(this.self.site)?.repositories ?? [];
    if (mayBeParent(peer, this.self) || mayBeParentFor(repositories, peer, this.self, enrolled)) return peer;
    throw new DepotError(
      'certificate-refused',
      `${peer.depot} at ${peer.site} cannot be the parent of a depot at ${this.self.site}`,
      {
        hint:
          'a parent stands at the same site or above it: check the URL in parent:; only the master depot of a repository ' +
          'may stand elsewhere, where it is a parent for that alone: parent: [{ url: URL, repositories: [NAME] }]',
      },
    );
  }

  readonly judgeChild = (leaf: X509Certificate): Peer => this.judge(leaf, 'the depot that asks');

  /** Key and chain, for signing requests. */
  signing(): { readonly key: string; readonly chain: string } {
    return this.files();
  }

  facts(): CertificateFacts {
    const [leaf] = readCertificates(this.files().chain, "this depot's certificate");
    return { serial: serialOf(leaf), issuedAtMs: validFromMs(leaf), expiresAtMs: expiresAtMsOf(leaf) };
  }

  /** What those are told who are about to join. */
  authority(): AuthorityMessage {
    const root = this.store.signed.read(directoryName, metadataName('root', 1));
    return { anchors: this.anchors(), directory: Buffer.from(root ?? '').toString('base64') };
  }

  /** Whether other roots are trusted than when this was asked last, or since the start. */
  hasOtherAnchors(): boolean {
    const known = JSON.stringify(this.anchors());
    const isOther = known !== this.knownAnchors;
    this.knownAnchors = known;
    return isOther;
  }

  /** Whether it leads to the newest of the trusted roots: one of a CA that was followed by another is to be replaced. */
  isOfNewestRoot(): boolean {
    const [leaf, ...intermediates] = readCertificates(this.files().chain, "this depot's certificate");
    const newest = this.anchors().at(-1);
    if (newest === undefined) return true;
    try {
      checkChain({ leaf, intermediates, anchors: [newest], nowMs: this.host.now(), subjects: undefined });
      return true;
    } catch {
      return false;
    }
  }

  /** Subject and issuer of it. */
  names(): CertificateNames | undefined {
    return namesOf(readCertificates(this.files().chain, "this depot's certificate")[0]);
  }

  /** @throws DepotError `certificate-refused` where it leads to none of these roots */
  requireLeadsTo(anchors: readonly string[]): void {
    const [leaf, ...intermediates] = readCertificates(this.files().chain, "this depot's certificate");
    checkChain({ leaf, intermediates, anchors, nowMs: this.host.now(), subjects: this.subjects() });
  }

  /** Whether certificates come from the company's own PKI, and the directory says whose they are. */
  isOfOwnPki(): boolean {
    return this.subjects() !== undefined;
  }

  /**
   * What the PKI provided, if it is good for this depot.
   * @returns whether it is another one than the one in use
   * @throws DepotError `certificate-refused`
   */
  async take(pair: ProvidedPair): Promise<boolean> {
    const { key, chain } = requireProvided(pair, this.self, {
      anchors: this.anchors(),
      subjects: this.subjects() ?? [],
      nowMs: this.host.now(),
    });
    const held = this.files();
    if (held.chain === chain && held.key === key) return false;
    await this.replace(key, chain);
    return true;
  }

  /** Takes over a renewed certificate; connections show it from now on. */
  async replace(key: string, chain: string): Promise<void> {
    await keepCertificate(this.store, key, chain);
    this.loaded = undefined;
  }

  /** TLS has verified that it leads to an anchor; whether it still counts is looked at for each request anew. */
  private judge(leaf: X509Certificate, subject: string): Peer {
    const subjects = this.subjects();
    const identity = depotOf(leaf, subjects);
    const serial = serialOf(leaf);
    const refuse = (why: string, hint: string): never => {
      throw new DepotError('certificate-refused', `the certificate of ${subject} ${why}`, { hint });
    };
    if (identity === undefined) {
      const { flaw, hint } = whyNobody(leaf, subjects);
      return refuse(flaw, hint);
    }
    const { depot, site } = identity;
    const rejoin =
      subjects === undefined
        ? `to bring it back: depot invite ${depot} --site ${site}`
        : `to bring it back: have the company's PKI issue another one for ${depot}`;
    if (expiresAtMsOf(leaf) <= this.host.now()) refuse(`(${depot} at ${site}) expired at ${leaf.validTo}`, rejoin);
    if (this.store.company.get(this.self.site)?.isRevoked(serial) === true) {
      refuse(`(${depot} at ${site}) is revoked, serial ${serial}`, rejoin);
    }
    return { depot, site, serial };
  }

  private subjects(): SubjectRows {
    return this.store.company.get(this.self.site)?.document.subjects;
  }

  /** Those of the directory; before it is here, those that the invitation vouched for. */
  private anchors(): string[] {
    const document = this.store.company.get(this.self.site)?.document;
    return document?.anchors ?? readCertificates(this.files().anchors, 'the trusted roots').map(String);
  }

  private files(): { readonly key: string; readonly chain: string; readonly anchors: string } {
    if (this.loaded !== undefined) return this.loaded;
    const { keys } = this.store;
    const pem = keys.read(certificateFolder, 'depot.pem') ?? '';
    const [key = ''] = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n?/.exec(pem) ?? [];
    if (key === '' || !/-----END CERTIFICATE-----\s*$/.test(pem)) {
      const hint = 'restore it from a backup of the folder keys/, or join again: depot join --force';
      throw damagedFile(join(keys.folder(certificateFolder), 'depot.pem'), pem.length, hint);
    }
    this.loaded = { key, chain: pem.slice(key.length), anchors: keys.read(certificateFolder, 'anchors.pem') ?? '' };
    return this.loaded;
  }

  /** A row of the directory that is gone says nothing against starting: what is held is served on. */
  private requireOwn(): void {
    const [leaf] = readCertificates(this.files().chain, "this depot's certificate");
    const { depot = '', site = '' } = depotOf(leaf, this.subjects()) ?? {};
    if (depot === this.self.depot && site === this.self.site) return;
    if (depot === '' && this.isOfOwnPki()) return;
    if (depot === '') {
      throw new DepotError('config-invalid', 'nothing says whose the certificate of this data directory is', {
        hint: 'metadata/.directory was lost: depot join --force, with the same certificate',
        retry: 'never',
      });
    }
    throw new DepotError(
      'config-invalid',
      `the certificate of this data directory is that of ${depot} at ${site}, the configuration says ${this.self.depot} at ${this.self.site}`,
      { hint: 'set depot: and site: as they were, or join again under the new ones: depot join', retry: 'never' },
    );
  }
}
