import type { WireBytes } from './route.js';

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
  /** Distinct objects that are not here yet, with the sizes of their files. */
  readonly fetch: FileCount;
  /** What crosses the line for them. */
  readonly wire: WireBytes;
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
