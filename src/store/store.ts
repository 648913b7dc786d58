import { CycleRows } from './cycles.js';
import type { Database } from './database.js';
import { DemandRows } from './demands.js';
import { Heads } from './heads.js';
import { HoldRows } from './holds.js';
import { layoutOf, type Layout } from './layout.js';
import { Objects } from './objects.js';
import { Pages } from './pages.js';
import { PollRows } from './polls.js';
import { ReportRows } from './reports.js';
import { SourceRows } from './sources.js';
import { Staging } from './staging.js';
import { TransferRows } from './transfers.js';
import { TreeRows } from './trees.js';

export interface StoreOptions {
  /** Never creates, migrates or writes; for a command while the daemon is down. */
  readonly readOnly?: boolean;
  /** The wall clock; `realHost.now` when not given. */
  readonly now?: () => number;
}

/** All that a depot keeps: files below one data directory, and their catalogue. Each thread opens its own. */
export class Store {
  readonly layout: Layout;
  readonly objects: Objects;
  readonly pages: Pages;
  readonly staging: Staging;
  readonly heads: Heads;
  readonly trees: TreeRows;
  readonly demands: DemandRows;
  readonly reports: ReportRows;
  readonly cycles: CycleRows;
  readonly polls: PollRows;
  readonly transfers: TransferRows;
  readonly holds: HoldRows;
  readonly sources: SourceRows;

  private constructor(
    data: string,
    readonly db: Database,
  ) {
    this.layout = layoutOf(data);
    this.objects = new Objects(this.layout, db);
    this.pages = new Pages(this.layout, db);
    this.staging = new Staging(this.layout);
    this.heads = new Heads(this.layout, db);
    this.trees = new TreeRows(db);
    this.demands = new DemandRows(db);
    this.reports = new ReportRows(db);
    this.cycles = new CycleRows(db);
    this.polls = new PollRows(db);
    this.transfers = new TransferRows(db);
    this.holds = new HoldRows(db);
    this.sources = new SourceRows(db);
  }

  /**
   * Opens a data directory; makes folders and tables that are missing. A catalogue that is lost or broken is built anew
   * from the files, see `needsRelist`.
   * @throws DepotError `data-unusable`
   */
  static open(_data: string, _options: StoreOptions = {}): Store {
    throw new Error('soon');
  }

  /** Objects are in objects/ that the catalogue does not know: run the job `relist` before anything else. Asked once, at the start. */
  get needsRelist(): boolean {
    throw new Error('soon');
  }

  /** One write transaction; nests. The catalogue of all threads waits for it: at most some hundred rows. */
  transaction<T>(_work: () => T): T {
    throw new Error('soon');
  }

  /** Moves what is committed from the write-ahead log into the database file; for a worker thread, every minute or so. */
  checkpoint(): void {
    throw new Error('soon');
  }

  close(): void {
    throw new Error('soon');
  }
}
