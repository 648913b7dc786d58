import { describeChange } from '../config/changes.js';
import { loadConfig, type LoadedConfig, type Settings } from '../config/settings.js';
import { DepotError } from '../model/errors.js';
import type { ReloadResult } from '../model/status.js';
import { directoryPlace } from './given-view.js';
import type { InForce } from './in-force.js';
import type { RunningDepot } from './running-depot.js';
import { checkSites } from './sites-check.js';
import { checkTransport } from './transport.js';

export interface ReloadingParts {
  readonly inForce: InForce;
  /** Listens there from now on, and no longer where it did. */
  rebind(place: Settings['listen']): Promise<void>;
  /** The line and the polls go by the settings in force from now on. */
  settingsChanged(): void;
  /** The settings were replaced by those of the file. */
  onReload(settings: Settings): void;
}

/** Takes over the configuration file as it is now. One reload at a time: a signal and a command may come together. */
export class Reloading {
  private last: Promise<unknown> = Promise.resolve();
  private isStopping = false;

  constructor(
    private readonly depot: RunningDepot,
    private readonly parts: ReloadingParts,
  ) {}

  /**
   * Transfers under way go on. A certificate whose files are no good holds up nothing else: the one before stays in use, and
   * the result says why.
   * @throws DepotError `config-invalid` with all problems; the settings stay as they were
   */
  reload(): Promise<ReloadResult> {
    const turn = this.last.then(() => this.takeOver());
    this.last = turn.catch(() => undefined);
    return turn;
  }

  /** Begins none any more, and waits for one that is under way: a door that it opens is there to be closed then. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await this.last;
  }

  private async takeOver(): Promise<ReloadResult> {
    if (this.isStopping) throw new DepotError('interrupted', 'the daemon stops, and takes over no settings');
    const { inForce } = this.parts;
    const { own } = inForce;
    const { store, membership, sites, sync, schedule } = this.depot;
    const read = await loadConfig(own.file);
    const { changed, needsRestart } = describeChange(own, read.settings);
    const { depot, site, data } = own;
    const config: LoadedConfig = { ...read, settings: { ...read.settings, depot, site, data } };
    const next = config.settings;
    checkSites(config, directoryPlace(store));
    checkTransport(next, membership !== undefined);
    const taken = await membership?.provided.takeOrSay(next.certificate);
    const signed = await sites.sign(next);
    const isElsewhere = next.listen.host !== own.listen.host || next.listen.port !== own.listen.port;
    if (isElsewhere) await this.parts.rebind(next.listen);
    inForce.take(config);
    this.parts.settingsChanged();
    sync.parents.configure(next.parents, next.proxy);
    await this.noteParents(next);
    await this.depot.remaster();
    // With what is polled for now.
    schedule.refresh(undefined);
    if (signed !== undefined) this.depot.companyChanged();
    this.parts.onReload(next);
    const inUse = [
      ...changed.filter((key) => !needsRestart.includes(key)),
      ...(taken?.isTaken === true ? ['certificate'] : []),
    ];
    this.tell(inUse, needsRestart);
    return {
      changed: inUse,
      needsRestart,
      certificate: taken?.refused ?? null,
      ...(signed === undefined ? {} : { signed }),
    };
  }

  private async noteParents({ parents }: Settings): Promise<void> {
    try {
      await this.depot.sync.known.configure(parents.map(({ url }) => url));
    } catch (error) {
      // A file that only saves a request after a restart.
      this.depot.log.warn({ error: String(error) }, 'what the parents offer could not be written down');
    }
  }

  private tell(changed: readonly string[], needsRestart: readonly string[]): void {
    const isSame = changed.length + needsRestart.length === 0;
    this.depot.log.info({ changed, needsRestart }, isSame ? 'reloaded: nothing changed' : 'reloaded');
  }
}
