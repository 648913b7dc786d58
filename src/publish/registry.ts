import { z } from 'zod';
import type { Host } from '../host.js';
import { directoryName } from '../model/company.js';
import {
  enrolShape,
  inviteShape,
  renewShape,
  type EnrolBody,
  type EnrolledMessage,
  type IssuedMessage,
  type JoinMessage,
  type Purpose,
  type SignedRequest,
} from '../model/enrolment.js';
import { DepotError } from '../model/errors.js';
import type { Log } from '../model/log.js';
import { isWithin } from '../model/names.js';
import { sha256 } from '../model/sha256.js';
import type { Store } from '../store/store.js';
import { mayEnrol, mayInvite } from '../trust/access.js';
import type { DepotIdentity } from '../trust/identity.js';
import { expiresAtMsOf, readCertificates } from '../trust/certificates.js';
import { issueCertificate } from '../trust/issue.js';
import { checkJoin } from '../trust/join.js';
import { fingerprintOf } from '../trust/certificates.js';
import { succeedAuthority } from '../trust/succeed-authority.js';
import type { Lifetimes } from '../trust/sign.js';
import { checkRequest, type CheckedRequest } from '../trust/signed-request.js';
import { AuthorityFiles, authorityFolder } from './authority-files.js';
import { requireNoneLeadTo } from './authority-rotation.js';
import { DirectoryHolder } from './directory.js';

const dayMs = 24 * 3600 * 1000;

/** How long a certificate lives; it is renewed after two thirds. */
const certificateLifeMs = 90 * dayMs;

/** No invitation is open for longer, whatever its maker asks for. */
const longestInvitationMs = 30 * dayMs;

const invitationsShape = z.array(
  z.object({ depot: z.string(), site: z.string(), publicKey: z.string(), expiresAt: z.string(), by: z.string() }),
);
const issuedShape = z.array(
  z.object({
    serial: z.string(),
    depot: z.string(),
    site: z.string(),
    issuedAt: z.string(),
    expiresAt: z.string(),
    root: z.string().optional(),
  }),
);
const waitingShape = z.array(enrolShape.extend({ master: z.string(), site: z.string(), at: z.string() }));

export type IssuedRecord = z.infer<typeof issuedShape>[number];
export type WaitingRecord = z.infer<typeof waitingShape>[number];

