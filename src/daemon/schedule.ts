import { setMaxListeners } from 'node:events';
import type { Host } from '../host.js';
import { asDepotError, type DepotError } from '../model/errors.js';
import type { Log } from '../model/log.js';
import type { CycleResult } from '../model/status.js';

export interface ScheduleSettings {
  /** Milliseconds between two polls for a repository, and the fraction of it by which each is moved at random. */
  readonly everyMs: number;
  readonly jitter: number;
  readonly atStart: boolean;
  /** Intervals of their own, by repository. */
  readonly repositories: Readonly<Record<string, number>>;
}

/** What the schedule drives; in the daemon it is the child side of the depot. */
export interface Polled {
  /** The repositories to poll for, as far as they are known now. */
  repositories(): string[];
  /** Whether a parent has not said yet which repositories there are. */
  isSearching(): boolean;
  /** Asks those parents. */
  discover(signal: AbortSignal): Promise<void>;
  cycle(repository: string, signal: AbortSignal): Promise<CycleResult>;
}

/** The subject of the poll that looks for repositories. */
const discovery = '';

interface Subject {
  nextAtMs: number;
  /** Ends the sleep until `nextAtMs`. */
  wake: AbortController;
  running: Promise<CycleResult | undefined> | undefined;
}

/**
 * Polls each repository at its interval, and at once when asked. Cycles of one repository never overlap; those of
 * different ones do, so that one that moves gigabytes keeps no other waiting.
 */
export class Schedule {
  private readonly subjects = new Map<string, Subject>();
  private readonly stopping = new AbortController();
  /** Why the last search for repositories failed. */
  private failedSearch: DepotError | undefined;

  constructor(
    private readonly polled: Polled,
    private settings: ScheduleSettings,
    private readonly host: Host,
    private readonly log: Log,
  ) {
    // Each request of each cycle listens to it; Node would take more than ten for a leak.
    setMaxListeners(0, this.stopping.signal);
  }

  start(): void {
    this.refresh(this.settings.atStart ? 0 : undefined);
  }

  /** New intervals hold from now on; polls that wait are moved accordingly. */
  configure(settings: ScheduleSettings): void {
    this.settings = settings;
    for (const [name, subject] of this.subjects) {
      const latest = this.host.now() + this.interval(name) * (1 + settings.jitter);
      if (subject.nextAtMs > latest) this.reschedule(name, subject, this.delay(name));
    }
    this.refresh(undefined);
  }

  /** Milliseconds since 1970; null for a repository that is not polled, or is being polled now. */
  nextPollAtMs(repository: string): number | null {
    const subject = this.subjects.get(repository);
    return subject === undefined || subject.running !== undefined ? null : subject.nextAtMs;
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

  /** Runs other work on a repository between two of its cycles, never beside one. */
  async between<Result>(repository: string, work: () => Promise<Result>): Promise<Result> {
    const subject = this.subjects.get(repository);
    if (subject === undefined) return work();
    while (subject.running !== undefined) await subject.running;
    const result = work();
    subject.running = result.then(
      () => undefined,
      () => undefined,
    );
    await subject.running;
    subject.running = undefined;
    return result;
  }

  /** Takes up repositories that became known, and drops those that are gone; what is new is polled after `firstInMs`, or an interval. */
  refresh(firstInMs: number | undefined): void {
    if (this.stopping.signal.aborted) return;
    const wanted = this.wanted();
    for (const [name, subject] of this.subjects) {
      if (wanted.has(name) || subject.running !== undefined) continue;
      this.subjects.delete(name);
      subject.wake.abort();
    }
    for (const name of wanted) {
      if (this.subjects.has(name)) continue;
      this.reschedule(name, this.subjectOf(name), firstInMs ?? this.delay(name));
    }
  }

  /** Cuts what is under way (what it fetched stays) and waits for its end. */
  async stop(): Promise<void> {
    this.stopping.abort();
    for (const { wake } of this.subjects.values()) wake.abort();
    for (const { running } of [...this.subjects.values()]) await running;
  }

  private wanted(): Set<string> {
    return new Set([...(this.polled.isSearching() ? [discovery] : []), ...this.polled.repositories()]);
  }

  private interval(name: string): number {
    return (name === discovery ? undefined : this.settings.repositories[name]) ?? this.settings.everyMs;
  }

  /** One interval, moved by jitter, so that the children of a parent do not ask all at once. */
  private delay(name: string): number {
    return this.interval(name) * (1 + this.settings.jitter * (2 * this.host.random() - 1));
  }

  private reschedule(name: string, subject: Subject, inMs: number): void {
    subject.wake.abort();
    subject.wake = new AbortController();
    subject.nextAtMs = this.host.now() + inMs;
    const { signal } = subject.wake;
    this.host.sleep(inMs, signal).then(
      () => void this.run(name),
      () => undefined,
    );
  }

  /** Runs one cycle, after the one under way if there is one, and sets the time of the next. */
  private async run(name: string): Promise<CycleResult | undefined> {
    const subject = this.subjectOf(name);
    while (subject.running !== undefined) await subject.running;
    if (this.stopping.signal.aborted) return undefined;
    subject.wake.abort();
    subject.running = this.cycle(name);
    const result = await subject.running;
    subject.running = undefined;
    if (this.stopping.signal.aborted) return result;
    if (this.subjects.get(name) === subject) this.reschedule(name, subject, this.delay(name));
    this.refresh(0);
    return result;
  }

  private subjectOf(name: string): Subject {
    const known = this.subjects.get(name);
    if (known !== undefined) return known;
    const subject: Subject = { nextAtMs: 0, wake: new AbortController(), running: undefined };
    this.subjects.set(name, subject);
    return subject;
  }

  private async cycle(name: string): Promise<CycleResult | undefined> {
    const { signal } = this.stopping;
    if (name === discovery) return this.search(signal);
    try {
      return await this.polled.cycle(name, signal);
    } catch (thrown) {
      const error = asDepotError(thrown, `poll for ${name}`);
      if (error.code !== 'interrupted') this.log.warn({ code: error.code, hint: error.hint }, error.message);
      return undefined;
    }
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
