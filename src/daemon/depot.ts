import { join } from 'node:path';
import { uploadWindows } from '../config/network.js';
import type { LoadedConfig, Settings } from '../config/settings.js';
import type { Host } from '../host.js';
import type { CycleResult } from '../model/cycle-status.js';
import type { HeadFile } from '../model/head.js';
import type { Log } from '../model/log.js';
import type { SettingsInForce } from '../model/shown-settings.js';
import type { GivenStatus } from '../model/line-status.js';
import type { ReloadResult } from '../model/status.js';
import { Uploads } from '../serve/uploads.js';
import { serveControl, type ControlServer } from '../serve/control.js';
import type { Listener } from '../serve/listener.js';
import type { NamedRepository } from '../serve/status-facts.js';
import { acquireLock } from '../store/lock.js';
import { Store } from '../store/store.js';
import { runCycle } from '../sync/cycle.js';
import { polledRepositories, type SyncDepot } from '../sync/depot.js';
import { discover, silentParents } from '../sync/directory.js';
import type { Lifetimes } from '../trust/sign.js';
import { DaemonControl } from './control.js';
import { Forecasts } from './forecasts.js';
import { openToChildren } from './front-door.js';
import { directoryPlace, givenView } from './given-view.js';
import { InForce } from './in-force.js';
import { LoopDelay } from './loop-delay.js';
import { Mastering } from './mastering.js';
import type { Mastery } from './mastery.js';
import { Moving } from './moving.js';
import { membershipOf, ownCertificate, type Membership } from './membership.js';
import { Maintenance } from './maintenance.js';
import { MissedWindows } from './missed-windows.js';
import { OwnLine } from './own-line.js';
import { Offered } from './offered.js';
import { OwnCopies } from './own-copies.js';
import { Publishers } from './publishers.js';
import { recover } from './recovery.js';
import { Reloading } from './reloading.js';
import type { RunningDepot } from './running-depot.js';
import { Schedule } from './schedule.js';
import { SiteSigner } from './site-settings.js';
import { checkSites } from './sites-check.js';
import { syncSide } from './sync-side.js';
import { dropUnfollowed } from './unfollowed.js';
import { checkTransport } from './transport.js';
import { Workers } from './workers.js';

/** Three for disk and processor, and one that background work leaves free. */
const workerThreads = 4;

/** How long answers under way may take to end when the daemon stops; children go on elsewhere, or later, from where they were cut. */
const closeGraceMs = 2_000;

/** Windows of many depots open at the same time: what waited for that is polled for within so long. */
const openingJitterMs = 30_000;

export interface DepotOptions {
  readonly config: LoadedConfig;
  readonly version: string;
  /** Path of the control socket; in the data directory when undefined. */
  readonly controlSocket: string | undefined;
  readonly host: Host;
  readonly log: Log;
  /** Something happened that the service's status line may show. */
  readonly onChange: (depot: RunningDepot) => void;
  /** The settings were replaced by those of the file. */
  readonly onReload: (settings: Settings) => void;
  /** Aborted where the daemon is to end before it has started. */
  readonly signal: AbortSignal;
}

/** A running depot: its parts, put together once, and the order in which they start, change and stop. */
export class Depot implements RunningDepot {
  readonly startedAtMs: number;
  readonly version: string;
  readonly host: Host;
  readonly log: Log;
  readonly store: Store;
  readonly workers: Workers;
  readonly sync: SyncDepot;
  readonly ownLine: OwnLine;
  readonly forecasts: Forecasts;
  private readonly uploads: Uploads;
  readonly schedule: Schedule;
  readonly publishers: Publishers;
  readonly maintenance: Maintenance;
  private readonly copies: OwnCopies;
  private readonly inForce: InForce;
  private readonly missedWindows: MissedWindows;
  readonly sites: SiteSigner;
  readonly loopDelay = new LoopDelay();
  private readonly lock: { release(): void };
  /** Undefined for a depot that has not joined: it speaks plain HTTP on loopback. */
  readonly membership: Membership | undefined;
  private readonly offered: Offered;
  private readonly mastering: Mastering;
  readonly moving: Moving = new Moving(this);
  private readonly onChange: () => void;
  private listener: Listener | undefined;
  private readonly reloading: Reloading;
  private control: ControlServer | undefined;
  private stopped: Promise<void> | undefined;

