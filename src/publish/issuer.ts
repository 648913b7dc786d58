import { iso } from '../model/moment.js';
import type { Host } from '../host.js';
import type { IssuedMessage } from '../model/enrolment.js';
import { DepotError } from '../model/errors.js';
import type { Store } from '../store/store.js';
import { fingerprintOf } from '../trust/certificates.js';
import type { DepotIdentity } from '../trust/identity.js';
import { issueCertificate } from '../trust/issue.js';
import { succeedAuthority } from '../trust/succeed-authority.js';
import { AuthorityFiles } from './authority-files.js';
import type { AuthorityRecords, IssuedRecord } from './authority-records.js';
import { requireNoneLeadTo } from './authority-rotation.js';
import type { DirectoryHolder } from './directory.js';

const dayMs = 24 * 3600 * 1000;

/** How long a certificate lives; it is renewed after two thirds. */
const certificateLifeMs = 90 * dayMs;

/** The company's CA, where it is depotd's own: issues, remembers what it issued, is followed by another one. */
export class Issuer {
  private readonly files: AuthorityFiles;

  constructor(
    private readonly store: Store,
    private readonly host: Host,
    /** Of this depot. */
    private readonly site: string,
    private readonly directory: DirectoryHolder,
    private readonly records: AuthorityRecords,
  ) {
    this.files = new AuthorityFiles(store.keys);
  }

  /** A certificate for a key of a depot, written down before it is given away. @param endedMs of the one before, where it is over */
  async issue(request: string, identity: DepotIdentity, endedMs?: number): Promise<IssuedMessage> {
    const now = this.host.now();
    const authority = this.files.read();
    const { chain, serial, expiresAtMs } = await issueCertificate(authority, request, identity, {
      nowMs: now,
      lifeMs: certificateLifeMs,
    });
    const record = {
      serial,
      ...identity,
      issuedAt: iso(now),
      expiresAt: iso(expiresAtMs),
      root: fingerprintOf(authority.rootCertificate),
      ...(endedMs === undefined ? {} : { rejoined: iso(endedMs) }),
    };
    const keptFrom = now - certificateLifeMs;
    const kept = this.records.read('issued').filter(({ expiresAt }) => Date.parse(expiresAt) > keptFrom);
    await this.records.write('issued', [...kept, record]);
    return { chain };
  }

  /** Certificates that were issued and are not over, renewed ones among them; the newest first. */
  valid(): IssuedRecord[] {
    const now = this.host.now();
    const company = this.store.company.get(this.site);
    return this.records
      .read('issued')
      .filter(({ serial, expiresAt }) => Date.parse(expiresAt) > now && company?.isRevoked(serial) !== true)
      .reverse();
  }

  /**
   * A new CA issues from now on, and both its root and that of the one before are trusted. What is issued can be shown to
   * depots that do not know the new root yet.
   * @param rootKey of the root before, where it is not here
   * @returns the fingerprint of the new root
   * @throws DepotError `bad-request` where an earlier rotation is not finished
   */
  async rotate(rootKey: string | null): Promise<string> {
    const before = this.files.read();
    if (this.directory.document().anchors.length > 1) {
      throw new DepotError('bad-request', 'the CA was rotated before, and the root of before is trusted still', {
        hint: 'depot ca rotate --finish',
        retry: 'never',
      });
    }
    await this.files.keep(await succeedAuthority({ before, rootKey, nowMs: this.host.now() }));
    await this.trustOwnRoot();
    return fingerprintOf(this.files.read().rootCertificate);
  }

  /**
   * Only the root of the CA in force is trusted from now on.
   * @returns the fingerprint of that root
   * @throws DepotError `bad-request` while a valid certificate leads to another one, with the list
   */
  async finishRotation(): Promise<string> {
    const { rootCertificate } = this.files.read();
    const root = fingerprintOf(rootCertificate);
    requireNoneLeadTo(root, this.directory.document().anchors, this.valid());
    await this.directory.trust([rootCertificate]);
    return root;
  }

  /** Finishes a rotation that was cut between CA and directory. The newest root is the last: certificates lead to it. */
  async trustOwnRoot(): Promise<void> {
    const { anchors } = this.directory.document();
    const { rootCertificate } = this.files.read();
    const own = fingerprintOf(rootCertificate);
    if (anchors.some((anchor) => fingerprintOf(anchor) === own)) return;
    await this.directory.trust([...anchors, rootCertificate]);
  }
}
