import type { Host } from '../host.js';
import type { Log } from '../model/log.js';
import { everything, unionDemand, type Demand, type Demands, type Follow, type Selection } from '../model/selection.js';
import type { Place } from '../model/revisions.js';
import type { RowForecast } from '../model/forecast-status.js';
import type { RunJob } from '../store/job.js';
import type { Store } from '../store/store.js';
import type { HoldAbove } from './deletions.js';
import type { Line } from '../protocol/line.js';
import type { Claims } from './claims.js';
import type { KnownRepositories } from './known.js';
import type { Left } from './left.js';
import type { Parents } from './parents.js';
import type { ProgressBoard } from './progress.js';

/** The child side of a depot, as its cycles see it. Settings are read anew each time, since a reload may change them. */
export interface SyncDepot {
  readonly name: string;
  readonly site: string;
  readonly version: string;
  readonly store: Store;
  readonly run: RunJob;
  readonly host: Host;
  readonly log: Log;
  readonly parents: Parents;
  /** What all transfers from the parents go by. */
  readonly line: Line;
  readonly known: KnownRepositories;
  readonly board: ProgressBoard;
  readonly left: Left;
  readonly claims: Claims;
  /** Other repositories became known than before. */
  onKnown(): void;
  /** The company's directory is another than before. */
  onCompany(): void;
  /** A release is scheduled: the installation copy is to be looked at then; null where none is. */
  onDue(repository: string, atMs: number | null): void;
  /** When all will be here, of each repository of which something is missing. */
  forecasts(): Promise<ReadonlyMap<string, RowForecast>>;
  /** What the administrator of this depot set. */
  settings(): SyncSettings;
}

export interface SyncSettings {
  readonly follow: Follow;
  readonly holdAbove: HoldAbove;
  /** Repositories that are published here; this depot is not a child for them. */
  readonly published: readonly string[];
  /** Repositories that were, or may be, published here: this depot holds all of them, whatever it follows. */
  readonly whole: readonly string[];
  /** The interval of polls for a repository. */
  readonly pollEveryMs: (repository: string) => number;
  /** That of fetching the content of packages; null: with each poll. */
  readonly contentEveryMs: (repository: string) => number | null;
}

/** Where this depot stands, as rings name it. */
export function placeOf({ name, site }: SyncDepot): Place {
  return { depot: name, site };
}

/**
 * This depot's own selection of a repository; null where it does not follow it. Of packages: what is for its site, unless it
 * holds all of them.
 */
export function ownSelection(depot: SyncDepot, repository: string): Selection | null {
  const { follow, whole } = depot.settings();
  if (whole.includes(repository)) return everything;
  const all = { include: [], exclude: [] };
  const own = follow === 'all' ? all : (follow.find((followed) => followed.repository === repository) ?? null);
  return own !== null && hasPackages(depot, repository) ? { ...own, site: depot.site } : own;
}

function hasPackages({ known, store }: SyncDepot, repository: string): boolean {
  const listed = known.list().find(({ name }) => name === repository);
  return (listed?.kind ?? store.heads.newest(repository)?.head.kind) === 'packages';
}

/** What this depot and all below it want of a repository. */
export function demandOf(depot: SyncDepot, repository: string): Demand {
  const own = ownSelection(depot, repository);
  const below = depot.store.demands.union(repository);
  // A child that does not know the kind yet names no site, and cannot mean the packages of all sites.
  const meant = hasPackages(depot, repository) ? below.filter(({ site }) => site !== undefined) : below;
  return unionDemand([own === null ? [] : [own], meant]);
}

/** The repositories that this depot polls for: those that it follows, and those that only depots below it want. */
export function polledRepositories(depot: SyncDepot): string[] {
  const { follow, published, whole } = depot.settings();
  const names = new Set([...whole, ...(follow === 'all' ? [] : follow.map((followed) => followed.repository))]);
  for (const { name } of depot.known.list()) if (demandOf(depot, name).length > 0) names.add(name);
  return [...names].filter((name) => !published.includes(name)).sort();
}

/** The demands as a parent is told them. */
export function allDemands(depot: SyncDepot, repositories: readonly string[]): Demands {
  return Object.fromEntries(repositories.map((name) => [name, demandOf(depot, name)]));
}