  private constructor(options: DepotOptions) {
    const { config, version, host, log } = options;
    const { data } = config.settings;
    this.version = version;
    this.host = host;
    this.log = log;
    this.onChange = () => options.onChange(this);
    this.startedAtMs = host.now();
    this.lock = acquireLock(data, host.now());
    this.store = Store.open(data, { now: () => host.now() });
    this.inForce = new InForce(this.store.company, config, host, log);
    const { settings } = this.inForce;
    this.workers = new Workers(data, workerThreads, log);
    this.workers.encoders.configure(settings.encoding);
    const { run } = this.workers;
    this.mastering = new Mastering(
      this.store,
      () => this.settings,
      {
        alone: (name, work) => this.schedule.between(name, work),
        onMastery: (mastery, isChanged) => this.publish(mastery, isChanged),
      },
      log,
    );
    this.offered = new Offered(
      this.store,
      () => this.settings,
      () => this.mastery.published,
      log,
    );
    this.ownLine = new OwnLine(host, settings.network, join(this.store.layout.metadata, '.line.json'));
    this.uploads = new Uploads(host, () => {
      const { network } = this.settings;
      const { eachChild, atOnce } = network.uploads;
      return { windows: uploadWindows(network), eachChild, atOnce };
    });
    this.forecasts = new Forecasts(
      () => this.sync,
      this.ownLine,
      () => this.settings.network,
    );
    this.missedWindows = new MissedWindows(
      {
        store: this.store,
        host,
        log,
        repositories: () => polledRepositories(this.sync),
        left: (repository) => this.sync.left.of(repository),
      },
      this.ownLine,
    );
    const own = ownCertificate(this.store, host, settings);
    this.sync = syncSide(this, own, {
      enrolled: () => this.offered.enrolled(),
      onKnown: () => {
        this.schedule.refresh(0);
        this.dropUnfollowed();
      },
      onCompany: () => this.companyChanged(),
      onDue: (repository, atMs) => this.copies.onDue(repository, atMs),
    });
    const onRenewed = (): void => this.listener?.renew();
    const { parents } = this.sync;
    const lifetimes = (): Lifetimes => this.settings.signing;
    const { store } = this;
    const inForce = (): Settings => this.settings;
    const onCompany = (): void => this.companyChanged();
    this.membership =
      own && membershipOf(own, { store, host, log, parents, settings, lifetimes, inForce, onRenewed, onCompany });
    this.sites = new SiteSigner(this.store, this.membership?.registry?.directory, log);
    this.maintenance = new Maintenance(
      this.store,
      run,
      host,
      log,
      () => this.settings.keepGenerationsMs,
      () => this.store.company.get(this.settings.site)?.document.gone ?? [],
    );
    this.publishers = new Publishers({
      store: this.store,
      run,
      host,
      log,
      lifetimes,
      onPublished: (head) => this.published(head),
    });
    this.schedule = new Schedule(
      {
        repositories: () => (this.settings.parents.length === 0 ? [] : polledRepositories(this.sync)),
        isSearching: () => silentParents(this.sync).length > 0,
        discover: (signal) => discover(this.sync, signal),
        cycle: (repository, signal, waitedFor) => this.cycle(repository, signal, waitedFor),
      },
      settings.poll,
      host,
      log,
    );
    const between = (name: string, work: () => Promise<void>): Promise<void> => this.schedule.between(name, work);
    this.copies = new OwnCopies(this.sync, between, host, log);
    this.reloading = new Reloading(this, {
      inForce: this.inForce,
      rebind: async (place) => this.listener?.rebind(place, closeGraceMs),
      settingsChanged: () => this.settingsChanged(),
      onReload: (settings) => {
        this.dropUnfollowed();
        options.onReload(settings);
      },
    });
  }

  /**
   * Starts a depot. What a crash left is finished first; nothing is served before.
   * @throws DepotError `data-locked`, `data-unusable`, `listen-failed`, `certificate-refused`
   */
  static async start(options: DepotOptions): Promise<Depot> {
    const depot = new Depot(options);
    try {
      const { settings } = options.config;
      checkSites(options.config, directoryPlace(depot.store));
      checkTransport(settings, depot.membership !== undefined);
      depot.membership?.provided.requireFitting(settings.certificate);
      depot.membership?.registry?.directory.requireDocuments();
      await recover(depot.store, depot.workers.run, options.log, options.signal);
      await depot.open(options);
      return depot;
    } catch (error) {
      await depot.stop();
      throw error;
    }
  }

  get settings(): Settings {
    return this.inForce.settings;
  }

  get given(): GivenStatus | null {
    return this.inForce.status();
  }

  settingsInForce(): SettingsInForce {
    return { running: true, ...givenView(this.store, this.settings.site), ...this.inForce.shown() };
  }

  get mastery(): Mastery {
    return this.mastering.mastery;
  }

  /** URL of the listener; null while there is none. */
  get listen(): string | null {
    return this.listener?.url ?? null;
  }

