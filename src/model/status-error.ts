import type { ErrorCode } from './errors.js';

export interface StatusError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | null;
  readonly at: string;
}
