import { DepotError } from '../model/errors.js';
import { forecastsBelow } from '../model/forecast-below.js';
import type { ForecastResult, ForecastStatus, RowForecast } from '../model/forecast-status.js';
import { forecast } from '../model/forecast.js';
import { amountUntil, bytesLeft, type Asked, type LeftBatch, type RepositoryLeft } from '../model/left.js';
import { speedsFrom } from '../model/speed.js';
import { nextOpen } from '../model/closings.js';
import { boundedBy } from '../model/upload-plan.js';
import { appliedGeneration } from '../store/figures.js';
import { demandOf, ownSelection, polledRepositories, type SyncDepot } from '../sync/depot.js';
import { contentAtMs } from '../sync/content-times.js';
import { waitsFor } from '../sync/left.js';
import { mostAbove } from '../sync/upload-plan.js';
import type { NetworkSettings } from '../config/network.js';
import type { OwnLine } from './own-line.js';

const minuteMs = 60_000;
/** How long a status waits for a survey of what is missing, and a report. */
const [glanceMs, reportMs] = [500, 10_000];

/** When this depot, and those below it, will have what they lack: from what is left, the line, and what was measured. */
export class Forecasts {
  constructor(
    private readonly sync: () => SyncDepot,
    private readonly line: OwnLine,
    private readonly network: () => NetworkSettings,
  ) {}

  /** Of all repositories that are polled for and lack something. */
  async own(): Promise<ForecastStatus[]> {
    const left = await this.left(glanceMs);
    return left.flatMap(({ repository }) => this.of({ repository, package: null }, left) ?? []);
  }

  /** What the next whole window carries of a repository, by what was measured; null where there is none, or nothing limits it. */
  windowBytes(repository: string): number | null {
    const sync = this.sync();
    const { windows } = this.line.plan();
    const above = mostAbove(sync, repository);
    const open = nextOpen(above === undefined ? windows : boundedBy(windows, above), sync.host.now());
    if (open === undefined) return null;
    const speedOf = speedsFrom(sync.store.throughput.measured());
    const bytes = open.reduce((sum, { rate, fromMs, untilMs }) => {
      const speed = rate === 'closed' ? 0 : speedOf(rate);
      return sum + ((speed ?? NaN) * (untilMs - fromMs)) / 1000;
    }, 0);
    return Number.isFinite(bytes) ? Math.floor(bytes) : null;
  }

  /** For the report to the parent: to the minute, so that they do not change with every look. */
  async rows(): Promise<ReadonlyMap<string, RowForecast>> {
    const left = await this.left(reportMs);
    const found = left.flatMap(({ repository }) => this.of({ repository, package: null }, left) ?? []);
    return new Map(found.map((one) => [one.repository, rowOf(one)]));
  }

  /**
   * What `depot forecast` asks.
   * @param asked a repository, and a package of it or null; null: all
   * @throws DepotError `not-found`
   */
  async result(asked: Asked | null): Promise<ForecastResult> {
    const { store, name } = this.sync();
    const left = await this.left(Infinity);
    const known = [...new Set([...store.heads.repositories(), ...left.map(({ repository }) => repository)])].sort();
    if (asked !== null) this.requireKnown(asked, known);
    const wanted = asked === null ? known : [asked.repository];
    const own = left
      .filter(({ repository }) => wanted.includes(repository))
      .flatMap(({ repository }) => this.of({ repository, package: asked?.package ?? null }, left) ?? []);
    const newest = new Map(
      wanted.flatMap((repository) => {
        const head = store.heads.newest(repository)?.head;
        return head === undefined ? [] : [[repository, head.generation]];
      }),
    );
    const doneAtMs = new Map(
      own.map(({ repository, doneAt }) => [repository, doneAt === null ? null : Date.parse(doneAt)]),
    );
    const below = forecastsBelow(store.reports.below(), newest, { depot: name, doneAtMs });
    return { timezone: this.line.timezone, own, below };
  }

