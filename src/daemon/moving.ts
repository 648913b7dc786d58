import { masterShape, type MoveBody } from '../model/enrolment.js';
import { asDepotError, DepotError } from '../model/errors.js';
import type { StatusError } from '../model/status-error.js';
import type { MoveResult, TakeOverResult } from '../model/trust-status.js';
import { isFinished } from '../publish/generation.js';
import { handOverChain, takeBack, type HandOver } from '../publish/hand-over.js';
import { dropProposal, hasProposed, proposeTakeOver, signTakeOver } from '../publish/take-over.js';
import type { BroughtKeys } from '../serve/keys-api.js';
import type { MovesApi } from '../serve/moves-api.js';
import { requireAsked, requireCandidate, requireWay, requireWhole } from './move-conditions.js';
import { requireMembership } from './membership.js';
import type { RunningDepot } from './running-depot.js';

const announceEveryMs = 60_000;

/** A lost master depot may have published generations that never came here, and some depot may have them: their numbers are left out. */
const lostStep = 1000;

/**
 * Moves of repositories to another master depot, at both of them (trust/README.md section 5). What the old one signed is
 * durable before anybody is told of it, and is told until the directory says so.
 */
export class Moving implements MovesApi {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private last: Promise<unknown> = Promise.resolve();
  private readonly failures = new Map<string, StatusError>();

  constructor(private readonly depot: RunningDepot) {}

  /** From then on tells the directory of what was signed. */
  start(): void {
    if (this.depot.membership !== undefined) this.running = this.keepUp();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await this.last;
  }

  /** Why the directory could not be told of what was signed here; null where nothing speaks against it. */
  failure(repository: string): StatusError | null {
    return this.failures.get(repository) ?? null;
  }

  takeOver(repository: string, brought: BroughtKeys): Promise<TakeOverResult> {
    return this.inTurn(async () => {
      const { store, settings, host, log } = this.depot;
      const { climbing } = requireMembership(this.depot.membership);
      const { master } = requireCandidate(this.depot, repository);
      const generation = requireWhole(this.depot, repository, master);
      const root = await proposeTakeOver(store, repository, settings.signing, host.now());
      const body = { name: repository, root: base64(root), generation };
      const answer = masterShape.parse(await climbing.ask('take-over', body));
      log.info(
        { repository, master: answer.master, generation },
        `asked ${answer.master} to give ${repository} to this depot`,
      );
      if (brought.keys.length > 0) {
        const roots = await signTakeOver(store, repository, root, brought);
        const next = Math.ceil((generation + 1) / lostStep + 1) * lostStep;
        await climbing.ask('move', { name: repository, to: settings.depot, generation, next }, roots.map(base64));
        log.warn(
          { repository, from: master, generation },
          `${repository} was taken over from ${master}, which is lost`,
        );
        this.depot.companyChanged();
        return { repository, depot: settings.depot, master, generation, state: 'taken-over' };
      }
      return { repository, depot: settings.depot, master: answer.master, generation, state: 'asked' };
    });
  }

  cancel(repository: string): Promise<TakeOverResult> {
    return this.inTurn(async () => {
      const { store, settings } = this.depot;
      const { climbing } = requireMembership(this.depot.membership);
      if (!hasProposed(store, repository)) {
        throw new DepotError('not-found', `this depot does not ask for ${repository}`, { retry: 'never' });
      }
      const answer = await climbing.ask('stay', { name: repository, depot: settings.depot });
      const { master } = masterShape.parse(answer);
      if (master === settings.depot) {
        throw new DepotError('not-allowed', `${repository} has gone to this depot already`, {
          hint: `at another depot: depot repository take-over ${repository}`,
          retry: 'never',
        });
      }
      dropProposal(store, repository);
      return { repository, depot: settings.depot, master, generation: null, state: 'cancelled' };
    });
  }

