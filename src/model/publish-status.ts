import type { FileCount } from './plan-status.js';

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
