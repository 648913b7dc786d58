import { setMaxListeners } from 'node:events';
import type { Host } from '../host.js';
import { asDepotError, DepotError } from '../model/errors.js';
import type { Log } from '../model/log.js';
import type { CycleResult } from '../model/cycle-status.js';

export interface ScheduleSettings {
  /** Milliseconds between two polls for a repository, and the fraction of it by which each is moved at random. */
  readonly everyMs: number;
  readonly jitter: number;
  readonly atStart: boolean;
  /** Intervals of their own, by repository. */
  readonly repositories: Readonly<Record<string, { readonly everyMs: number | null }>>;
  /** Jitter makes no wait shorter than this. */
  readonly atLeastMs?: number;
}

/** What the schedule drives; in the daemon it is the child side of the depot. */
export interface Polled {
  /** The repositories to poll for, as far as they are known now. */
  repositories(): string[];
  /** Whether a parent has not said yet which repositories there are. */
  isSearching(): boolean;
  /** Asks those parents. */
  discover(signal: AbortSignal): Promise<void>;
  /** `waitedFor` is aborted when other work on the repository waits for the end of the cycle, which may yield to it. */
  cycle(repository: string, signal: AbortSignal, waitedFor: AbortSignal): Promise<CycleResult>;
}

/** The subject of the poll that looks for repositories. */
const discovery = '';

/** A poll that waits for its time. */
interface Waiting {
  readonly nextAtMs: number;
  /** Ends the sleep until then. */
  readonly wake: AbortController;
}

/**
 * Polls each repository at its interval, and at once when asked. Cycles of one repository never overlap; those of
 * different ones do, so that one that moves gigabytes keeps no other waiting.
 */
export class Schedule {
  /** One for each that is polled for; while it is being polled, the one that led to that. */
  private readonly waiting = new Map<string, Waiting>();
  /** The end of what is under way for a repository. */
  private readonly busy = new Map<string, Promise<void>>();
  /** To tell what is under way that something waits for it. */
  private readonly yielding = new Map<string, AbortController>();
  private readonly stopping = new AbortController();
  /** Why the last search for repositories failed. */
  private failedSearch: DepotError | undefined;

  constructor(
    private readonly polled: Polled,
    private settings: ScheduleSettings,
    private readonly host: Host,
    private readonly log: Log,
  ) {
    // One cycle of each repository listens to it; Node would take more than ten for a leak.
    setMaxListeners(0, this.stopping.signal);
  }

  start(): void {
    this.refresh(this.settings.atStart ? 0 : undefined);
  }

  /** New intervals hold from now on; polls that wait are moved accordingly. */
  configure(settings: ScheduleSettings): void {
    this.settings = settings;
    for (const [name, { nextAtMs }] of this.waiting) {
      const latest = this.host.now() + this.interval(name) * (1 + settings.jitter);
      if (nextAtMs > latest) this.wait(name, this.delay(name));
    }
    this.refresh(undefined);
  }

  /** Milliseconds since 1970; null for a repository that is not polled, or is being polled now. */
  nextPollAtMs(repository: string): number | null {
    return this.busy.has(repository) ? null : (this.waiting.get(repository)?.nextAtMs ?? null);
  }

  /**
   * Polls now: the named repositories, or all, with those that become known by it. A cycle under way is waited for, and
   * another one follows it, since the first may have asked before what the caller knows of.
   * @throws DepotError where all were to be polled, and none is known because no parent answers
   */
  async pollNow(
    repositories: readonly string[] | null,
    onCycle?: (result: CycleResult) => void,
  ): Promise<CycleResult[]> {
    const results: CycleResult[] = [];
    const polled = new Set<string>();
    for (;;) {
      const names = [...(repositories ?? this.wanted())].filter((name) => !polled.has(name));
      if (names.length === 0) {
        if (results.length === 0 && polled.has(discovery) && this.failedSearch !== undefined) throw this.failedSearch;
        return results;
      }
      await Promise.all(
        names.map(async (name) => {
          polled.add(name);
          const result = await this.run(name);
          if (result === undefined) return;
          results.push(result);
          onCycle?.(result);
        }),
      );
    }
  }

  /**
   * Runs other work on a repository between two of its cycles, never beside one.
   * @throws DepotError `interrupted` where it could not begin before the end
   */
  between<Result>(repository: string, work: () => Promise<Result>): Promise<Result> {
    return this.alone(repository, () => {
      if (!this.stopping.signal.aborted) return work();
      throw new DepotError('interrupted', `work on ${repository} had not begun when the daemon was stopped`);
    });
  }