  reload(): Promise<ReloadResult> {
    return this.reloading.reload();
  }

  /** Ends in order: no new work, what is under way is cut at its next step (what it fetched stays), then the doors. */
  stop(): Promise<void> {
    this.stopped ??= this.end();
    return this.stopped;
  }

  private async end(): Promise<void> {
    await this.control?.close();
    this.ownLine.stop();
    this.membership?.renewal.stop();
    this.copies.stop();
    await Promise.all([
      // What waits for the end of a cycle, or for its turn, is let go by the first.
      this.schedule.stop(),
      this.membership?.upkeep?.stop(),
      this.moving.stop(),
      this.reloading.stop(),
      this.mastering.stop(),
      this.maintenance.stop(),
    ]);
    // None begins any more.
    await this.publishers.stop();
    await this.listener?.close(closeGraceMs);
    await this.workers.close();
    await this.sync.parents.close();
    this.loopDelay.stop();
    this.store.close();
    this.lock.release();
  }

  private async open({ config: { settings }, version, controlSocket }: DepotOptions): Promise<void> {
    this.loopDelay.start();
    this.sync.parents.configure(settings.parents, settings.proxy);
    await this.sync.known.configure(settings.parents.map(({ url }) => url));
    this.listener = await openToChildren(this, this.offered, this.uploads);
    const path = controlSocket ?? this.store.layout.controlSocket;
    // First, so that whoever finds the socket finds what is published, too.
    await this.remaster();
    this.control = await serveControl(new DaemonControl(this), { path, data: settings.data, version });
    if ((await this.sites.signAtStart(settings)) !== undefined) this.companyChanged();
    // Those that were published before there was a directory, or just before a crash.
    for (const repository of this.mastery.published) await this.enrol(repository);
    this.moving.start();
    this.schedule.start();
    void this.ownLine.watch(
      (isByHand) => this.schedule.opened(isByHand ? 0 : openingJitterMs),
      () => void this.missedWindows.look(),
    );
    this.copies.start();
    this.dropUnfollowed();
    this.maintenance.start();
    this.membership?.renewal.start();
    this.membership?.upkeep?.start();
  }

  private async cycle(repository: string, signal: AbortSignal, waitedFor: AbortSignal): Promise<CycleResult> {
    const result = await runCycle(this.sync, repository, signal, waitedFor);
    if (result.outcome === 'applied') this.changed();
    this.mastering.look();
    this.onChange();
    void this.missedWindows.look();
    return result;
  }

  /** Publishes that and nothing else from now on. */
  private async publish({ published }: Mastery, isChanged: boolean): Promise<void> {
    // No cycle of what is published from now on begins any more.
    if (isChanged) this.schedule.refresh(0);
    for (const { name } of published) {
      if (this.publishers.find(name) === undefined) await this.schedule.between(name, () => Promise.resolve());
    }
    await this.publishers.configure({ repositories: published, packageTypes: this.settings.packageTypes });
    if (isChanged) this.onChange();
  }

  private async published({ head: { repository: name, kind, context } }: HeadFile): Promise<void> {
    this.changed();
    await this.enrol({ name, kind, context });
    if (kind === 'packages') await this.copies.show(name);
  }

  private async enrol(repository: NamedRepository): Promise<void> {
    if (await this.offered.enrol(repository, this.membership)) this.companyChanged();
  }

  /** Depots that are none any more are cut off at once, other roots are gone by from now on, and what is new is polled for. */
  companyChanged(): void {
    this.listener?.judgeAgain();
    const { own, renewal } = this.membership ?? {};
    const isTrustedAnew = own?.hasOtherAnchors() === true;
    if (isTrustedAnew) this.listener?.renew();
    // What the PKI provided may be known by its subject only now.
    if (isTrustedAnew || own?.isOfOwnPki() === true) renewal?.lookNow();
    this.schedule.refresh(0);
    // After that: what is new would else wait for an interval.
    if (this.inForce.look()) this.settingsChanged();
    this.mastering.look();
    this.maintenance.forgetGone();
    this.dropUnfollowed();
  }

  private dropUnfollowed(): void {
    void dropUnfollowed(this.sync, (name, work) => this.schedule.between(name, work), this.log);
  }

  /** The line and the polls go by the settings in force from now on, transfers under way included. */
  private settingsChanged(): void {
    this.ownLine.configure(this.settings.network);
    this.uploads.changed();
    this.workers.encoders.configure(this.settings.encoding);
    this.schedule.configure(this.settings.poll);
  }

  remaster(): Promise<void> {
    return this.mastering.settle();
  }

  private changed(): void {
    this.maintenance.changed();
    this.onChange();
  }
}