  /** @param patienceMs infinite: all is looked at anew, and what fails is thrown */
  private async left(patienceMs: number): Promise<RepositoryLeft[]> {
    const sync = this.sync();
    const { priority } = this.network();
    const of = async (repository: string): Promise<readonly LeftBatch[]> => {
      if (patienceMs === Infinity) sync.left.changed(repository);
      try {
        return await sync.left.of(repository, patienceMs);
      } catch (thrown) {
        if (patienceMs === Infinity) throw thrown;
        // Damage has an alarm of its own; nothing else is to fail for want of a forecast.
        sync.log.debug({ repository, error: String(thrown) }, 'no forecast');
        return [];
      }
    };
    return Promise.all(
      polledRepositories(sync).map(async (repository) => ({
        repository,
        priority: priority[repository] ?? 'normal',
        batches: await of(repository),
      })),
    );
  }

  private of(asked: Asked, left: readonly RepositoryLeft[]): ForecastStatus | undefined {
    const sync = this.sync();
    const { repository } = asked;
    const own = bytesLeft(left, asked);
    const waits = waitsFor(sync, repository);
    if (own === null) {
      if (asked.package !== null || !this.isBehind(repository)) return undefined;
      const nothing = { contentAt: null, bytesLeft: null, bytesBefore: 0, doneAt: null, legs: [] };
      return { ...asked, ...nothing, reason: 'not-planned', waitsFor: waits };
    }
    const amount = amountUntil(left, asked);
    const speedOf = speedsFrom(sync.store.throughput.measured());
    const now = sync.host.now();
    const contentMs = this.contentMs(repository);
    const plan = { ...this.line.plan(), above: mostAbove(sync, repository), ordinaryFromMs: contentMs ?? undefined };
    const { doneAtMs, because, legs } = forecast(plan, amount, now, speedOf);
    return {
      ...asked,
      contentAt: contentMs === null ? null : iso(contentMs),
      bytesLeft: own,
      bytesBefore: amount.urgent + amount.ordinary - own,
      doneAt: doneAtMs === null ? null : iso(doneAtMs),
      reason: because,
      waitsFor: waits,
      legs: legs.map(({ fromMs, untilMs, rate, bytesPerSecond, bytes }) => ({
        from: iso(fromMs),
        until: iso(untilMs),
        rate,
        bytesPerSecond: Math.round(bytesPerSecond),
        bytes: Math.round(bytes),
      })),
    };
  }

  /** When what is not urgent is fetched next, where that is not by the next poll already. */
  private contentMs(repository: string): number | null {
    const sync = this.sync();
    const atMs = contentAtMs(sync, repository);
    return atMs === null || atMs <= sync.host.now() ? null : atMs;
  }

  /** Whether a newer generation is known than the one that is here, though nothing is planned. */
  private isBehind(repository: string): boolean {
    const sync = this.sync();
    const as = {
      role: 'child',
      selection: ownSelection(sync, repository),
      demand: demandOf(sync, repository),
    } as const;
    const newest = sync.store.heads.newest(repository);
    return newest !== undefined && newest.head.generation > (appliedGeneration(sync.store, repository, as) ?? 0);
  }

  private requireKnown({ repository, package: name }: Asked, known: readonly string[]): void {
    const { store } = this.sync();
    if (!known.includes(repository)) {
      throw new DepotError('not-found', `no repository ${repository} is known here`, {
        hint: known.length === 0 ? 'depot poll --wait' : `known: ${known.join(', ')}`,
        retry: 'never',
      });
    }
    if (name === null) return;
    const head = store.heads.newestComplete(repository, [])?.head;
    const records = head?.kind === 'packages' ? store.packages.of(head.root) : [];
    if (records.some((record) => record.name === name)) return;
    throw new DepotError('not-found', `no package ${name} of ${repository} is known here`, {
      hint: `depot ls ${repository}`,
      retry: 'never',
    });
  }
}

function rowOf({ bytesLeft, doneAt, reason, waitsFor }: ForecastStatus): RowForecast {
  const atMs = doneAt === null ? null : Math.ceil(Date.parse(doneAt) / minuteMs) * minuteMs;
  return { bytesLeft, doneAt: atMs === null ? null : iso(atMs), reason, waitsFor };
}

function iso(ms: number): string {
  return new Date(Math.ceil(ms)).toISOString();
}
