import type { ErrorCode } from './errors.js';
import type { ForecastStatus, RowForecast } from './forecast-status.js';
import type { Kind } from './head.js';
import type { Role } from './metadata.js';
import type { MissedStatus } from './missed-windows.js';
import type { Selection } from './selection.js';
import type { Rate } from './rate.js';
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

export interface LineStatus {
  readonly rate: Rate;
  /** When the rate changes, as far as is known; null where it does not. */
  readonly until: string | null;
  /** While it is closed: when bulk bytes move again; null where nobody knows. */
  readonly opensAt: string | null;
  /** How fast what an urgent release needs may come now; null where not faster than the rest. */
  readonly urgent: Rate | null;
  /** Whether a person said so, in place of the windows. */
  readonly ordered: boolean;
  /** Whether the directory sets this rate, for the site of this depot, and the depot itself would be faster. */
  readonly limited: boolean;
  /** That of the windows. */
  readonly timezone: string;
  /** Heads, reports and the like that passed while it was closed, since the daemon was started. */
  readonly closedBytes: number;
}

export interface GivenStatus {
  /** Of the directory. */
  readonly generation: number;
  /** The sites that they were set for; null where there are none of these. */
  readonly network: string | null;
  readonly poll: string | null;
  /** Values of the configuration that are laxer, and do not count; what is signed and not understood. One sentence each. */
  readonly warnings: readonly string[];
}

export interface StatusError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | null;
  readonly at: string;
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
  /** `head-expired`: what it says is believed on, but news of a revocation may have been withheld. */
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

/** `unchanged`: nothing new. `applied`: a generation was completed and applied. `waiting`: the parent has none complete yet. */
export type CycleOutcome = 'unchanged' | 'applied' | 'waiting' | 'failed' | 'held' | 'interrupted';

export type CyclePhase = 'poll' | 'head' | 'diff' | 'plan' | 'fetch' | 'apply' | 'report';

export interface CycleProgress {
  readonly phase: CyclePhase;
  readonly startedAt: string;
  readonly generation: number | null;
  /** What is fetched now is for an urgent release. */
  readonly urgent: boolean;
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
  /** `watched`: changes are seen at once. `rescanned`: looked through at an interval. `stopped`: no daemon is running. */
  readonly mode: 'watched' | 'rescanned' | 'starting' | 'stopped';
  /** Why it is rescanned and not watched, in words; null while it is watched. */
  readonly modeReason: string | null;
  readonly scanning: boolean;
  readonly lastScanAt: string | null;
  readonly nextScanAt: string | null;
  /** Why nothing is published from it, until `depot publish REPO --accept-source` or until it is back. */
  readonly refused: string | null;
  /** The first thousand. */
  readonly heldBack: readonly HeldBack[];
  readonly heldBackCount: number;
}

/** A name in the source that was not published, or (a file or folder that cannot be read) whose last published state stays. */
export interface HeldBack {
  /** As text; bytes that are not UTF-8 and control characters are escaped as `\xNN`. */
  readonly path: string;
  readonly reason: string;
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
  /** Units held complete, of those that this depot's demand asks for; a mirror is one unit, its newest generation, and so are the records of packages. */
  readonly unitsComplete: number;
  readonly units: number;
  readonly bytesLeft: number;
  /** Files whose deletion is held, and names held back at the source. */
  readonly held: number;
  readonly lagSeconds: number;
  readonly error: string | null;
  /** Of packages: units that are asked for there and not whole yet, the first of them. */
  readonly missing?: readonly string[] | undefined;
  /** When all of it will be there, as the depot itself reckons; left out where nothing is missing. */
  readonly forecast?: RowForecast | undefined;
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
  /** The part of `fetch` that urgent releases need: it comes first. */
  readonly urgent: FileCount;
  /** Bytes of objects that the change needs and that are here already. */
  readonly reused: FileCount;
  /** Until when the content of packages is left; null where a poll fetches it. */
  readonly contentAt: string | null;
}

export interface FileCount {
  readonly files: number;
  readonly bytes: number;
}

