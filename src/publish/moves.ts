import type { Host } from '../host.js';
import { maxAsked, maxMoves, type AskedMove, type EnrolledRepository } from '../model/company.js';
import type { MasterMessage, MoveBody, StayBody, TakeOverBody } from '../model/enrolment.js';
import { DepotError } from '../model/errors.js';
import { isWithin } from '../model/names.js';
import type { DepotIdentity } from '../trust/identity.js';
import { isSameRoot, readSelfSigned, verifyRootChain } from '../trust/root-move.js';
import type { DirectoryHolder } from './directory.js';

/**
 * Moves of repositories to other master depots, where the directory is. Who may move one is not decided here: the root that
 * names the new master's keys has to be signed by the old root keys, as every child will check, too.
 */
export class Moves {
  constructor(
    private readonly host: Host,
    private readonly directory: DirectoryHolder,
  ) {}

  /** A depot asks; from now on the present master depot can read it in the directory. @throws DepotError `not-allowed`, `not-found` */
  async ask(by: DepotIdentity, { name, root, generation }: TakeOverBody): Promise<MasterMessage> {
    const known = this.find(name);
    const { master, context, asked = [] } = known;
    if (master === by.depot) return { master };
    if (!isWithin(by.site, context)) {
      throw new DepotError('not-allowed', `${by.depot} at ${by.site} is not in the scope of ${name}, ${context}`, {
        hint: 'a master depot stands within the scope of its repository',
        retry: 'never',
      });
    }
    readSelfSigned(decoded(root));
    const others = asked.filter(({ depot }) => depot !== by.depot);
    if (others.length >= maxAsked) {
      throw new DepotError('not-allowed', `${maxAsked} depots ask for ${name} already`, {
        hint: `at ${master}: depot repository keep ${name} --from DEPOT turns one down`,
        retry: 'never',
      });
    }
    const at = new Date(this.host.now()).toISOString();
    await this.enter(known, [...others, { ...by, root, generation, at }]);
    return { master };
  }

  /**
   * Names the new master depot. Again is as good as once.
   * @param roots from the first to the one that names its keys, base64
   * @throws DepotError `head-refused` where the old root keys have not signed it; `not-allowed` where the depot did not ask
   */
  async move(
    by: DepotIdentity,
    { name, to, generation, next }: MoveBody,
    roots: readonly string[],
  ): Promise<MasterMessage> {
    const known = this.find(name);
    const { master, moves = [], asked = [] } = known;
    const last = roots.at(-1) ?? '';
    if (master === to && moves.at(-1)?.metadata === last) return { master };
    const request = asked.find(({ depot }) => depot === to);
    if (request === undefined) {
      throw new DepotError('not-allowed', `${to} does not ask for ${name}`, {
        hint: `at ${to}: depot repository take-over ${name}`,
        retry: 'never',
      });
    }
    if (by.depot !== master && by.depot !== to) {
      throw new DepotError('not-allowed', `${by.depot} is neither the master depot of ${name} nor the one to be`, {
        retry: 'never',
      });
    }
    const { version } = verifyRootChain(roots.map(decoded), known.root);
    if (!isSameRoot(decoded(last), decoded(request.root))) {
      throw new DepotError('head-refused', `root ${version} of ${name} is not the one that ${to} asks for`, {
        hint: `at ${to}: depot repository take-over ${name}`,
        retry: 'never',
      });
    }
    const at = new Date(this.host.now()).toISOString();
    const before = moves.slice(1 - maxMoves).map(({ metadata: _metadata, ...move }) => move);
    const moved = { from: master, to, generation, next, root: version, at, metadata: last };
    const { asked: _asked, ...rest } = known;
    await this.directory.enrol({ ...rest, master: to, moves: [...before, moved] });
    return { master: to };
  }

  /** What was asked for is not to be. @throws DepotError `not-allowed` where that is not for this depot to say */
  async stay(by: DepotIdentity, { name, depot }: StayBody): Promise<MasterMessage> {
    const known = this.find(name);
    const { master, asked = [] } = known;
    if (by.depot !== master && by.depot !== depot) {
      throw new DepotError('not-allowed', `${by.depot} is not the master depot of ${name}: that is ${master}`, {
        retry: 'never',
      });
    }
    await this.enter(
      known,
      asked.filter((each) => each.depot !== depot),
    );
    return { master };
  }

  /** Those of a depot that is none of the company's any more. */
  async dropThoseBy(depot: string): Promise<void> {
    for (const known of this.directory.repositories()) {
      const { asked = [] } = known;
      const left = asked.filter((each) => each.depot !== depot);
      if (left.length < asked.length) await this.enter(known, left);
    }
  }

  private enter(known: EnrolledRepository, asked: readonly AskedMove[]): Promise<void> {
    const { asked: _asked, ...rest } = known;
    return this.directory.enrol({ ...rest, ...(asked.length === 0 ? {} : { asked: [...asked] }) });
  }

  private find(name: string): EnrolledRepository {
    const known = this.directory.repositories().find((each) => each.name === name);
    if (known !== undefined) return known;
    throw new DepotError('not-found', `no repository ${name} is in the company's directory`, {
      hint: 'depot repository list',
      retry: 'never',
    });
  }
}

function decoded(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}
