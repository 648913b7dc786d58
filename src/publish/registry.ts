import type { Host } from '../host.js';
import {
  enrolShape,
  inviteShape,
  moveBodyShape,
  renewShape,
  stayShape,
  takeOverShape,
  type IssuedMessage,
  type JoinMessage,
  type Purpose,
  type SignedRequest,
} from '../model/enrolment.js';
import { DepotError } from '../model/errors.js';
import { isWithin } from '../model/names.js';
import type { Store } from '../store/store.js';
import { expiresAtMsOf } from '../trust/certificates.js';
import type { DepotIdentity } from '../trust/identity.js';
import type { Lifetimes } from '../trust/sign.js';
import { checkRequest, type CheckedRequest } from '../trust/signed-request.js';
import { AuthorityRecords, type IssuedRecord, type WaitingRecord } from './authority-records.js';
import { DirectoryHolder } from './directory.js';
import { Enrolments } from './enrolments.js';
import { Invitations } from './invitations.js';
import { Issuer } from './issuer.js';
import { Moves } from './moves.js';
import { issuedElsewhere } from './own-pki.js';
import { SubjectMap } from './subject-map.js';

/** At the depot that holds the directory: what depots ask of it and of the CA, one request at a time. */
export class Registry {
  readonly directory: DirectoryHolder;
  private readonly subjects: SubjectMap;
  private readonly issuer: Issuer;
  private readonly invitations: Invitations;
  private readonly enrolments: Enrolments;
  private readonly moves: Moves;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: Store,
    private readonly host: Host,
    private readonly self: DepotIdentity,
    lifetimes: () => Lifetimes,
  ) {
    const records = new AuthorityRecords(store.keys);
    this.directory = new DirectoryHolder(store, host, self.site, lifetimes);
    this.subjects = new SubjectMap(self, this.directory);
    this.issuer = new Issuer(store, host, self.site, this.directory, records);
    this.invitations = new Invitations(host, records, this.issuer);
    this.enrolments = new Enrolments(host, this.directory, records);
    this.moves = new Moves(host, this.directory);
  }

  /** Issues a certificate to whoever was invited. @throws DepotError `invitation-refused` */
  join(message: JoinMessage): Promise<IssuedMessage> {
    return this.inTurn(async () => {
      this.requireOwnAuthority('join');
      const issued = await this.invitations.join(message);
      await this.directory.takeBack(message.depot);
      return issued;
    });
  }

  /** Does what a depot asked for in a request that it signed. @throws DepotError of the check, or `not-allowed` */
  handle(purpose: Purpose, request: SignedRequest, roots: readonly string[] = []): Promise<unknown> {
    return this.inTurn(async () => {
      const checked = this.check(purpose, request);
      switch (purpose) {
        case 'renew':
          this.requireOwnAuthority('renew');
          return this.renew(checked);
        case 'invite':
          this.requireOwnAuthority('join');
          return this.invitations.invite(checked.identity, inviteShape.parse(checked.payload));
        case 'enrol':
          return this.enrolments.enrol(checked.identity, enrolShape.parse(checked.payload));
        case 'take-over':
          return this.moves.ask(checked.identity, takeOverShape.parse(checked.payload));
        case 'move':
          return this.moves.move(checked.identity, moveBodyShape.parse(checked.payload), roots);
        case 'stay':
          return this.moves.stay(checked.identity, stayShape.parse(checked.payload));
      }
    });
  }

  /** Puts a repository into the directory that waits for a person. @throws DepotError `not-found` */
  approve(name: string): Promise<void> {
    return this.inTurn(() => this.enrolments.approve(name));
  }

  /**
   * Revokes the certificates of a depot, and the invitations that it made.
   * @param serial of the one to revoke; without it all, which only the CA knows
   * @returns how many
   * @throws DepotError `not-found`, `bad-request`
   */
  revoke(depot: string, serial?: string): Promise<number> {
    return this.inTurn(async () => {
      const { graceMs } = this.directory.document();
      const revoked = this.revocable(depot, serial).map(({ serial, endMs }) => ({
        serial,
        until: new Date(endMs + graceMs).toISOString(),
      }));
      await this.directory.revoke(revoked, serial === undefined ? depot : null);
      await this.invitations.dropThoseBy(depot);
      await this.moves.dropThoseBy(depot);
      return revoked.length;
    });
  }

  rotateAuthority(rootKey: string | null): Promise<string> {
    return this.inTurn(async () => {
      this.requireOwnAuthority('rotate');
      return this.issuer.rotate(rootKey);
    });
  }

  /** Roots of the company's own PKI. @throws DepotError `bad-request` where the CA is depotd's own */
  replaceAnchors(anchors: readonly string[]): Promise<void> {
    return this.inTurn(async () => {
      if (this.isOfOwnPki()) return this.directory.trust(anchors);
      throw new DepotError('bad-request', 'the company has a CA of depotd, whose root is trusted', {
        hint: 'depot ca rotate',
        retry: 'never',
      });
    });
  }

  finishRotation(): Promise<string> {
    return this.inTurn(async () => {
      this.requireOwnAuthority('rotate');
      return this.issuer.finishRotation();
    });
  }

  /** Signs again what would expire, and finishes a rotation that was cut between CA and directory. */
  async freshen(): Promise<void> {
    if (!this.isOfOwnPki()) await this.inTurn(() => this.issuer.trustOwnRoot());
    await this.directory.freshen();
  }

  /** Certificates that were issued here and count, the newest first. */
  valid(): IssuedRecord[] {
    return this.issuer.valid();
  }

  waiting(): WaitingRecord[] {
    return this.enrolments.waiting();
  }

  /** A certificate for a key of a depot, written down before it is given away. */
  issue(request: string, identity: DepotIdentity): Promise<IssuedMessage> {
    return this.issuer.issue(request, identity);
  }

  /** The map of certificate subjects, for as long as `act` takes. */
  mapping<T>(act: (subjects: SubjectMap) => Promise<T>): Promise<T> {
    return this.inTurn(() => act(this.subjects));
  }

  /** A depot that was off past the end of its certificate comes back, but not in silence: it stays written down. */
  private renew({ identity, payload, expiresAtMs }: CheckedRequest): Promise<IssuedMessage> {
    const endedMs = expiresAtMs > this.host.now() ? undefined : expiresAtMs;
    return this.issuer.issue(renewShape.parse(payload).request, identity, endedMs);
  }

  private revocable(depot: string, serial: string | undefined): { readonly serial: string; readonly endMs: number }[] {
    if (this.isOfOwnPki()) {
      if (serial === undefined) {
        throw new DepotError('bad-request', "the certificates of the company's own PKI are not known here", {
          hint: `depot revoke ${depot} --serial SERIAL for one of them; depot subject remove SUBJECT for all with a subject`,
          retry: 'never',
        });
      }
      // Nothing that leads to an anchor counts for longer than the anchor itself.
      return [{ serial, endMs: Math.max(...this.directory.anchors().map(expiresAtMsOf)) }];
    }
    const found = this.issuer
      .valid()
      .filter((each) => each.depot === depot && (serial === undefined || each.serial === serial))
      .map((each) => ({ serial: each.serial, endMs: Date.parse(each.expiresAt) }));
    if (found.length > 0) return found;
    const which = serial === undefined ? '' : ` with the serial ${serial}`;
    throw new DepotError('not-found', `no certificate of a depot ${depot}${which} is valid`, { hint: 'depot cert' });
  }

  private check(purpose: Purpose, request: SignedRequest): CheckedRequest {
    const { anchors, graceMs, subjects } = this.directory.document();
    const checked = checkRequest(purpose, request, {
      anchors,
      subjects,
      nowMs: this.host.now(),
      isRevoked: (serial) => this.store.company.get(this.self.site)?.isRevoked(serial) !== false,
      ...(purpose === 'renew' ? { graceMs } : {}),
    });
    if (isWithin(checked.identity.site, this.self.site)) return checked;
    throw new DepotError('not-allowed', `${checked.identity.site} is not below ${this.self.site}`);
  }

  private isOfOwnPki(): boolean {
    return this.directory.document().subjects !== undefined;
  }

  private requireOwnAuthority(what: Parameters<typeof issuedElsewhere>[0]): void {
    if (this.isOfOwnPki()) throw issuedElsewhere(what);
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => undefined);
    return turn;
  }
}