/** What a publish came to, or (dry run) would come to. Counts are of files and links, their bytes those of files. */
export interface PublishResult {
  readonly repository: string;
  readonly dryRun: boolean;
  /** The newest generation afterwards; null where there is none. */
  readonly generation: number | null;
  /** Whether this publish made that generation. */
  readonly published: boolean;
  readonly add: FileCount;
  readonly replace: FileCount;
  readonly delete: FileCount;
  /** The first thousand. */
  readonly heldBack: readonly HeldBack[];
  readonly heldBackCount: number;
  /** Paths of files that changed while they were read; they keep their last published state until the next scan. */
  readonly changing: readonly string[];
  /** Why nothing was published, with what to do about it. */
  readonly refused: string | null;
}

/** How one cycle of one repository ended. */
export interface CycleResult {
  readonly repository: string;
  readonly outcome: CycleOutcome;
  /** Generations before and after; equal where nothing was applied. */
  readonly fromGeneration: number | null;
  readonly toGeneration: number | null;
  /** Objects that crossed the line. */
  readonly fetched: FileCount;
  /** Files and links of the tree. */
  readonly added: number;
  readonly replaced: number;
  readonly deleted: number;
  /** Files whose deletion waits for approval. */
  readonly held: number;
  readonly error: StatusError | null;
}

/** What a poll that was asked for came to; `cycles` is null where the end was not waited for. */
export interface PollResult {
  readonly repositories: readonly string[];
  readonly cycles: readonly CycleResult[] | null;
}

/** One path of a plan. `bytes` is the size of the file that is added, put in place, or deleted; 0 for links and folders. */
export interface PlanStep {
  readonly repository: string;
  /** `hold`: a deletion that waits for approval. `relay`: content that only depots below need. */
  readonly action: 'add' | 'replace' | 'delete' | 'hold' | 'relay';
  readonly path: string;
  readonly bytes: number;
  /** Whether its content has to cross the line. */
  readonly fetch: boolean;
}

/** A row of `depot history`: a generation published here, or a cycle that did something. */
export interface HistoryRow {
  readonly repository: string;
  readonly outcome: CycleOutcome | 'published';
  readonly startedAt: string;
  readonly endedAt: string;
  readonly fromGeneration: number | null;
  readonly toGeneration: number | null;
  /** Null for what was published here: the head says what there is, not what changed. */
  readonly added: number | null;
  readonly replaced: number | null;
  readonly deleted: number | null;
  readonly fetched: FileCount | null;
  /** All files and links of the generation with their bytes; null where it is no longer known. */
  readonly total: FileCount | null;
  readonly error: StatusError | null;
}

/** One name of a listed folder, or one path of a hold. */
export interface ListedEntry {
  readonly type: 'file' | 'link' | 'folder';
  /** Relative to the repository. */
  readonly path: string;
  /** Size of a file; of all files below a folder. */
  readonly bytes: number;
  /** Files and links below a folder; 1 for the others. */
  readonly files: number;
  readonly modifiedAt: string | null;
  readonly executable: boolean;
  /** Of a link. */
  readonly target: string | null;
  /** False for a file that this depot does not follow. */
  readonly selected: boolean;
}

/** Which state of a repository was listed. */
export interface Listing {
  readonly repository: string;
  readonly generation: number;
  readonly path: string;
}

/** What a verification found. Lists name the first thousand of each kind, counts are complete. */
export interface VerifyResult {
  /** Null: everything was looked at. */
  readonly repository: string | null;
  /** Objects that were read and hashed. */
  readonly files: number;
  readonly bytes: number;
  readonly damaged: { readonly count: number; readonly shas: readonly string[] };
  readonly missing: { readonly count: number; readonly shas: readonly string[] };
  /** Pages of manifests that are missing or damaged. */
  readonly pages: { readonly count: number; readonly shas: readonly string[] };
  /** Where an installation copy is not what its manifest says. */
  readonly trees: { readonly count: number; readonly findings: readonly TreeFinding[] };
}

export interface TreeFinding {
  readonly repository: string;
  readonly path: string;
  readonly problem: 'missing' | 'altered' | 'foreign';
  readonly detail: string;
}

/** What a collection would drop (dry run), or was to drop and has dropped. */
export interface GcResult {
  readonly dryRun: boolean;
  readonly generations: readonly { readonly repository: string; readonly generation: number }[];
  readonly objects: FileCount;
  readonly pages: FileCount;
  /** Partial transfers, difference streams, quarantined and temporary files. */
  readonly strays: FileCount;
  /** Zero in a dry run. */
  readonly dropped: FileCount;
  /** Something came into use meanwhile, and the rest waits for the next collection. */
  readonly postponed: boolean;
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
