import type { Ring, Targets } from './package.js';
import type { Priority } from './priority.js';
import type { RevisionState } from './revisions.js';
import type { FileCount } from './plan-status.js';
import type { HeldBack } from './publish-status.js';

/** What differs between a revision and the one before it, in files, links and empty folders. */
export interface RevisionChange {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  /** Content that the revision before does not have, as it is. */
  readonly full: FileCount;
  /** What of it travels to a depot that has the revision before; that of small files is estimated. */
  readonly wireBytes: number;
}

/** A package; `Work` is a path at the depot where it is published. */
export interface PackageStatus<Work extends string | null = string | null> {
  readonly repository: string;
  readonly name: string;
  readonly type: string;
  readonly title: string;
  readonly vendor: string | null;
  readonly version: string | null;
  readonly compress: boolean;
  readonly delta: boolean;
  readonly keep: { readonly releases: number; readonly days: number };
  readonly priority: Priority;
  readonly targets: Targets | null;
  /** The work copy; null where the package is not published. */
  readonly work: Work;
  readonly revisions: readonly RevisionStatus[];
  readonly releases: readonly ReleaseStatus[];
}

export interface RevisionStatus {
  readonly revision: number;
  readonly state: RevisionState;
  readonly version: string | null;
  readonly note: string | null;
  readonly preparedAt: string;
  readonly files: number;
  readonly bytes: number;
  readonly manifest: string;
}

export interface ReleaseStatus {
  readonly revision: number;
  readonly at: string;
  /** Whether its time has not come yet. */
  readonly scheduled: boolean;
  readonly ring: Ring | null;
  /** Whether depots fetch what they lack of it before all else. */
  readonly urgent: boolean;
}

/** What a command came to. */
export interface PackageResult {
  readonly package: PackageStatus<string>;
  /** The generation of the repository that says so; null where nothing was published. */
  readonly generation: number | null;
}

/** `revision` is null where the work copy has problems; those of a dry run have a `change` then. */
export interface PrepareResult extends PackageResult {
  readonly revision: number | null;
  readonly change: RevisionChange | null;
  readonly problems: readonly HeldBack[];
}

/** Where a revision is ready, as far as depots have reported. */
export interface PackageReadiness {
  readonly package: PackageStatus;
  readonly depots: readonly DepotReadiness[];
}

export interface DepotReadiness {
  readonly depot: string;
  readonly site: string;
  /** Whether the package is distributed to it. */
  readonly targeted: boolean;
  /** Revisions that are whole there. */
  readonly ready: readonly number[];
  /** Revisions that are on their way. */
  readonly missing: readonly number[];
  /** What its clients get; null where they get none. */
  readonly current: number | null;
  readonly reportedAt: string | null;
}
