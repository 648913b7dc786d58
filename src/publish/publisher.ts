import { asDepotError, DepotError } from '../model/errors.js';
import type { HeadFile } from '../model/head.js';
import type { Log } from '../model/log.js';
import type { HeldBack, PublishResult, SourceStatus } from '../model/publish-status.js';
import type { StatusError } from '../model/status-error.js';
import { fillFolder, isToFill } from '../store/fill-folder.js';
import type { Lifetimes } from '../trust/sign.js';
import { isFirstSource } from './first-source.js';
import { signAgain } from './generation.js';
import type { MirrorSource, ScanDeps } from './mirror-source.js';
import { scan, type ScanOutcome } from './scan.js';
import { scanQueue, type PublishOptions, type ScanQueue, type ScanRequest } from './scan-queue.js';
import { Signer } from './signer.js';
import { SourceWatch } from './source-watch.js';
import { nextScanMs, type SourceEvents } from './timetable.js';

export interface PublisherDeps extends Omit<ScanDeps, 'signer'> {
  readonly log: Log;
  /** How long what is signed is valid; read anew each time. */
  readonly lifetimes: () => Lifetimes;
  /** Told of each new generation, once it is durable; whoever waits for the generation waits for this too. */
  readonly onPublished?: (head: HeadFile) => void | Promise<void>;
}

const unscanned: SourceEvents = {
  scannedMs: undefined,
  firstChangeMs: undefined,
  lastChangeMs: undefined,
  unfinished: 0,
};

/** Publishes one repository from its source: when something changed there, at intervals, and when it is asked to. */
export class MirrorPublisher {
  private readonly queue: ScanQueue = scanQueue((request) => this.runScan(request));
  private readonly watch: SourceWatch;
  readonly signer: Signer;
  private isStopping = false;
  /** Aborted to end a rest. */
  private resting: AbortController | undefined;
  /** Aborted to end the scan that is under way. */
  private scanning: AbortController | undefined;
  private running: Promise<void> | undefined;
  private events = unscanned;
  private lastScanMs: number | undefined;
  private refused: string | null = null;
  private heldBack: readonly HeldBack[];
  private heldBackCount: number;
  private error: StatusError | null = null;

  constructor(
    private settings: MirrorSource,
    private readonly deps: PublisherDeps,
  ) {
    const last = deps.store.sources.get(settings.repository);
    this.signer = new Signer(deps.store, deps.host, settings.repository, deps.lifetimes);
    this.lastScanMs = last?.lastScanMs;
    this.heldBack = last?.heldBack ?? [];
    this.heldBackCount = last?.heldBackCount ?? 0;
    this.watch = new SourceWatch(deps.host, {
      onChange: () => this.noteChange(),
      onFailure: (reason) => this.noteWatchFailure(reason),
    });
  }

  /** Scans now, and from then on by itself, until `stop`. */
  start(): void {
    if (this.running !== undefined) return;
    this.events = unscanned;
    this.running = this.keepUp();
  }

  /**
   * Scans now, or after the scan that is under way, and publishes what changed. A source that is refused and names that
   * are held back are results.
   * @throws DepotError what the scan ran into
   */
  publish(options: PublishOptions = {}): Promise<PublishResult> {
    return this.queue.ask(options);
  }

  status(): SourceStatus {
    const next = this.running === undefined || this.scanning !== undefined ? undefined : this.nextMs();
    return {
      path: this.settings.source,
      ...this.watch.mode,
      scanning: this.scanning !== undefined,
      lastScanAt: isoTime(this.lastScanMs),
      nextScanAt: isoTime(next),
      refused: this.refused,
      heldBack: this.heldBack,
      heldBackCount: this.heldBackCount,
    };
  }

  /** Signs what is published as the next generation. @returns its number; null where nothing is published */
  async signAgain(): Promise<number | null> {
    const { store, host, onPublished, log } = this.deps;
    const { repository } = this.settings;
    const head = await signAgain(store, host, this.signer, repository);
    if (head === null) return null;
    const { generation } = head.head;
    log.info({ repository, generation }, `signed ${repository} again, as generation ${generation}`);
    await onPublished?.(head);
    return generation;
  }

  /** Why the last scan failed; null where it did not. */
  lastError(): StatusError | null {
    return this.error;
  }

  /** Takes over other settings of the same repository. What they change is found by a scan that starts now. */
  reconfigure(settings: MirrorSource): void {
    if (JSON.stringify(settings) === JSON.stringify(this.settings)) return;
    this.settings = settings;
    this.events = { ...this.events, scannedMs: undefined };
    this.wake();
  }

  /** Ends a scan that is under way at its next step; what was read is kept. */
  async stop(): Promise<void> {
    this.isStopping = true;
    this.scanning?.abort(this.interrupted());
    this.wake();
    await this.running;
    await this.queue.idle();
    await this.watch.stop('starting', null);
  }

  private async keepUp(): Promise<void> {
    const { host } = this.deps;
    while (!this.isStopping) {
      const restMs = this.nextMs() - host.now();
      if (restMs <= 0) {
        // What it ran into is in the log and in the status; it is tried again.
        await this.queue.ask({}).catch(() => undefined);
        continue;
      }
      await this.rest(Math.min(restMs, this.settings.rescanMs));
      if (await this.watch.isReplaced(this.settings.source)) this.events = { ...this.events, scannedMs: undefined };
    }
  }

