import { type ForecastStatus } from '../model/forecast-status.js';
import type { Kind } from '../model/head.js';
import { everything, type Follow, type Selection } from '../model/selection.js';
import type { CycleProgress } from '../model/cycle-status.js';
import type { GivenStatus, LineStatus } from '../model/line-status.js';
import type { SourceStatus } from '../model/publish-status.js';
import type { OwnCertificateStatus, ParentStatus } from '../model/status.js';
import type { StatusError } from '../model/status-error.js';
import type { Lifetimes } from '../trust/sign.js';

/** What the configuration says of a depot, as far as its status shows it. */
export interface DepotFacts {
  readonly depot: string;
  readonly site: string;
  readonly version: string;
  readonly data: string;
  /** URLs, in the order in which they are asked. */
  readonly parents: readonly string[];
  readonly pollEveryMs: number;
  readonly follow: Follow;
  readonly published: readonly PublishedFacts[];
  /** Those that have a source here, and another master depot. */
  readonly elsewhere: readonly ElsewhereFacts[];
  /** How long what is signed here is valid. */
  readonly lifetimes: Lifetimes;
  /** What the directory sets for this depot's site. */
  readonly given: GivenStatus | null;
}

export interface PublishedFacts extends NamedRepository {
  /** Absolute path of the source. */
  readonly source: string;
}

export interface ElsewhereFacts extends PublishedFacts {
  readonly state: 'child' | 'handed-over' | 'without-keys' | 'incomplete';
  /** The depot that it was given to from here; null where it was not. */
  readonly to: string | null;
}

export interface NamedRepository {
  readonly name: string;
  readonly kind: Kind;
  readonly context: string;
}

/** What only a running daemon knows. */
export interface LiveFacts {
  readonly startedAtMs: number;
  /** URL that it really listens on; null while it does not. */
  readonly listen: string | null;
  readonly process: { readonly rssBytes: number; readonly eventLoopP99Ms: number };
  readonly certificate: OwnCertificateStatus | null;
  readonly parents: readonly ParentStatus[];
  readonly line: LineStatus;
  /** Those that the parents name, and those whose head is not here yet. */
  readonly known: readonly NamedRepository[];
  /** Whether a newer directory of the company is longer than what passes a closed line. */
  readonly directoryWaits: boolean;
  /** What the file leaves in force of the settings of sites, and what to do; null where there is nothing of that kind. */
  readonly sitesLeft: string | null;
  /** What the next whole window of the line carries of a repository, bytes; null where nobody knows. */
  windowBytes(repository: string): number | null;
  /** Null where nothing is missing. */
  forecast(repository: string): ForecastStatus | null;
  cycle(repository: string): CycleProgress | null;
  nextPollAtMs(repository: string): number | null;
  /** When the content of packages is fetched next; null where it is by each poll. */
  contentAtMs(repository: string): number | null;
  source(repository: string): SourceStatus | null;
  /** Why the last scan of a source failed. */
  sourceError(repository: string): StatusError | null;
  /** Why the directory could not be told of a move that was signed here. */
  moveError(repository: string): StatusError | null;
}

/** A repository that the status shows; with a source where it is published here. */
export interface Listed {
  readonly name: string;
  readonly kind: Kind | null;
  readonly context: string | null;
  readonly source?: string;
}

export interface StatusQuery {
  readonly nowMs: number;
  /** With what the depots below reported. */
  readonly tree: boolean;
}

/** What this depot follows of a repository; null where it holds it for depots below it only, or publishes it. */
export function selectionOf(
  { follow, elsewhere }: Pick<DepotFacts, 'follow' | 'elsewhere'>,
  name: string,
): Selection | null {
  if (elsewhere.some((each) => each.name === name)) return everything;
  if (follow === 'all') return everything;
  const followed = follow.find(({ repository }) => repository === name);
  return followed === undefined ? null : { include: followed.include, exclude: followed.exclude };
}