  move(repository: string, to: string, brought: BroughtKeys): Promise<MoveResult> {
    return this.inTurn(async () => {
      const { store, publishers, log } = this.depot;
      requireMembership(this.depot.membership);
      const given = this.givenAway(repository);
      if (given !== undefined && given.to !== to) {
        throw new DepotError('bad-request', `the move of ${repository} to ${given.to} is signed already`, {
          hint: `depot repository keep ${repository} takes it back`,
          retry: 'never',
        });
      }
      if (given === undefined) {
        const publisher = publishers.get(repository);
        const proposal = Buffer.from(requireAsked(this.depot, repository, to).root, 'base64');
        await requireWay(this.depot, repository, to, this.stopping.signal);
        await publishers.stopOne(repository);
        try {
          const newest = store.heads.newest(repository);
          if (newest === undefined || !isFinished(newest)) {
            throw new DepotError('not-allowed', `the newest generation of ${repository} is not finished here`, {
              hint: `depot publish ${repository} --wait`,
            });
          }
          const { generation } = await publisher.signer.handOver(to, proposal, brought);
          log.warn(
            { repository, to, generation },
            `${repository} was given to ${to}: nothing more of it is published here`,
          );
        } finally {
          await this.depot.remaster();
        }
      }
      const handOver = this.givenAway(repository);
      if (handOver === undefined)
        throw new DepotError('internal', `the move of ${repository} was signed and is not here`);
      await this.announce(repository, handOver);
      const { generation } = handOver;
      return { repository, to, generation, state: this.failures.has(repository) ? 'signed' : 'moved' };
    });
  }

  keep(repository: string, from: string | null): Promise<MoveResult> {
    return this.inTurn(async () => {
      const { store, settings, log } = this.depot;
      const { climbing } = requireMembership(this.depot.membership);
      const given = this.givenAway(repository);
      const depot = given?.to ?? requireAsked(this.depot, repository, from).depot;
      const { master } = masterShape.parse(await climbing.ask('stay', { name: repository, depot }));
      if (master !== settings.depot) {
        throw new DepotError(
          'not-allowed',
          `the directory names ${master} as the master depot of ${repository} already`,
          {
            hint: `to have it back: depot repository take-over ${repository}`,
            retry: 'never',
          },
        );
      }
      if (given !== undefined) {
        takeBack(store, repository, given);
        this.failures.delete(repository);
        log.warn({ repository }, `the move of ${repository} to ${given.to} was taken back`);
        await this.depot.remaster();
      }
      return { repository, to: depot, generation: given?.generation ?? null, state: 'kept' };
    });
  }

  private async keepUp(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      for (const { settings, state, handOver } of this.depot.mastery.elsewhere) {
        if (state !== 'handed-over' || handOver === undefined) continue;
        await this.inTurn(async () => {
          if (this.givenAway(settings.name) !== undefined) await this.announce(settings.name, handOver);
        });
      }
      await this.depot.host.sleep(announceEveryMs, signal).catch(() => undefined);
    }
  }

  /** What hinders it is in the status, and tried again. */
  private async announce(repository: string, handOver: HandOver): Promise<void> {
    const { store, host, log } = this.depot;
    const { climbing } = requireMembership(this.depot.membership);
    const { to, generation } = handOver;
    const body: MoveBody = { name: repository, to, generation, next: generation + 1 };
    try {
      const roots = handOverChain(store, repository, handOver).map(base64);
      await this.unlessStopped(climbing.ask('move', body, roots));
      this.failures.delete(repository);
      this.depot.companyChanged();
    } catch (thrown) {
      const { code, message, hint } = asDepotError(thrown, `tell the directory that ${repository} goes to ${to}`);
      this.failures.set(repository, { code, message, hint: hint ?? null, at: new Date(host.now()).toISOString() });
      log.warn(
        { repository, to, code, hint },
        `the directory was not told that ${repository} goes to ${to}: ${message}`,
      );
    }
  }

  private givenAway(repository: string): HandOver | undefined {
    const found = this.depot.mastery.elsewhere.find(({ settings }) => settings.name === repository);
    return found?.state === 'handed-over' ? found.handOver : undefined;
  }

  /** A request may take a minute; the daemon does not wait for it when it ends. */
  private unlessStopped<T>(asked: Promise<T>): Promise<T> {
    const { signal } = this.stopping;
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(new DepotError('interrupted', 'the daemon stops'));
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop, { once: true });
      void asked.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
    });
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => undefined);
    return turn;
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
