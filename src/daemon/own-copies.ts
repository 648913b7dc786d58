import type { Host } from '../host.js';
import { asDepotError } from '../model/errors.js';
import type { Log } from '../model/log.js';
import { everything } from '../model/selection.js';
import { showPackages } from '../sync/apply-packages.js';
import { ownSelection, type SyncDepot } from '../sync/depot.js';

/** The clock is looked at again at least so often: it may be set, and timers stand still while a machine sleeps. */
const longestLookMs = 60_000;

/**
 * The installation copies of packages at this depot, where no cycle brings them up to date: of repositories that are
 * published here, and when the time of a scheduled release has come. Never beside a cycle of the same repository.
 */
export class OwnCopies {
  private readonly waiting = new Map<string, AbortController>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly depot: SyncDepot,
    private readonly between: (repository: string, work: () => Promise<void>) => Promise<void>,
    private readonly host: Host,
    private readonly log: Log,
  ) {}

  /** Those of all repositories, when the daemon starts: a release may have come due while it was down. */
  start(): void {
    const { heads } = this.depot.store;
    for (const name of heads.repositories()) {
      if (heads.newest(name)?.head.kind === 'packages') void this.show(name);
    }
  }

  /** Brings them to what is complete here, at this time. What it ran into is in the log; it is tried again by the next cycle. */
  async show(repository: string): Promise<void> {
    try {
      await this.between(repository, () => this.apply(repository));
    } catch (thrown) {
      const error = asDepotError(thrown, `installation copies of ${repository}`);
      if (error.code === 'interrupted') return;
      this.log.warn({ repository, code: error.code, hint: error.hint }, error.message);
    }
  }

  /** They are looked at again then; null: there is no reason to. */
  onDue(repository: string, atMs: number | null): void {
    this.waiting.get(repository)?.abort();
    this.waiting.delete(repository);
    if (atMs === null || this.stopping.signal.aborted) return;
    const waiting = new AbortController();
    this.waiting.set(repository, waiting);
    this.until(atMs, waiting.signal).then(
      () => this.show(repository),
      () => undefined,
    );
  }

  stop(): void {
    this.stopping.abort();
    for (const waiting of this.waiting.values()) waiting.abort();
  }

  private async until(atMs: number, signal: AbortSignal): Promise<void> {
    do {
      await this.host.sleep(Math.min(Math.max(0, atMs - this.host.now()), longestLookMs), signal);
    } while (this.host.now() < atMs);
  }

  private async apply(repository: string): Promise<void> {
    const { store, settings } = this.depot;
    const isPublished = settings().published.includes(repository);
    const selection = isPublished ? everything : ownSelection(this.depot, repository);
    const head = store.heads.newestComplete(repository, []);
    if (head === undefined || selection === null) return;
    await showPackages(this.depot, head, selection, this.stopping.signal);
  }
}
