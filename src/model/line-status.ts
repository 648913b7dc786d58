import type { Rate } from './rate.js';

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
  /** Until when that holds; left out where it does until it is taken back. */
  readonly orderedUntil?: string;
  /** Whether the directory sets this rate, for the site of this depot, and the depot itself would be faster. */
  readonly limited: boolean;
  /** That of the windows. */
  readonly timezone: string;
  /** Heads, reports, and the rest of frames that were under way, which passed while it was closed, since the daemon was started. */
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
