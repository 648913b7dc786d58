import { DepotError } from '../model/errors.js';
import type { ForecastResult } from '../model/forecast-status.js';
import type { Asked } from '../model/left.js';
import type { Selection } from '../model/selection.js';
import type {
  ApproveResult,
  DepotStatus,
  GcResult,
  HistoryRow,
  HoldStatus,
  LineStatus,
  Listing,
  PlanSummary,
  PollResult,
  PublishResult,
  ReloadResult,
  VerifyResult,
} from '../model/status.js';
import type { Rate } from '../model/rate.js';
import type { SettingsInForce } from '../model/shown-settings.js';
import { PackagesPublisher } from '../publish/packages.js';
import { MirrorPublisher } from '../publish/publisher.js';
import type { ControlApi, LongWork } from '../serve/control-api.js';
import { listHeld, listPath } from '../serve/listing.js';
import { historyRows, holdStatuses, requireHold, requireRepository } from '../serve/queries.js';
import { depotStatus, repositoryNames } from '../serve/status.js';
import type { GcPlan } from '../store/gc-plan.js';
import { verify, type VerifyResult as StoreVerifyResult } from '../store/verify.js';
import { ownSelection, polledRepositories } from '../sync/depot.js';
import { previewCycle } from '../sync/preview.js';
import { mendTree, releaseHold, restoreTree } from '../sync/restore-job.js';
import { depotFacts, liveFacts } from './facts.js';
import { KeysControl } from './keys-control.js';
import { PackagesControl } from './packages-control.js';
import type { RunningDepot } from './running-depot.js';
import { SubjectsControl } from './subjects-control.js';
import { TrustControl } from './trust-control.js';

/** How often a person who waits is told how far things are. */
const progressEveryMs = 250;
/** Paths of a plan that are listed; a person reads fewer. */
const maxSteps = 100_000;

/** What the commands ask of a running depot, done with its parts. */
export class DaemonControl implements ControlApi {
  readonly trust: TrustControl;
  readonly subjects: SubjectsControl;
  readonly keys: KeysControl;
  readonly packages: PackagesControl;

  constructor(private readonly depot: RunningDepot) {
    this.trust = new TrustControl(depot);
    this.subjects = new SubjectsControl(depot);
    this.keys = new KeysControl(depot);
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
          const { phase, files, bytes } = cycle;
          // Before there is a plan nobody knows how much there is.
          const isPlanned = files.total > 0;
          await onEvent({
            type: 'progress',
            repository,
            phase,
            files: { done: files.done, total: isPlanned ? files.total : null },
            bytes: { done: bytes.done, total: isPlanned ? bytes.total : null },
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
    const isOwn = this.depot.settings.repositories.some(({ name }) => name === repository);
    const selection = isOwn ? null : this.shownOf(repository);
    return listPath(this.depot.store, repository, path, generation, selection, (entries) =>
      onEvent({ type: 'entries', entries }),
    );
  }

  async history(repository: string | null, { limit }: { readonly limit: number }): Promise<readonly HistoryRow[]> {
    if (repository !== null) this.requireKnown(repository);
    const names = repository === null ? this.names() : [repository];
    const published = this.depot.settings.repositories.map(({ name }) => name);
    return historyRows(this.depot.store, names, published, limit);
  }

  /** What is damaged is set aside and fetched again by the next poll; files of an installation copy are put right at once. */
  async verify(repository: string | null, { signal, onEvent }: LongWork): Promise<VerifyResult> {
    const { workers } = this.depot;
    if (repository !== null) this.requireKnown(repository);
    const result = await workers.run(
      verify,
      { ...(repository === null ? {} : { repository }), quarantine: true },
      {
        signal,
        onProgress: ({ files, bytes }) =>
          void onEvent({
            type: 'progress',
            repository,
            phase: 'verify',
            files: { done: files, total: null },
            bytes: { done: bytes, total: null },
          }),
      },
    );
    this.tellDamage(result);
    for (const name of repository === null ? this.names() : [repository]) {
      const paths = result.trees.findings
        .filter((finding) => finding.repository === name && finding.problem !== 'foreign')
        .map(({ path }) => path);
      await this.heal(name, paths, signal, onEvent);
    }
    return { repository, ...result };
  }

  private tellDamage({ damaged, missing, pages, trees }: StoreVerifyResult): void {
    const counts = { damaged: damaged.count, missing: missing.count, pages: pages.count, files: trees.count };
    if (Object.values(counts).every((count) => count === 0)) return;
    this.depot.log.error(counts, 'verification found damage; a disk that damages files should be replaced');
  }

  /** Reads what is damaged again from the source at the master depot; files of an installation copy are put right. */
  private async heal(
    repository: string,
    paths: readonly string[],
    signal: AbortSignal,
    onEvent: LongWork['onEvent'],
  ): Promise<void> {
    const { workers, schedule, store, publishers } = this.depot;
    const say = (text: string): Promise<void> => onEvent({ type: 'line', text: `${repository}: ${text}` });
    const publisher = publishers.find(repository);
    const damaged = store.damage.waiting(repository).length;
    if (publisher instanceof MirrorPublisher && damaged > 0) {
      await publisher.publish({ signal });
      const left = store.damage.waiting(repository).length;
      await say(`read ${damaged - left} of ${damaged} damaged files again from the source`);
    }
    if (publisher instanceof PackagesPublisher) await publisher.recover();
    if (paths.length === 0 && store.damage.list(repository).length === 0) return;
    const put = await schedule.between(repository, async () => {
      const restored = await workers.run(restoreTree, { repository, paths }, { signal });
      const mended = await workers.run(mendTree, { repository }, { signal });
      return restored.put + mended.files;
    });
    if (put > 0) await say(`put ${put} files of the installation copy right`);
  }

  async holds(): Promise<readonly HoldStatus[]> {
    return holdStatuses(this.depot.store);
  }

  held(id: string, { onEvent }: LongWork): Promise<HoldStatus> {
    return listHeld(this.depot.store, id, (entries) => onEvent({ type: 'entries', entries }));
  }

  async approve(id: string): Promise<ApproveResult> {
    const { store, schedule, log } = this.depot;
    const hold = requireHold(store, id);
    const epoch = store.holds.get(id)?.epoch ?? null;
    const { repository } = hold;
    if (epoch !== null) {
      store.heads.approveEpoch(repository, epoch);
      store.holds.remove(id);
      void schedule.pollNow([repository]);
    } else {
      await schedule.between(repository, () => this.release(hold));
    }
    log.info({ repository, hold: id, files: hold.files }, `${repository}: hold ${id} was approved`);
    return { hold };
  }

  /** What approval did belongs to the history as much as what a cycle did. */
  private async release({ id, repository, generation }: HoldStatus): Promise<void> {
    const { store, workers, host } = this.depot;
    const startedAtMs = host.now();
    const { put, deleted } = await workers.run(releaseHold, { id });
    store.cycles.insert({
      repository,
      startedAtMs,
      endedAtMs: host.now(),
      outcome: 'applied',
      fromGeneration: generation,
      toGeneration: generation,
      addedFiles: put,
      replacedFiles: 0,
      deletedFiles: deleted,
      fetchedFiles: 0,
      fetchedBytes: 0,
      error: null,
    });
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
    const { settings, sync } = this.depot;
    if (settings.repositories.some(({ name }) => name === repository)) {
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