  private nextMs(): number {
    const { settleMs, rescanMs } = this.settings;
    const intervals = { settleMs, rescanMs, isWatched: this.watch.isWatching };
    return nextScanMs(this.events, intervals, this.deps.host.now());
  }

  private async rest(ms: number): Promise<void> {
    this.resting = new AbortController();
    const { signal } = this.resting;
    try {
      await this.deps.host.sleep(ms, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    this.resting = undefined;
  }

  private wake(): void {
    this.resting?.abort();
  }

  private noteChange(): void {
    const now = this.deps.host.now();
    const before = this.events;
    this.events = { ...before, firstChangeMs: before.firstChangeMs ?? now, lastChangeMs: now };
    if (before.firstChangeMs === undefined) this.wake();
  }

  private noteWatchFailure(reason: string): void {
    const { repository, source } = this.settings;
    const hint = 'raise fs.inotify.max_user_watches, or lower watch-limit';
    this.deps.log.warn({ repository, source, hint }, `the source is scanned at intervals: ${reason}`);
    this.wake();
  }

  private async runScan(request: ScanRequest): Promise<PublishResult> {
    if (this.isStopping) throw this.interrupted();
    const { settings, deps, signer } = this;
    const scanning = new AbortController();
    const abort = (): void => scanning.abort(this.interrupted());
    request.signal?.addEventListener('abort', abort, { once: true });
    this.scanning = scanning;
    if (!request.dryRun) {
      this.lastScanMs = deps.host.now();
      this.events = { ...unscanned, unfinished: this.events.unfinished, scannedMs: this.lastScanMs };
    }
    try {
      if (!request.dryRun) await this.freshen();
      if (!request.dryRun) await this.fill(scanning.signal);
      const outcome = await scan(settings, { ...deps, signer }, { ...request, signal: scanning.signal });
      if (!request.dryRun) await this.learn(settings, outcome);
      return outcome.result;
    } catch (thrown) {
      const error = asDepotError(thrown, `scan of ${settings.source} for ${settings.repository}`);
      if (!request.dryRun) this.noteError(error);
      throw error;
    } finally {
      request.signal?.removeEventListener('abort', abort);
      this.scanning = undefined;
    }
  }

  /** Signs again what would expire, whatever has become of the source. */
  private async freshen(): Promise<void> {
    const newest = this.deps.store.heads.newest(this.settings.repository);
    if (newest !== undefined && (await this.signer.freshen(newest.head.generation))) await this.signAgain();
  }

  /** A repository that came from another depot is published from a copy of it, where there is no source yet. */
  private async fill(signal: AbortSignal): Promise<void> {
    const { store, run, log } = this.deps;
    const { repository, source } = this.settings;
    const newest = store.heads.newest(repository);
    if (newest === undefined || !isFirstSource(store, repository) || !isToFill(source)) return;
    const filled = await run(fillFolder, { root: newest.head.root, under: null, folder: source }, { signal });
    log.info({ repository, source, ...filled }, `filled ${source} with what is published of ${repository}`);
  }

  private interrupted(): DepotError {
    return new DepotError('interrupted', `the scan for ${this.settings.repository} was stopped before its end`);
  }

  private async learn(settings: MirrorSource, { result, surveyed, head }: ScanOutcome): Promise<void> {
    const { log, onPublished } = this.deps;
    const { repository, heldBack, heldBackCount, refused, changing } = result;
    this.error = null;
    this.events = { ...this.events, unfinished: changing.length > 0 ? this.events.unfinished + 1 : 0 };
    if (refused !== null && refused !== this.refused) log.warn({ repository }, `nothing is published: ${refused}`);
    this.refused = refused;
    if (surveyed === null) {
      await this.watch.stop(
        'rescanned',
        'its source is refused, and looked at again at intervals, or at once by depot publish',
      );
      return;
    }
    if (heldBackCount > 0 && heldBackCount !== this.heldBackCount) {
      log.warn({ repository, count: heldBackCount, first: heldBack[0] }, `${heldBackCount} names are held back`);
    }
    this.heldBack = heldBack;
    this.heldBackCount = heldBackCount;
    if (head !== null) {
      const { generation, files, bytes } = head.head;
      const { add, replace, delete: deleted } = result;
      const fields = { repository, generation, files, bytes, add, replace, delete: deleted };
      log.info(fields, `published generation ${generation}`);
      await onPublished?.(head);
    }
    if (!this.isStopping && this.running !== undefined) await this.watch.follow(settings, surveyed);
  }

  private noteError(error: DepotError): void {
    if (error.code === 'interrupted') return;
    const { code, message, hint, cause } = error;
    const { host, log } = this.deps;
    const fields = { repository: this.settings.repository, code, hint };
    if (code === 'internal') log.error({ ...fields, err: cause }, message);
    else log.warn(fields, message);
    this.error = { code, message, hint: hint ?? null, at: new Date(host.now()).toISOString() };
    this.events = { ...this.events, unfinished: this.events.unfinished + 1 };
  }
}

function isoTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
