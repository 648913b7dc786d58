/** So many windows, one after the other, that close before all has come are an alarm. */
export const missedTooOften = 3;

/** What the windows of a line do not carry. */
export interface MissedStatus {
  /** How many closed, one after the other, before all had come. */
  readonly windows: number;
  /** Since when something has been missing, and when the last window closed. */
  readonly since: string;
  readonly closedAt: string;
  /** Null where no daemon is running. */
  readonly bytesLeft: number | null;
  /** What the next whole window carries; null where that is not known. */
  readonly windowBytes: number | null;
  /** How many windows it will take, the one that is open included; null where nobody knows. */
  readonly windowsNeeded: number | null;
}