/** At the depot that holds the directory and the CA: who joins, what is renewed, invited, enrolled and revoked. */
export class Registry {
  readonly directory: DirectoryHolder;
  private readonly files: AuthorityFiles;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: Store,
    private readonly host: Host,
    private readonly self: DepotIdentity,
    lifetimes: () => Lifetimes,
    private readonly log?: Log,
  ) {
    this.files = new AuthorityFiles(store.keys);
    this.directory = new DirectoryHolder(store, host, self.site, lifetimes);
  }

  /** Issues a certificate to whoever was invited: once for each invitation. @throws DepotError `invitation-refused` */
  join(message: JoinMessage): Promise<IssuedMessage> {
    const { depot, site, request, signature } = message;
    return this.inTurn(async () => {
      const now = this.host.now();
      const all = this.read('invitations', invitationsShape);
      const open = all.filter(({ expiresAt }) => Date.parse(expiresAt) > now);
      const invited = open.find((each) => each.depot === depot && each.site === site);
      if (invited === undefined) {
        throw new DepotError(
          'invitation-refused',
          `${depot} at ${site} is not invited, or its invitation has expired`,
          {
            hint: `at a depot above: depot invite ${depot} --site ${site}`,
            retry: 'never',
          },
        );
      }
      checkJoin(invited, request, signature);
      const elsewhere = this.valid().find((each) => each.depot === depot && each.site !== site);
      if (elsewhere !== undefined) {
        throw new DepotError('invitation-refused', `there is a depot ${depot} at ${elsewhere.site} already`, {
          hint: `give each depot a name of its own, or revoke that one: depot revoke ${depot}`,
          retry: 'never',
        });
      }
      const issued = await this.issue(request, { depot, site });
      await this.write(
        'invitations',
        open.filter((each) => each !== invited),
      );
      return issued;
    });
  }

  /** Does what a depot asked for in a request that it signed. @throws DepotError of the check, or `not-allowed` */
  handle(purpose: Purpose, request: SignedRequest): Promise<unknown> {
    return this.inTurn(async () => {
      const checked = this.check(purpose, request);
      switch (purpose) {
        case 'renew':
          this.tellLate(checked.identity, request);
          return this.issue(renewShape.parse(checked.payload).request, checked.identity);
        case 'invite':
          return this.invite(checked.identity, inviteShape.parse(checked.payload));
        case 'enrol':
          return this.enrol(checked.identity, enrolShape.parse(checked.payload));
      }
    });
  }

  /** Puts a repository into the directory that waits for a person. @throws DepotError `not-found` */
  approve(name: string): Promise<void> {
    return this.inTurn(async () => {
      const waiting = this.waiting();
      const chosen = waiting.find((each) => each.name === name);
      if (chosen === undefined) {
        throw new DepotError('not-found', `no repository ${name} waits for approval`, {
          hint: 'depot repository list',
        });
      }
      const { kind, context, master, root } = chosen;
      await this.directory.enrol({ name, kind, context, master, root: sha256(Buffer.from(root, 'base64')) });
      await this.write(
        'waiting',
        waiting.filter((each) => each !== chosen),
      );
    });
  }

  /** Revokes all certificates of a depot, and the invitations that it made. @returns how many @throws DepotError `not-found` */
  revoke(depot: string): Promise<number> {
    return this.inTurn(async () => {
      const { graceMs } = this.company();
      const serials = this.valid()
        .filter((each) => each.depot === depot)
        .map(({ serial, expiresAt }) => ({ serial, until: new Date(Date.parse(expiresAt) + graceMs).toISOString() }));
      if (serials.length === 0) {
        throw new DepotError('not-found', `no certificate of a depot ${depot} is valid`, { hint: 'depot cert' });
      }
      await this.directory.revoke(serials, this.host.now());
      // Whoever has its key has invited depots with it, perhaps.
      const open = this.read('invitations', invitationsShape);
      await this.write(
        'invitations',
        open.filter(({ by }) => by !== depot),
      );
      return serials.length;
    });
  }

  /**
   * A new CA issues from now on, and both its root and that of the one before are trusted. What is issued can be shown to
   * depots that do not know the new root yet.
   * @param rootKey of the root before, where it is not here
   * @returns the fingerprint of the new root
   * @throws DepotError `bad-request` where an earlier rotation is not finished
   */
  rotateAuthority(rootKey: string | null): Promise<string> {
    return this.inTurn(async () => {
      const { anchors } = this.company();
      const before = this.files.read();
      if (anchors.length > 1) {
        throw new DepotError('bad-request', 'the CA was rotated before, and the root of before is trusted still', {
          hint: 'depot ca rotate --finish',
          retry: 'never',
        });
      }
      await this.files.keep(await succeedAuthority({ before, rootKey, nowMs: this.host.now() }));
      await this.trustOwnRoot();
      return fingerprintOf(this.files.read().rootCertificate);
    });
  }

  /**
   * Only the root of the CA in force is trusted from now on.
   * @returns the fingerprint of that root
   * @throws DepotError `bad-request` while a valid certificate leads to another one, with the list
   */
  finishRotation(): Promise<string> {
    return this.inTurn(async () => {
      const { rootCertificate } = this.files.read();
      const root = fingerprintOf(rootCertificate);
      requireNoneLeadTo(root, this.company().anchors, this.valid());
      await this.directory.trust([rootCertificate]);
      return root;
    });
  }

  /** Signs again what would expire, and finishes a rotation that was cut between CA and directory. */
  async freshen(): Promise<void> {
    await this.inTurn(() => this.trustOwnRoot());
    await this.directory.freshen();
  }

  /** Certificates that were issued and are not over, renewed ones among them; the newest first. */
  valid(): IssuedRecord[] {
    const now = this.host.now();
    const company = this.store.company.get(this.self.site);
    return this.read('issued', issuedShape)
      .filter(({ serial, expiresAt }) => Date.parse(expiresAt) > now && company?.isRevoked(serial) !== true)
      .reverse();
  }

  waiting(): WaitingRecord[] {
    return this.read('waiting', waitingShape);
  }

  /** A certificate for a key of a depot, written down before it is given away. */
  async issue(request: string, identity: DepotIdentity): Promise<IssuedMessage> {
    const now = this.host.now();
    const authority = this.files.read();
    const { chain, serial, expiresAtMs } = await issueCertificate(authority, request, identity, {
      nowMs: now,
      lifeMs: certificateLifeMs,
    });
    const record = {
      serial,
      ...identity,
      issuedAt: new Date(now).toISOString(),
      expiresAt: new Date(expiresAtMs).toISOString(),
      root: fingerprintOf(authority.rootCertificate),
    };
    const keptFrom = now - certificateLifeMs;
    const kept = this.read('issued', issuedShape).filter(({ expiresAt }) => Date.parse(expiresAt) > keptFrom);
    await this.write('issued', [...kept, record]);
    return { chain };
  }

  /** A depot that was off past the end of its certificate comes back, but not in silence. */
  private tellLate({ depot, site }: DepotIdentity, { chain }: SignedRequest): void {
    const [leaf] = readCertificates(chain, 'the chain of a signed request');
    if (expiresAtMsOf(leaf) > this.host.now()) return;
    this.log?.warn({ depot, site, expired: leaf.validTo }, `${depot} renewed a certificate that had expired`);
  }

  private async invite(by: DepotIdentity, body: z.infer<typeof inviteShape>): Promise<Record<string, never>> {
    const { depot, site, publicKey } = body;
    const untilMs = Math.min(Date.parse(body.expiresAt), this.host.now() + longestInvitationMs);
    const expiresAt = new Date(untilMs).toISOString();
    if (!mayInvite(by, site)) {
      throw new DepotError('not-allowed', `${by.depot} at ${by.site} may invite depots at or below its own site only`, {
        hint: `invite ${depot} at a depot above ${site}`,
      });
    }
    const open = this.read('invitations', invitationsShape).filter(
      (each) => Date.parse(each.expiresAt) > this.host.now() && !(each.depot === depot && each.site === site),
    );
    await this.write('invitations', [...open, { depot, site, publicKey, expiresAt, by: by.depot }]);
    return {};
  }

  private async enrol(master: DepotIdentity, body: EnrolBody): Promise<EnrolledMessage> {
    const { name, kind, context } = body;
    const root = sha256(Buffer.from(body.root, 'base64'));
    const known = this.store.company.get(everySite(this.self.site))?.repositories.find((each) => each.name === name);
    if (known?.master === master.depot && known.context === context && known.root === root)
      return { state: 'enrolled' };
    const may = known !== undefined && known.master !== master.depot ? 'no' : mayEnrol(master, context);
    if (may === 'no') {
      const why =
        known === undefined ? `${context} does not cover ${master.site}` : `its master depot is ${known.master}`;
      throw new DepotError('not-allowed', `${master.depot} may not enroll ${name}: ${why}`, {
        hint: 'a repository belongs to the site of its master depot, or to one above',
      });
    }
    // Another root for a name that is known means new keys: whoever holds a depot's certificate must not slip them in.
    if (may === 'approval' || known !== undefined) {
      const others = this.waiting().filter((each) => each.name !== name);
      const at = new Date(this.host.now()).toISOString();
      await this.write('waiting', [...others, { ...body, master: master.depot, site: master.site, at }]);
      return { state: 'waiting' };
    }
    await this.directory.enrol({ name, kind, context, master: master.depot, root });
    return { state: 'enrolled' };
  }

  private check(purpose: Purpose, request: SignedRequest): CheckedRequest {
    const company = this.store.company.get(this.self.site);
    if (company === undefined) throw noDirectory();
    const { anchors, graceMs } = company.document;
    const { isRevoked } = company;
    const grace = purpose === 'renew' ? { graceMs } : {};
    const checked = checkRequest(purpose, request, { anchors, nowMs: this.host.now(), isRevoked, ...grace });
    if (isWithin(checked.identity.site, this.self.site)) return checked;
    throw new DepotError('not-allowed', `${checked.identity.site} is not below ${this.self.site}`);
  }

  /** The newest root is the last: depots get a certificate that leads to it. */
  private async trustOwnRoot(): Promise<void> {
    const { anchors } = this.company();
    const { rootCertificate } = this.files.read();
    const own = fingerprintOf(rootCertificate);
    if (anchors.some((anchor) => fingerprintOf(anchor) === own)) return;
    await this.directory.trust([...anchors, rootCertificate]);
  }

  private company() {
    const company = this.store.company.get(this.self.site);
    if (company === undefined) throw noDirectory();
    return company.document;
  }

  private read<T>(name: string, shape: z.ZodType<T[]>): T[] {
    const text = this.store.keys.read(authorityFolder, `${name}.json`);
    return text === undefined ? [] : shape.parse(JSON.parse(text));
  }

  private write(name: string, value: readonly unknown[]): Promise<void> {
    return this.store.keys.write(authorityFolder, `${name}.json`, `${JSON.stringify(value, undefined, 1)}\n`);
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => undefined);
    return turn;
  }
}

function everySite(site: string): string {
  return site.split('/')[0] ?? site;
}

function noDirectory(): DepotError {
  return new DepotError('data-unusable', `the documents of ${directoryName} are not here`, {
    hint: 'restore the data directory from a backup',
    retry: 'never',
  });
}
