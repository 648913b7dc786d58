import { DepotError } from '../model/errors.js';
import type { ForecastResult } from '../model/forecast-status.js';
import type { Asked } from '../model/left.js';
import type { Selection } from '../model/selection.js';
import type { HistoryRow, PollResult } from '../model/cycle-status.js';
import type { LineStatus } from '../model/line-status.js';
import type { Listing } from '../model/listing.js';
import type { PlanSummary } from '../model/plan-status.js';
import type { PublishResult } from '../model/publish-status.js';
import type { ApproveResult, DepotStatus, HoldStatus, ReloadResult } from '../model/status.js';
import type { GcResult, VerifyResult } from '../model/upkeep-status.js';
import type { Rate } from '../model/rate.js';
import type { SettingsInForce } from '../model/shown-settings.js';
import type { ControlApi, LongWork } from '../serve/control-api.js';
import type { MovesApi } from '../serve/moves-api.js';
import { listHeld, listPath } from '../serve/listing.js';
import { historyRows, holdStatuses, requireRepository } from '../serve/queries.js';
import { depotStatus, repositoryNames } from '../serve/status.js';
import type { GcPlan } from '../store/gc-plan.js';
import { contentNow } from '../sync/content-times.js';
import { ownSelection, polledRepositories } from '../sync/depot.js';
import { previewCycle } from '../sync/preview.js';
import { approveHold } from './approval.js';
import { depotFacts, liveFacts } from './facts.js';
import { KeysControl } from './keys-control.js';
import { PackagesControl } from './packages-control.js';
import type { RunningDepot } from './running-depot.js';
import { SubjectsControl } from './subjects-control.js';
import { TrustControl } from './trust-control.js';
import { verifyAndHeal } from './verification.js';

/** How often a person who waits is told how far things are. */
const progressEveryMs = 250;
/** Paths of a plan that are listed; a person reads fewer. */
const maxSteps = 100_000;

/** What the commands ask of a running depot, done with its parts. */
export class DaemonControl implements ControlApi {
  readonly trust: TrustControl;
  readonly subjects: SubjectsControl;
  readonly keys: KeysControl;
  readonly moves: MovesApi;
  readonly packages: PackagesControl;

  constructor(private readonly depot: RunningDepot) {
    this.trust = new TrustControl(depot);
    this.subjects = new SubjectsControl(depot);
    this.keys = new KeysControl(depot);
    this.moves = depot.moving;
    this.packages = new PackagesControl(depot);
  }

  async status({ tree }: { readonly tree: boolean }): Promise<DepotStatus> {
    const { depot } = this;
    const query = { nowMs: depot.host.now(), tree };
    const live = liveFacts(depot, await depot.forecasts.own());
    return depotStatus(depot.store, depotFacts(depot), live, query);
  }

  async poll(
    repositories: readonly string[] | null,
    { wait, onEvent }: LongWork & { readonly wait: boolean },
  ): Promise<PollResult> {
    const { schedule, host, sync } = this.depot;
    this.requireParent();
    for (const name of repositories ?? []) this.requirePolled(name);
    const names = (): string[] => (repositories === null ? polledRepositories(sync) : [...repositories]);
    for (const name of names()) contentNow(sync, name);
    if (!wait) {
      // What comes of it stands in the status and in the log.
      schedule.pollNow(repositories).catch(() => undefined);
      return { repositories: names(), cycles: null };
    }
    const ended = new AbortController();
    const cycles = schedule
      .pollNow(repositories, (cycle) => void onEvent({ type: 'cycle', cycle }))
      .finally(() => ended.abort());
    const report = async (): Promise<void> => {
      while (!ended.signal.aborted) {
        for (const repository of names()) {
          const cycle = sync.board.read(repository);
          if (cycle === null) continue;
          const { phase, files, wire } = cycle;
          // Before there is a plan nobody knows how much there is.
          const isPlanned = files.total > 0;
          await onEvent({
            type: 'progress',
            repository,
            phase,
            files: { done: files.done, total: isPlanned ? files.total : null },
            bytes: { done: wire.done, total: isPlanned ? wire.total : null },
            ...(wire.exact ? {} : { atMost: true }),
          });
        }
        await host.sleep(progressEveryMs, ended.signal).catch(() => undefined);
      }
    };
    const [results] = await Promise.all([cycles, report()]);
    return { repositories: names(), cycles: results };
  }

  async plan(
    repository: string | null,
    { steps, signal, onEvent }: LongWork & { readonly steps: boolean },
  ): Promise<readonly PlanSummary[]> {
    const { sync } = this.depot;
    this.requireParent();
    if (repository !== null) this.requirePolled(repository);
    const summaries: PlanSummary[] = [];
    for (const name of repository === null ? polledRepositories(sync) : [repository]) {
      const preview = await previewCycle(sync, name, steps ? maxSteps : 0, signal);
      for (let at = 0; at < preview.steps.length; at += 500) {
        await onEvent({ type: 'steps', steps: preview.steps.slice(at, at + 500) });
      }
      if (steps && preview.isCut)
        await onEvent({ type: 'line', text: `(only the first ${maxSteps} paths are listed)` });
      summaries.push(preview.summary);
    }
    return summaries;
  }

