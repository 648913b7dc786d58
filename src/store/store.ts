import { isMainThread } from 'node:worker_threads';
import { realHost } from '../host.js';
import { CompanyFiles } from './company.js';
import { CycleRows } from './cycles.js';
import type { Database } from './database.js';
import { DamageRows } from './damage.js';
import { DemandRows } from './demands.js';
import { readFact } from './facts.js';
import { FetchRows } from './fetches.js';
import { enterFoundHeads } from './found-heads.js';
import { Heads } from './heads.js';
import { HoldRows } from './holds.js';
import { KeyFiles } from './keys.js';
import { layoutOf, type Layout } from './layout.js';
import { Objects } from './objects.js';
import { MissedWindowRows } from './missed-windows.js';
import { openCatalogue, openCatalogueReadOnly } from './open.js';
import { Packages } from './packages.js';
import { Pages } from './pages.js';
import { PollRows } from './polls.js';
import { RejoinRows } from './rejoins.js';
import { ReportRows } from './reports.js';
import { SignedFiles } from './signed-files.js';
import { SourceChanges } from './source-changes.js';
import { SourceRows } from './sources.js';
import { Staging } from './staging.js';
import { ThroughputRows } from './throughput.js';
import { TransferRows } from './transfers.js';
import { TreeRows } from './trees.js';
import { UnitRows } from './units.js';

export interface StoreOptions {
  /** Never creates, migrates or writes; for a command while the daemon is down. */
  readonly readOnly?: boolean;
  /** The wall clock; `realHost.now` when not given. */
  readonly now?: () => number;
}

/**
 * All that a depot keeps: files below one data directory, and their catalogue in SQLite. Each thread opens its own.
 * The catalogue may lag behind the files, never lead: files are durable before their rows, and rows go before their files.
 */
export class Store {
  readonly layout: Layout;
  readonly objects: Objects;
  readonly pages: Pages;
  readonly staging: Staging;
  readonly heads: Heads;
  readonly signed: SignedFiles;
  readonly keys: KeyFiles;
  readonly company: CompanyFiles;
  readonly trees: TreeRows;
  readonly damage: DamageRows;
  readonly demands: DemandRows;
  readonly fetches: FetchRows;
  readonly reports: ReportRows;
  readonly rejoins: RejoinRows;
  readonly cycles: CycleRows;
  readonly polls: PollRows;
  readonly transfers: TransferRows;
  readonly throughput: ThroughputRows;
  readonly missedWindows: MissedWindowRows;
  readonly holds: HoldRows;
  readonly sources: SourceRows;
  readonly sourceChanges: SourceChanges;
  readonly units: UnitRows;
  readonly packages: Packages;

  private constructor(
    layout: Layout,
    /** For the modules of this folder. */
    readonly db: Database,
    now: () => number,
    private readonly closed: () => void,
  ) {
    this.layout = layout;
    this.objects = new Objects(layout, db, now);
    this.pages = new Pages(layout, db, now);
    this.staging = new Staging(layout);
    this.heads = new Heads(layout, db, now);
    this.signed = new SignedFiles(layout);
    this.keys = new KeyFiles(layout);
    this.company = new CompanyFiles(layout, this.signed);
    this.trees = new TreeRows(db);
    this.damage = new DamageRows(db);
    this.demands = new DemandRows(db);
    this.fetches = new FetchRows(db);
    this.reports = new ReportRows(db, now);
    this.rejoins = new RejoinRows(db);
    this.cycles = new CycleRows(db);
    this.polls = new PollRows(db);
    this.transfers = new TransferRows(db);
    this.throughput = new ThroughputRows(db);
    this.missedWindows = new MissedWindowRows(db);
    this.holds = new HoldRows(db);
    this.sources = new SourceRows(db, now);
    this.sourceChanges = new SourceChanges(db);
    this.units = new UnitRows(db);
    this.packages = new Packages(this.pages, this.objects);
  }

  /**
   * Opens a data directory. The main thread makes folders and tables that are missing, and begins a catalogue that is lost
   * or broken anew, with the heads that are there as files (`needsRelist` then); worker threads find all that in place,
   * and write back the write-ahead log as it grows, which the main thread never waits for.
   * @throws DepotError `data-unusable`
   */
  static open(data: string, options: StoreOptions = {}): Store {
    const { readOnly = false, now = realHost.now } = options;
    const layout = layoutOf(data);
    if (readOnly) {
      const { db, closed } = openCatalogueReadOnly(layout);
      return new Store(layout, db, now, closed);
    }
    const store = new Store(layout, openCatalogue(layout, !isMainThread), now, () => undefined);
    if (isMainThread) enterFoundHeads(store);
    return store;
  }

  /**
   * objects/ may hold what the catalogue does not know, after a crash or the loss of the catalogue: the job `relist` is to
   * be run before anything is served, polled or published. Asked once, at the start of the daemon.
   */
  get needsRelist(): boolean {
    return (
      readFact(this.db, 'relist') !== 0 ||
      this.db.prepare<[], unknown>('SELECT 1 FROM admissions LIMIT 1').get() !== undefined
    );
  }

  /** Moves what is committed from the write-ahead log into the database file. For a worker thread, after each job. */
  checkpoint(): void {
    this.db.pragma('wal_checkpoint(PASSIVE)');
  }

  get isOpen(): boolean {
    return this.db.open;
  }

  close(): void {
    this.db.close();
    this.closed();
  }
}
