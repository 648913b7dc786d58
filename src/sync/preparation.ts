import { asDepotError, type DepotError } from '../model/errors.js';
import { selectionKey } from '../model/selection.js';
import type { Sha256 } from '../model/sha256.js';
import type { SyncDepot } from './depot.js';
import { prepareTree, type Prepared } from './prepare-job.js';
import type { PlanInput } from './plan.js';
import type { TreeState } from './tree-changes.js';

/** A smaller copy is made in no time when all is here. */
const leastFiles = 2_000;

/** How far a copy is, and of what; known for one run of the daemon. */
export interface PreparedSoFar {
  readonly root: Sha256;
  readonly selection: string;
  readonly after: string;
}

/**
 * A first installation copy that is made beside its place while its content comes, so that little is left to do when all is
 * here. The next cycle goes on with it where one was cut.
 */
export class Preparation {
  private running: Promise<void> | undefined;
  /** What came since the last run began. */
  private hasMore = false;
  private failure: DepotError | undefined;

  private constructor(
    private readonly depot: SyncDepot,
    private readonly target: { readonly repository: string } & TreeState,
    private readonly signal: AbortSignal,
    private after: string | null,
  ) {}

  /** Undefined where there is a copy already, or little to make. */
  static of(depot: SyncDepot, plan: PlanInput, files: number, signal: AbortSignal): Preparation | undefined {
    const { repository, root, selection, tree } = plan;
    if (selection === null || tree !== null) return undefined;
    const known = depot.board.prepared.get(repository);
    const isIts = known?.root === root.sha256 && known.selection === selectionKey(selection);
    if (!isIts && files < leastFiles) return undefined;
    return new Preparation(depot, { repository, root, selection }, signal, isIts ? known.after : null);
  }

  /** More objects are here. */
  came(): void {
    this.hasMore = true;
    if (this.running !== undefined || this.failure !== undefined) return;
    this.running = this.goOn().finally(() => (this.running = undefined));
  }

  /**
   * @returns how far it is; null where nothing can be used of it
   * @throws DepotError `object-damaged`, `object-missing`: an object that is held is not what it should be, and forgotten now
   */
  async end(): Promise<Prepared | null> {
    this.hasMore = false;
    await this.running;
    const { after, failure, target } = this;
    const { prepared } = this.depot.board;
    const { repository, root, selection } = target;
    if (failure !== undefined && /^object-/.test(failure.code)) throw failure;
    if (after === null || (failure !== undefined && failure.code !== 'interrupted')) {
      prepared.delete(repository);
      return null;
    }
    prepared.set(repository, { root: root.sha256, selection: selectionKey(selection), after });
    return { after, selection };
  }

  private async goOn(): Promise<void> {
    const { depot, target, signal } = this;
    try {
      while (this.hasMore) {
        this.hasMore = false;
        this.after = await depot.run(prepareTree, { ...target, after: this.after }, { signal });
      }
    } catch (thrown) {
      this.failure = asDepotError(thrown, `prepare the installation copy of ${target.repository}`);
      depot.log.debug({ repository: target.repository }, this.failure.message);
    }
  }
}
