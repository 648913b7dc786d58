import { asDepotError } from '../model/errors.js';
import type { SyncDepot } from './depot.js';
import { prepareTree, type Prepared } from './prepare-job.js';
import type { PlanInput } from './plan.js';
import type { TreeState } from './tree-changes.js';

/** A smaller copy is made in no time when all is here. */
const leastFiles = 2_000;

/**
 * A first installation copy that is made beside its place while its content comes, so that little is left to do when all is
 * here. It is known for one cycle only: what an earlier one left is dropped.
 */
export class Preparation {
  private after: string | null = null;
  private running: Promise<void> | undefined;
  /** What came since the last run began. */
  private hasMore = false;
  private isGivenUp = false;

  private constructor(
    private readonly depot: SyncDepot,
    private readonly target: { readonly repository: string } & TreeState,
    private readonly signal: AbortSignal,
  ) {}

  /** Undefined where there is a copy already, or little to make. */
  static of(depot: SyncDepot, plan: PlanInput, files: number, signal: AbortSignal): Preparation | undefined {
    const { repository, root, selection, tree } = plan;
    if (selection === null || tree !== null || files < leastFiles) return undefined;
    return new Preparation(depot, { repository, root, selection }, signal);
  }

  /** More objects are here. */
  came(): void {
    this.hasMore = true;
    if (this.running !== undefined || this.isGivenUp) return;
    this.running = this.goOn().finally(() => (this.running = undefined));
  }

  /** @returns how far it is; null where nothing can be used of it */
  async end(): Promise<Prepared | null> {
    this.hasMore = false;
    await this.running;
    const { after, isGivenUp } = this;
    return isGivenUp || after === null ? null : { after, selection: this.target.selection };
  }

  private async goOn(): Promise<void> {
    const { depot, target, signal } = this;
    try {
      while (this.hasMore) {
        this.hasMore = false;
        this.after = await depot.run(prepareTree, { ...target, after: this.after }, { signal });
      }
    } catch (thrown) {
      // The copy is made when all is here, and what is wrong is told then.
      this.isGivenUp = true;
      const { message } = asDepotError(thrown, `prepare the installation copy of ${target.repository}`);
      depot.log.debug({ repository: target.repository }, message);
    }
  }
}
