import type { ErrorCode, Retry } from '../model/errors.js';
import type { JobProgress } from '../store/job.js';

/** What a worker thread is started with. */
export interface WorkerStart {
  /** The data directory. */
  readonly data: string;
  /** What encodings are made by, shared with the thread. */
  readonly encoders: SharedArrayBuffer;
  /** Its number among the threads that are there. */
  readonly thread: number;
}

export type ToWorker =
  | {
      readonly kind: 'run';
      readonly id: number;
      readonly job: string;
      readonly input: unknown;
      readonly stop: SharedArrayBuffer;
    }
  | { readonly kind: 'close' };

export type FromWorker =
  | { readonly kind: 'progress'; readonly id: number; readonly done: JobProgress }
  | { readonly kind: 'result'; readonly id: number; readonly output: unknown; readonly timeMs: number }
  | { readonly kind: 'error'; readonly id: number; readonly error: WorkerError; readonly timeMs: number };

/** A `DepotError` on its way between threads, which would lose all but the message. */
export interface WorkerError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
  readonly retry: Retry;
  /** Of an `internal` error, for the log. */
  readonly stack: string | undefined;
}