  async publish(
    repository: string,
    how: LongWork & { readonly wait: boolean; readonly dryRun: boolean; readonly acceptSource: boolean },
  ): Promise<PublishResult | null> {
    const publisher = this.depot.publishers.mirror(repository);
    const { signal, onEvent, wait, dryRun, acceptSource } = how;
    const result = publisher.publish({
      dryRun,
      acceptSource,
      signal,
      onProgress: ({ phase, files, bytes }) => void onEvent({ type: 'progress', repository, phase, files, bytes }),
    });
    if (wait || dryRun) return result;
    // Its outcome stands in the status and in the log.
    result.catch(() => undefined);
    return null;
  }

  async ls(
    repository: string,
    path: string,
    { generation, onEvent }: LongWork & { readonly generation: number | null },
  ): Promise<Listing> {
    this.requireKnown(repository);
    const isOwn = this.depot.mastery.published.some(({ name }) => name === repository);
    const selection = isOwn ? null : this.shownOf(repository);
    return listPath(this.depot.store, repository, path, generation, selection, (entries) =>
      onEvent({ type: 'entries', entries }),
    );
  }

  async history(repository: string | null, { limit }: { readonly limit: number }): Promise<readonly HistoryRow[]> {
    if (repository !== null) this.requireKnown(repository);
    const names = repository === null ? this.names() : [repository];
    const published = this.depot.mastery.published.map(({ name }) => name);
    return historyRows(this.depot.store, names, published, limit);
  }

  async verify(repository: string | null, work: LongWork): Promise<VerifyResult> {
    if (repository !== null) this.requireKnown(repository);
    const names = (): string[] => (repository === null ? this.names() : [repository]);
    return verifyAndHeal(this.depot, repository, names, work);
  }

  async holds(): Promise<readonly HoldStatus[]> {
    return holdStatuses(this.depot.store);
  }

  held(id: string, { onEvent }: LongWork): Promise<HoldStatus> {
    return listHeld(this.depot.store, id, (entries) => onEvent({ type: 'entries', entries }));
  }

  approve(id: string): Promise<ApproveResult> {
    return approveHold(this.depot, id);
  }

  async gc({ dryRun, signal }: LongWork & { readonly dryRun: boolean }): Promise<GcResult> {
    const { maintenance } = this.depot;
    if (dryRun) {
      const plan = await maintenance.plan(signal);
      return { dryRun, ...summaryOf(plan), dropped: { files: 0, bytes: 0 }, postponed: false };
    }
    const { plan, result } = await maintenance.collect();
    const dropped = { files: result.files, bytes: result.bytes };
    return { dryRun, ...summaryOf(plan), dropped, postponed: result.stale };
  }

  forecast(asked: Asked | null): Promise<ForecastResult> {
    return this.depot.forecasts.result(asked);
  }

  reload(): Promise<ReloadResult> {
    return this.depot.reload();
  }

  async settings(): Promise<SettingsInForce> {
    return this.depot.settingsInForce();
  }

  async orderLine(order: { readonly rate: Rate; readonly forMs: number | null } | null): Promise<LineStatus> {
    const { ownLine, host, log } = this.depot;
    const until = order?.forMs == null ? null : host.now() + order.forMs;
    await ownLine.command(order === null ? null : { rate: order.rate, untilMs: until });
    const line = ownLine.status();
    log.info(
      { rate: line.rate, until: line.until },
      order === null ? 'the windows hold again' : 'the line was set by hand',
    );
    return line;
  }

  /** What the installation copy shows; of packages revisions, whatever is followed. */
  private shownOf(repository: string): Selection | null {
    const { store, sync } = this.depot;
    const isOfPackages = store.heads.newest(repository)?.head.kind === 'packages';
    if (!isOfPackages) return ownSelection(sync, repository);
    return store.trees.get(repository)?.selection ?? { include: [], exclude: ['**'] };
  }

  private requireParent(): void {
    if (this.depot.settings.parents.length > 0) return;
    throw new DepotError('bad-request', `${this.depot.settings.depot} has no parent to poll`, {
      hint: 'it publishes: `depot publish REPO` looks through a source now',
      retry: 'never',
    });
  }

  private requirePolled(repository: string): void {
    const { mastery, sync } = this.depot;
    if (mastery.published.some(({ name }) => name === repository)) {
      throw new DepotError('not-found', `${repository} is published here, and has no parent`, {
        hint: `depot publish ${repository}`,
        retry: 'never',
      });
    }
    requireRepository(repository, polledRepositories(sync));
  }

  private requireKnown(repository: string): void {
    requireRepository(repository, this.names());
  }

  private names(): string[] {
    return repositoryNames(this.depot.store, depotFacts(this.depot), liveFacts(this.depot));
  }
}

function summaryOf({
  generations,
  objects,
  pages,
  strays,
}: GcPlan): Pick<GcResult, 'generations' | 'objects' | 'pages' | 'strays'> {
  return { generations, objects, pages, strays };
}
