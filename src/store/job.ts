import { Encoders } from './encoders.js';
import type { Store } from './store.js';
import { threadTimeMs } from './thread-time.js';

/** How far a job is; what is counted depends on the job (files for a scan, bytes beside them where it reads content). */
export interface JobProgress {
  readonly files: number;
  readonly bytes: number;
}

export interface JobControl {
  progress(done: JobProgress): void;
  /** @throws DepotError `interrupted` once the caller's signal is aborted; called between steps that may be left. */
  throwIfStopped(): void;
  /** What encodings are made by. */
  readonly encoders: Encoders;
}

/**
 * Heavy work that runs in a worker thread on that thread's own `Store`. Input and output are structured-cloneable.
 * Writes to the catalogue stay below 500 rows a transaction, because the main thread writes to the same database.
 */
export interface Job<Input, Output> {
  readonly name: string;
  /** Long work that nobody waits for: it leaves a thread to the rest. */
  readonly background?: boolean;
  run(store: Store, input: Input, control: JobControl): Output | Promise<Output>;
}

export interface JobOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: JobProgress) => void;
  /** Told when a thread is done with it, well or not: the processor time that it took, at most, milliseconds. */
  readonly onTime?: (ms: number) => void;
}

/** Runs a job somewhere else: in a worker thread of the daemon, or in this thread for a test or a command. */
export type RunJob = <Input, Output>(job: Job<Input, Output>, input: Input, options?: JobOptions) => Promise<Output>;

/** Jobs in the thread of the caller. */
export function inlineJobs(store: Store): RunJob {
  const encoders = new Encoders();
  return async (job, input, options = {}) => {
    const before = threadTimeMs();
    try {
      return await job.run(store, input, {
        progress: (done) => options.onProgress?.(done),
        throwIfStopped: () => options.signal?.throwIfAborted(),
        encoders,
      });
    } finally {
      options.onTime?.(threadTimeMs() - before);
    }
  };
}
