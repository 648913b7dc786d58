import type { Settings } from '../config/settings.js';
import { lastMove } from '../model/company.js';
import { asDepotError } from '../model/errors.js';
import type { Log } from '../model/log.js';
import { hasProposed, takeUp } from '../publish/take-over.js';
import type { Store } from '../store/store.js';
import { masteryOf, type Mastery } from './mastery.js';

export interface MasteringParts {
  /** Runs work on a repository when no cycle of it is under way. */
  alone<Result>(repository: string, work: () => Promise<Result>): Promise<Result>;
  /** Publishes that and nothing else from now on. */
  onMastery(mastery: Mastery, isChanged: boolean): Promise<void>;
}

/** What this depot is the master of, in step with the settings, the directory, and what came of a move. */
export class Mastering {
  mastery: Mastery;
  private last: Promise<unknown> = Promise.resolve();
  private isStopping = false;

  constructor(
    private readonly store: Store,
    private readonly settings: () => Settings,
    private readonly parts: MasteringParts,
    private readonly log: Log,
  ) {
    this.mastery = masteryOf(store, settings());
  }

  /** Finds out anew, and resolves when it is in force. One at a time, in the order in which they were asked for. */
  settle(): Promise<void> {
    const turn = this.last.then(() => this.take());
    this.last = turn.catch(() => undefined);
    return turn;
  }

  /** The same, of which nobody waits for the end: what cannot be done now is tried again with the next news. */
  look(): void {
    if (this.isStopping || this.settings().repositories.length === 0) return;
    this.settle().catch((thrown: unknown) => {
      const error = asDepotError(thrown, 'find out what is published here');
      if (error.code !== 'interrupted') this.log.error({ code: error.code, hint: error.hint }, error.message);
    });
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    await this.last;
  }

  private async take(): Promise<void> {
    if (this.isStopping) return;
    const { depot, site } = this.settings();
    for (const enrolled of this.store.company.get(site)?.repositories ?? []) {
      const move = lastMove(enrolled);
      if (move?.to !== depot || !hasProposed(this.store, enrolled.name)) continue;
      await this.parts.alone(enrolled.name, () => takeUp(this.store, enrolled.name, move));
    }
    const before = this.mastery;
    const next = masteryOf(this.store, this.settings());
    this.mastery = next;
    const isChanged = JSON.stringify(before) !== JSON.stringify(next);
    await this.parts.onMastery(next, isChanged);
    if (isChanged) this.tell(before, next);
  }

  private tell(before: Mastery, { published, elsewhere }: Mastery): void {
    for (const { settings, master, state } of elsewhere) {
      this.log.warn({ repository: settings.name, master, state }, `${settings.name} is not published here`);
    }
    for (const { name } of published) {
      if (before.published.some((each) => each.name === name)) continue;
      this.log.info({ repository: name }, `${name} is published here`);
    }
  }
}
