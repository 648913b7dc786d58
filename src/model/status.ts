import type { ErrorCode } from './errors.js';
import type { Kind } from './head.js';
import type { Selection } from './selection.js';

/**
 * What `depot status --json` prints, the control socket answers and the page shows. Times are ISO 8601 in UTC, sizes
 * bytes, rates bytes a second. A field is null where the fact is not known or does not exist. Fields may be added.
 */
export interface DepotStatus {
  readonly schema: 1;
  readonly depot: string;
  readonly site: string;
  readonly version: string;
  /** Whether the daemon answered; otherwise this was read from the data directory, and what only a running daemon knows is null. */
  readonly running: boolean;
  readonly now: string;
  readonly startedAt: string | null;
  readonly listen: string | null;
  readonly data: string;
  readonly parents: readonly ParentStatus[];
  readonly repositories: readonly RepositoryStatus[];
  /** Depots directly below, by name, as this depot last heard of them. */
  readonly children: readonly ChildStatus[];
  readonly process: { readonly rssBytes: number; readonly eventLoopP99Ms: number } | null;
}

export interface ParentStatus {
  readonly url: string;
  /** Whom it says it is; null before its first answer. */
  readonly depot: string | null;
  readonly answers: 'yes' | 'no' | 'not-asked';
  readonly at: string | null;
  readonly error: StatusError | null;
  /** Plain HTTP on loopback: depot and site are mere claims. */
  readonly authenticated: false;
}

export interface StatusError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | null;
  readonly at: string;
}

export interface RepositoryStatus {
  readonly name: string;
  readonly kind: Kind;
  readonly context: string;
  readonly role: 'master' | 'child';
  /** Published (master) or applied to the tree (child); null before the first. */
  readonly generation: number | null;
  readonly publishedAt: string | null;
  readonly files: number | null;
  readonly bytes: number | null;
  /** The newest generation that this depot has heard of. */
  readonly newest: number | null;
  readonly lag: { readonly generations: number; readonly seconds: number } | null;
  /** A child waits here for its parent to complete a generation. */
  readonly waitingFor: string | null;
  readonly selection: Selection | null;
  /** Where clients find the files: the installation copy, or the source at the master depot. */
  readonly tree: string | null;
  readonly poll: {
    readonly lastAt: string | null;
    readonly lastOutcome: CycleOutcome | null;
    readonly nextAt: string | null;
  } | null;
  readonly cycle: CycleProgress | null;
  readonly holds: readonly HoldStatus[];
  readonly source: SourceStatus | null;
  readonly error: StatusError | null;
}

/** `unchanged`: nothing new. `applied`: a generation was completed and applied. `waiting`: the parent has none complete yet. */
export type CycleOutcome = 'unchanged' | 'applied' | 'waiting' | 'failed' | 'held' | 'interrupted';

export type CyclePhase = 'poll' | 'head' | 'diff' | 'plan' | 'fetch' | 'apply' | 'report';

export interface CycleProgress {
  readonly phase: CyclePhase;
  readonly startedAt: string;
  readonly generation: number | null;
  readonly files: { readonly done: number; readonly total: number };
  readonly bytes: { readonly done: number; readonly total: number };
  readonly bytesPerSecond: number | null;
  readonly etaSeconds: number | null;
}

export interface HoldStatus {
  readonly id: string;
  readonly repository: string;
  /** `deletions`: files that stay until approved. `head`: a new line of generations that is not taken over until approved. */
  readonly kind: 'deletions' | 'head';
  readonly reason: string;
  readonly files: number;
  readonly bytes: number;
  readonly generation: number;
  readonly since: string;
}

export interface SourceStatus {
  readonly path: string;
  /** `watched`: changes are seen at once. `rescanned`: too large to watch, looked through at an interval. */
  readonly mode: 'watched' | 'rescanned' | 'starting';
  readonly scanning: boolean;
  readonly lastScanAt: string | null;
  readonly nextScanAt: string | null;
  /** Why nothing is published from it, until `depot publish REPO --accept-source` or until it is back. */
  readonly refused: string | null;
  readonly heldBack: readonly HeldBack[];
}

/** A name in the source that was not published. */
export interface HeldBack {
  /** As text; bytes that are not UTF-8 and control characters are escaped as `\xNN`. */
  readonly path: string;
  readonly reason: string;
}

export interface ChildStatus {
  readonly depot: string;
  readonly site: string;
  readonly lastSeenAt: string;
  readonly authenticated: false;
}

/** A row of a report: what one depot says of itself. It climbs one level a poll. */
export interface ReportRow {
  readonly depot: string;
  readonly site: string;
  readonly parent: string | null;
  readonly version: string;
  /** When the depot itself wrote this row. */
  readonly at: string;
  readonly repositories: readonly ReportRepository[];
}

export interface ReportRepository {
  readonly name: string;
  readonly role: 'master' | 'child';
  readonly generation: number | null;
  readonly newest: number | null;
  /** Units held complete, of those that this depot's demand asks for; a mirror is one unit, its newest generation. */
  readonly unitsComplete: number;
  readonly units: number;
  readonly bytesLeft: number;
  /** Files whose deletion is held, and names held back at the source. */
  readonly held: number;
  readonly lagSeconds: number;
  readonly error: string | null;
}

/** The plan of one cycle: what a poll would do, in files and bytes. Counts are of files and links of this depot's own selection, but for `fetch` and `relay`. */
export interface PlanSummary {
  readonly repository: string;
  readonly from: number | null;
  readonly to: number;
  readonly add: FileCount;
  readonly replace: FileCount;
  readonly delete: FileCount;
  /** Deletions that exceed `hold-above` and would wait for approval. */
  readonly hold: FileCount;
  /** Distinct objects that are not here yet: what crosses the line. */
  readonly fetch: FileCount;
  /** The part of `fetch` that only depots below need. */
  readonly relay: FileCount;
  /** Bytes of objects that the change needs and that are here already. */
  readonly reused: FileCount;
}

export interface FileCount {
  readonly files: number;
  readonly bytes: number;
}
