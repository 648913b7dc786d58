import type { Host } from '../host.js';
import type { CompanyDocument } from '../model/company.js';
import { asDepotError } from '../model/errors.js';
import type { Log } from '../model/log.js';
import { collect, planGc } from '../store/gc.js';
import type { GcPlan, GcResult } from '../store/gc-plan.js';
import type { RunJob } from '../store/job.js';
import type { Store } from '../store/store.js';

const hourMs = 3600 * 1000;
/** Children and depots below that were silent for so long are dropped, and with them what they wanted. */
const forgetAfterMs = 30 * 24 * hourMs;
/** After a change a collection follows, but changes that come one after the other share one. */
const collectAfterMs = 10 * 60 * 1000;

/** What a depot does for itself: drops what nothing needs any more, and forgets who is gone. */
export class Maintenance {
  private pending: AbortController | undefined;
  private running: Promise<unknown> = Promise.resolve();
  private readonly stopping = new AbortController();

  constructor(
    private readonly store: Store,
    private readonly run: RunJob,
    private readonly host: Host,
    private readonly log: Log,
    private readonly keepGenerationsMs: () => number,
    private readonly gone: () => NonNullable<CompanyDocument['gone']>,
  ) {}

  start(): void {
    void this.everyHour();
  }

  /** A generation was published or applied: those before it become dispensable by and by. */
  changed(): void {
    if (this.pending !== undefined || this.stopping.signal.aborted) return;
    const pending = new AbortController();
    this.pending = pending;
    this.host.sleep(Math.min(collectAfterMs, this.keepGenerationsMs()), pending.signal).then(
      () => {
        this.pending = undefined;
        void this.collectQuietly();
      },
      () => undefined,
    );
  }

  plan(signal?: AbortSignal): Promise<GcPlan> {
    const options = { keepGenerationsMs: this.keepGenerationsMs(), nowMs: this.host.now() };
    return this.run(planGc, options, signal === undefined ? {} : { signal });
  }

  /** One collection at a time; gives the plan and what came of it. */
  async collect(): Promise<{ readonly plan: GcPlan; readonly result: GcResult }> {
    const work = this.running.then(async () => {
      const plan = await this.plan(this.stopping.signal);
      return { plan, result: await this.run(collect, plan, { signal: this.stopping.signal }) };
    });
    this.running = work.catch(() => undefined);
    return work;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.pending?.abort();
    await this.running;
  }

  private async everyHour(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const slept = await this.host.sleep(hourMs, signal).then(
        () => true,
        () => false,
      );
      if (!slept) return;
      this.forgetSilent();
      // Depots that did not know of it yet may have reported them since.
      this.forgetGone();
      await this.collectQuietly();
    }
  }

  /** Drops what is known of depots that were put out: they would be shown as silent, and what they want would be kept. */
  forgetGone(): void {
    this.tryTo('forget depots that were put out', () => {
      for (const { depot, at } of this.gone()) {
        const wasChild = this.store.demands.forget(depot);
        if (!this.store.reports.forget(depot) && !wasChild) continue;
        this.log.info({ depot }, `forgot ${depot}, which was put out ${at}`);
      }
    });
  }

  private forgetSilent(): void {
    this.tryTo('forget silent depots', () => {
      const before = this.host.now() - forgetAfterMs;
      const children = this.store.demands.forgetBefore(before);
      const depots = this.store.reports.forgetBefore(before);
      if (children.length + depots.length === 0) return;
      this.log.info({ children, depots }, 'forgot depots that were silent for 30 days');
    });
  }

  /** What goes wrong, on a full disk say, is in the log, and tried again in an hour. */
  private tryTo(what: string, work: () => void): void {
    try {
      work();
    } catch (thrown) {
      const error = asDepotError(thrown, what);
      this.log.warn({ code: error.code, hint: error.hint }, error.message);
    }
  }

  private async collectQuietly(): Promise<void> {
    try {
      const { result } = await this.collect();
      if (result.files > 0) this.log.info({ ...result }, 'dropped what nothing needs any more');
    } catch (thrown) {
      const error = asDepotError(thrown, 'collection');
      if (error.code !== 'interrupted') this.log.warn({ code: error.code, hint: error.hint }, error.message);
    }
  }
}
