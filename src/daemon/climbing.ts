import type { Host } from '../host.js';
import type { AuthorityMessage, ClimbMessage, IssuedMessage, JoinMessage, Purpose } from '../model/enrolment.js';
import { DepotError } from '../model/errors.js';
import { isWithin } from '../model/names.js';
import type { Registry } from '../publish/registry.js';
import type { Enrolment } from '../serve/enrolment.js';
import type { Parent, Parents } from '../sync/parents.js';
import type { DepotIdentity } from '../trust/identity.js';
import { signRequest } from '../trust/signed-request.js';
import type { Rejoining } from './rejoining.js';
import type { OwnCertificate } from './own-certificate.js';

/** From the request to its answer, over all levels. */
const patienceMs = 60_000;

/** What else climbs takes effect where it was asked for. */
const changesDirectory: ReadonlySet<Purpose> = new Set<Purpose>(['take-over', 'move', 'stay']);

/** What climbs to the CA: it is done here where the CA is here, and passed on to the parent elsewhere, as it came. */
export class Climbing implements Enrolment {
  constructor(
    private readonly self: DepotIdentity,
    private readonly own: OwnCertificate,
    private readonly registry: Registry | undefined,
    private readonly parents: Parents,
    private readonly host: Host,
    private readonly rejoining: Rejoining,
    /** The directory is here, and another one than before. */
    private readonly onCompany: () => void,
  ) {}

  authority(): AuthorityMessage {
    return this.own.authority();
  }

  async join(message: JoinMessage): Promise<IssuedMessage> {
    if (!isWithin(message.site, this.self.site)) {
      throw new DepotError('not-allowed', `${message.site} is not below ${this.self.site}`, { retry: 'never' });
    }
    return this.registry === undefined
      ? this.pass(({ client }, signal) => client.enroll(message, signal))
      : this.registry.join(message);
  }

  /** A depot whose certificate is over comes back only where each depot on the way up allows it, this one too. */
  async request(message: ClimbMessage): Promise<unknown> {
    if (message.purpose !== 'renew') return this.handle(message);
    return this.rejoining.allow(message.request, () => this.handle(message));
  }

  /** Asks for something in the name of this depot. */
  ask(purpose: Purpose, body: unknown, roots?: ClimbMessage['roots']): Promise<unknown> {
    const { key, chain } = this.own.signing();
    const request = signRequest(purpose, body, key, chain, this.host.now());
    return this.handle({ purpose, request, ...(roots === undefined ? {} : { roots }) });
  }

  private async handle(message: ClimbMessage): Promise<unknown> {
    if (this.registry === undefined) return this.pass(({ client }, signal) => client.request(message, signal));
    const answer = await this.registry.handle(message.purpose, message.request, message.roots);
    if (changesDirectory.has(message.purpose)) this.onCompany();
    return answer;
  }

  private pass<T>(ask: (parent: Parent, signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.parents.firstThatAnswers(undefined, (parent) => ask(parent, AbortSignal.timeout(patienceMs)));
  }
}