  /** The line has opened: what waited for that is polled for within this time, at random. */
  opened(withinMs: number): void {
    if (this.stopping.signal.aborted) return;
    for (const name of this.waiting.keys()) {
      if (name !== discovery && !this.busy.has(name)) this.wait(name, this.host.random() * withinMs);
    }
  }

  /** Takes up repositories that became known, and drops those that are gone; what is new is polled after `firstInMs`, or an interval. */
  refresh(firstInMs: number | undefined): void {
    if (this.stopping.signal.aborted) return;
    const wanted = this.wanted();
    for (const [name, { wake }] of this.waiting) {
      if (wanted.has(name)) continue;
      this.waiting.delete(name);
      wake.abort();
    }
    for (const name of wanted) if (!this.waiting.has(name)) this.wait(name, firstInMs ?? this.delay(name));
  }

  /** Cuts what is under way (what it fetched stays) and waits for its end. */
  async stop(): Promise<void> {
    this.stopping.abort();
    for (const { wake } of this.waiting.values()) wake.abort();
    while (this.busy.size > 0) await Promise.all([...this.busy.values()]);
  }

  private wanted(): Set<string> {
    return new Set([...(this.polled.isSearching() ? [discovery] : []), ...this.polled.repositories()]);
  }

  private interval(name: string): number {
    return (name === discovery ? undefined : this.settings.repositories[name]?.everyMs) ?? this.settings.everyMs;
  }

  /** One interval, moved by jitter, so that the children of a parent do not ask all at once. */
  private delay(name: string): number {
    const { jitter, atLeastMs = 0 } = this.settings;
    return Math.max(atLeastMs, this.interval(name) * (1 + jitter * (2 * this.host.random() - 1)));
  }

  private wait(name: string, ms: number): void {
    this.waiting.get(name)?.wake.abort();
    const wake = new AbortController();
    this.waiting.set(name, { nextAtMs: this.host.now() + ms, wake });
    this.host.sleep(ms, wake.signal).then(
      () => this.run(name).catch((error: unknown) => this.tell(error, name)),
      () => undefined,
    );
  }

  /** Runs one cycle, after what is under way if there is something, and sets the time of the next. */
  private run(name: string): Promise<CycleResult | undefined> {
    return this.alone(name, async () => {
      if (this.stopping.signal.aborted) return undefined;
      this.waiting.get(name)?.wake.abort();
      const result = await this.cycle(name);
      if (this.stopping.signal.aborted) return result;
      // First of all, so that whatever fails below, there is a next poll. What yielded goes on at once.
      this.wait(name, result?.outcome === 'interrupted' ? 0 : this.delay(name));
      this.refresh(0);
      return result;
    });
  }

  private async alone<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    for (let end = this.busy.get(name); end !== undefined; end = this.busy.get(name)) {
      this.yielding.get(name)?.abort();
      await end;
    }
    const result = work();
    const end = result.then(
      () => undefined,
      () => undefined,
    );
    this.busy.set(name, end);
    // The first to wait for it, and so the first to go on.
    await end;
    this.busy.delete(name);
    return result;
  }

  private async cycle(name: string): Promise<CycleResult | undefined> {
    const { signal, letGo } = this.untilStop();
    const yielding = new AbortController();
    this.yielding.set(name, yielding);
    try {
      if (name === discovery) return await this.search(signal);
      return await this.polled.cycle(name, signal, yielding.signal);
    } catch (thrown) {
      this.tell(thrown, name);
      return undefined;
    } finally {
      this.yielding.delete(name);
      letGo();
    }
  }

  /**
   * A signal for one cycle. What listens to it, and what Node keeps of each signal made of it, goes with it; that of the
   * daemon's own end would keep it for months.
   */
  private untilStop(): { readonly signal: AbortSignal; letGo(): void } {
    const cycle = new AbortController();
    // Each request of the cycle listens to it.
    setMaxListeners(0, cycle.signal);
    const { signal } = this.stopping;
    const stop = (): void => cycle.abort(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    return { signal: cycle.signal, letGo: () => signal.removeEventListener('abort', stop) };
  }

  private tell(thrown: unknown, name: string): void {
    const error = asDepotError(thrown, `poll for ${name}`);
    if (error.code !== 'interrupted') this.log.warn({ code: error.code, hint: error.hint }, error.message);
  }

  private async search(signal: AbortSignal): Promise<undefined> {
    const before = this.failedSearch?.message;
    this.failedSearch = undefined;
    try {
      await this.polled.discover(signal);
    } catch (thrown) {
      const error = asDepotError(thrown, 'look for repositories');
      this.failedSearch = error;
      if (error.code === 'interrupted') return;
      const fields = { code: error.code, hint: error.hint };
      if (error.message === before) this.log.debug(fields, error.message);
      else this.log.warn(fields, error.message);
    }
  }
}
