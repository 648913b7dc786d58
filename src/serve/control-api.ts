import type { ForecastResult } from '../model/forecast-status.js';
import type { Asked } from '../model/left.js';
import type { Rate } from '../model/rate.js';
import type { SettingsInForce } from '../model/shown-settings.js';
import type { CycleResult, HistoryRow, PollResult } from '../model/cycle-status.js';
import type { LineStatus } from '../model/line-status.js';
import type { ListedEntry, Listing } from '../model/listing.js';
import type { PlanStep, PlanSummary } from '../model/plan-status.js';
import type { PublishResult } from '../model/publish-status.js';
import type { ApproveResult, DepotStatus, HoldStatus, ReloadResult } from '../model/status.js';
import type { GcResult, VerifyResult } from '../model/upkeep-status.js';
import type { KeysApi } from './keys-api.js';
import type { MovesApi } from './moves-api.js';
import type { PackagesApi } from './packages-api.js';
import type { SubjectsApi } from './subjects-api.js';
import type { TrustApi } from './trust-api.js';

/**
 * What a person can ask of a running daemon. The daemon implements it, the control socket carries it, and the client of
 * the socket implements it once more, so that a command sees the same whether it talks to a socket or to a store.
 * Every method rejects with a `DepotError`; a name that is not known is `not-found`.
 */
export interface ControlApi {
  readonly trust: TrustApi;
  readonly subjects: SubjectsApi;
  readonly keys: KeysApi;
  readonly moves: MovesApi;
  readonly packages: PackagesApi;
  /** `tree`: with what the depots below reported. */
  status(options: { readonly tree: boolean }): Promise<DepotStatus>;
  /** Polls the repositories now (null: all that have a parent). With `wait`, resolves when their cycles have ended. */
  poll(repositories: readonly string[] | null, options: LongWork & { readonly wait: boolean }): Promise<PollResult>;
  /** What a poll would do, changing nothing. With `steps`, each path is sent as a `steps` event before. */
  plan(repository: string | null, options: LongWork & { readonly steps: boolean }): Promise<readonly PlanSummary[]>;
  /** Scans the source now. Null where the end was not waited for; a dry run is always waited for. */
  publish(
    repository: string,
    options: LongWork & { readonly wait: boolean; readonly dryRun: boolean; readonly acceptSource: boolean },
  ): Promise<PublishResult | null>;
  /** The names in a folder (`''` is the root), or the one file of that path, sent as `entries` events. */
  ls(repository: string, path: string, options: LongWork & { readonly generation: number | null }): Promise<Listing>;
  /** Newest first. */
  history(repository: string | null, options: { readonly limit: number }): Promise<readonly HistoryRow[]>;
  /** Reads and hashes everything held (of one repository); damage is a result, not an error. */
  verify(repository: string | null, options: LongWork): Promise<VerifyResult>;
  holds(): Promise<readonly HoldStatus[]>;
  /** The paths of one hold, sent as `entries` events. */
  held(id: string, options: LongWork): Promise<HoldStatus>;
  /** Lets go of a hold; what it held is done by a cycle that starts now. */
  approve(id: string): Promise<ApproveResult>;
  gc(options: LongWork & { readonly dryRun: boolean }): Promise<GcResult>;
  /** When this depot and those below will have all, or what is asked for. */
  forecast(asked: Asked | null): Promise<ForecastResult>;
  reload(): Promise<ReloadResult>;
  /** The settings in force, with the origin of each value. */
  settings(): Promise<SettingsInForce>;
  /** Sets the rate of the line in place of the windows, for so many milliseconds or until it is taken back (null). */
  orderLine(order: { readonly rate: Rate; readonly forMs: number | null } | null): Promise<LineStatus>;
}

export interface LongWork {
  /**
   * Aborted when the one who asked is gone. Work that only answers a question (plan, ls, verify, dry runs) stops;
   * a cycle or a scan that has begun goes on.
   */
  readonly signal: AbortSignal;
  /** Resolves when there is room for more: whoever sends long listings awaits it. */
  readonly onEvent: (event: WorkEvent) => Promise<void>;
}

export type WorkEvent =
  | WorkProgress
  /** The end of one repository's cycle. */
  | { readonly type: 'cycle'; readonly cycle: CycleResult }
  | { readonly type: 'line'; readonly text: string }
  | { readonly type: 'steps'; readonly steps: readonly PlanStep[] }
  | { readonly type: 'entries'; readonly entries: readonly ListedEntry[] };

/** `total` is null while it is not known. */
export interface WorkProgress {
  readonly type: 'progress';
  readonly repository: string | null;
  /** A word for a person: `poll`, `fetch`, `apply`, `scan`, `hash`, `verify`, `sweep`. */
  readonly phase: string;
  readonly files: { readonly done: number; readonly total: number | null };
  /** Of a cycle what crosses the line. */
  readonly bytes: { readonly done: number; readonly total: number | null };
  /** `bytes.total` is the most that can cross it. */
  readonly atMost?: boolean;
}
