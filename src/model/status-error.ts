import type { ErrorCode } from './errors.js';

export interface StatusError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | null;
  /** The last time. */
  readonly at: string;
  /** The first time of those without another outcome between; left out where that is `at`, or not known. */
  readonly since?: string;
}
