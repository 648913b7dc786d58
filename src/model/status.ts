import type { CycleOutcome, CycleProgress } from './cycle-status.js';
import type { ForecastStatus } from './forecast-status.js';
import type { Kind } from './head.js';
import type { GivenStatus, LineStatus } from './line-status.js';
import type { Role } from './metadata.js';
import type { MissedStatus } from './missed-windows.js';
import type { SourceStatus } from './publish-status.js';
import type { ReportRow } from './report-row.js';
import type { BelowTally } from './report-state.js';
import type { Selection } from './selection.js';
import type { StatusError } from './status-error.js';
import type { KeyPlace } from './trust-status.js';

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
  /** This depot's line, as a child; null where no daemon is running. */
  readonly line: LineStatus | null;
  /** What the directory sets for this depot's site; null where it sets nothing. */
  readonly given: GivenStatus | null;
  readonly repositories: readonly RepositoryStatus[];
  /** The company's directory; null where this depot has not joined. */
  readonly directory: DirectoryStatus | null;
  /** This depot's own; null where it has not joined, and where no daemon is running. */
  readonly certificate: OwnCertificateStatus | null;
  /** Depots directly below, by name, as this depot last heard of them. */
  readonly children: readonly ChildStatus[];
  /** Depots below that came back through this one with a certificate that was over, in the last 30 days; the newest first. */
  readonly rejoined: readonly RejoinStatus[];
  /** How all depots below stand, by what they last reported. */
  readonly tally: BelowTally;
  /** What all depots below last reported, directly below or not; null unless asked for. */
  readonly below: readonly ReportRow[] | null;
  readonly process: { readonly rssBytes: number; readonly eventLoopP99Ms: number } | null;
}

export interface ParentStatus {
  readonly url: string;
  /** Whom it says it is; null before its first answer. */
  readonly depot: string | null;
  readonly answers: 'yes' | 'no' | 'not-asked';
  readonly at: string | null;
  readonly error: StatusError | null;
  /** False with plain HTTP on loopback, where the depot is a mere claim, and before its first answer in this run. */
  readonly authenticated: boolean;
}

export interface RepositoryStatus {
  readonly name: string;
  readonly kind: Kind | null;
  readonly context: string | null;
  readonly role: 'master' | 'child';
  /** The master depot by the company's directory; null where that does not know the repository, or is not here. */
  readonly master: string | null;
  /** The last move to another master depot; null where there was none. */
  readonly moved: MovedStatus | null;
  /** A move that is not over, as far as this depot has to do with it; null elsewhere. */
  readonly move: MoveStatus | null;
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
  /** What it lacks waits until the line opens. */
  readonly waitsForWindow: boolean;
  /** Units that an urgent release needs and that are not whole here; they come before all else. */
  readonly urgent: readonly string[];
  /** When all that is missing will be here; null where nothing is, and where no daemon is running. */
  readonly forecast: ForecastStatus | null;
  /** An alarm: its windows closed again and again before all had come. */
  readonly missedWindows: MissedStatus | null;
  readonly selection: Selection | null;
  /** Where clients find the files: the installation copy, or the source at the master depot. */
  readonly tree: string | null;
  readonly poll: {
    readonly lastAt: string | null;
    readonly lastOutcome: CycleOutcome | null;
    readonly nextAt: string | null;
    /** Revisions that wait until the content of packages is fetched; null where there are none, or it is by each poll. */
    readonly content: { readonly at: string; readonly revisions: number; readonly bytes: number } | null;
  } | null;
  readonly cycle: CycleProgress | null;
  readonly holds: readonly HoldStatus[];
  /** Objects that were found damaged or gone, and are not here again yet. */
  readonly damaged: number;
  readonly source: SourceStatus | null;
  readonly trust: TrustStatus;
  readonly error: StatusError | null;
}

export interface MovedStatus {
  readonly from: string;
  /** The last generation of the master depot before. */
  readonly generation: number;
  readonly at: string;
}

/**
 * `asked-for`: `depot` asks for what is published here. `asks`: this depot asks `depot` for it. `signed`: this one gave it to
 * `depot`, and the directory does not say so yet. `incomplete`: the directory names this depot, and the last generation of
 * `depot` is not whole here. `without-keys`: likewise, and the keys that were made for it are gone. `elsewhere`: there is a
 * source for it here, and `depot` is the master.
 */
export interface MoveStatus {
  readonly state: 'asked-for' | 'asks' | 'signed' | 'incomplete' | 'without-keys' | 'elsewhere';
  readonly depot: string;
  /** Of the folder here that it was, or is to be, published from; null where that does not matter. */
  readonly source: string | null;
}

/** Why the signed metadata of a repository, or of the directory, is believed, and for how long. */
export interface TrustStatus {
  /** Where the root key is, at the depot that signs; null elsewhere. */
  readonly rootKey: KeyPlace | null;
  /** False where the root is the one that was met first, on plain HTTP, with nothing to hold it against. */
  readonly authenticated: boolean;
  /** What expires first; null before the first whole set of metadata. */
  readonly expires: { readonly role: Role; readonly at: string } | null;
}

export interface DirectoryStatus {
  readonly trust: TrustStatus;
  /** A newer one is longer than what passes a closed line: nothing else of a poll comes before it. */
  readonly waitsForWindow: boolean;
  /**
   * `head-expired`: what it says is believed on, but news of a revocation may have been withheld. `config-invalid`: the file says
   * nothing of the settings of sites that are signed here.
   */
  readonly error: StatusError | null;
}

export interface OwnCertificateStatus {
  /** Lower-case hexadecimal. */
  readonly serial: string;
  readonly expiresAt: string;
  /** Whether the company's own PKI issues it, and a person replaces it. */
  readonly provided: boolean;
  /** `certificate-ends`: little of its life is left, or none. */
  readonly error: StatusError | null;
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

export interface ChildStatus {
  readonly depot: string;
  readonly site: string;
  readonly lastSeenAt: string;
  /** Not heard of for three intervals of this depot's own polls. */
  readonly silent: boolean;
  /** False with plain HTTP on loopback, where depot and site are mere claims, and where it was not heard of in this run. */
  readonly authenticated: boolean;
}

export interface RejoinStatus {
  readonly depot: string;
  readonly site: string;
  readonly at: string;
  /** The end of the certificate that it came back with. */
  readonly ended: string;
}

export interface ApproveResult {
  readonly hold: HoldStatus;
}

export interface ReloadResult {
  /** Settings that were changed and are in force, by their path in the file, such as `poll.every`. */
  readonly changed: readonly string[];
  /** Settings that were changed and wait for a restart. */
  readonly needsRestart: readonly string[];
  /** The generation of the directory that settings of sites were signed with; left out where they did not change. */
  readonly signed?: number;
  /** Why the files that `certificate:` names were not taken up, while all else was; null where nothing speaks against them. */
  readonly certificate: StatusError | null;
}
