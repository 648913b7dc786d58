import { Worker } from 'node:worker_threads';
import { realHost } from '../host.js';
import { DepotError } from '../model/errors.js';
import type { Log } from '../model/log.js';
import { Encoders } from '../store/encoders.js';
import type { Job, JobOptions, JobProgress, RunJob } from '../store/job.js';
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.js';

/**
 * Of each thread's heap, in MiB. Jobs go through millions of short-lived entries: V8's own choice lets the garbage of
 * one scan grow to hundreds of megabytes before it looks.
 */
const youngGenerationMb = 8;

/** A thread that has had nothing to do for so long is ended, and its memory given back. */
const idleMs = 20_000;

interface Task {
  readonly id: number;
  readonly job: string;
  readonly isBackground: boolean;
  readonly input: unknown;
  readonly options: JobOptions;
  /** One 32-bit word: 1 once the work is not wanted any more. The thread looks at it between steps. */
  readonly stop: SharedArrayBuffer;
  resolve(output: unknown): void;
  reject(error: unknown): void;
}

interface Thread {
  /** From 1, another one for each that is there; the main thread is 0. */
  readonly number: number;
  readonly worker: Worker;
  task: Task | undefined;
  /** When it was given its task, on the monotonic clock. */
  sinceMs: number;
  idle: NodeJS.Timeout | undefined;
  /** It was told to close, and takes no more work. */
  isEnding: boolean;
}

/**
 * The worker threads of the daemon: they start when there is work, at most `threads` at once, and each has its own
 * connection to the catalogue. Background jobs leave one thread to the others, so that a long scan keeps no poll waiting.
 */
export class Workers {
  private readonly threads = new Set<Thread>();
  private readonly queue: Task[] = [];
  private lastId = 0;
  private isClosed = false;

  constructor(
    private readonly data: string,
    private readonly maxThreads: number,
    private readonly log: Log,
    /** What encodings are made by in all threads. */
    readonly encoders = new Encoders(),
  ) {}

  /** Runs a job in a thread. Aborting the signal asks it to stop at its next step; it rejects with `interrupted` then. */
  readonly run: RunJob = <Input, Output>(job: Job<Input, Output>, input: Input, options: JobOptions = {}) =>
    new Promise<Output>((resolve, reject) => {
      if (this.isClosed || options.signal?.aborted === true) {
        reject(interrupted(job.name));
        return;
      }
      this.lastId += 1;
      const stop = new SharedArrayBuffer(4);
      const onAbort = (): void => {
        Atomics.store(new Int32Array(stop), 0, 1);
        this.dropQueued(task);
      };
      const settle = (): void => options.signal?.removeEventListener('abort', onAbort);
      const task: Task = {
        id: this.lastId,
        job: job.name,
        isBackground: job.background === true,
        input,
        options,
        stop,
        resolve: (output) => {
          settle();
          resolve(output as Output);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      options.signal?.addEventListener('abort', onAbort, { once: true });
      this.queue.push(task);
      this.dispatch();
    });

  /** Stops what runs at its next step, and ends the threads. */
  async close(): Promise<void> {
    this.isClosed = true;
    for (const task of [...this.queue]) this.dropQueued(task);
    await Promise.all(
      [...this.threads].map(async (thread) => {
        if (thread.task !== undefined) Atomics.store(new Int32Array(thread.task.stop), 0, 1);
        await this.end(thread);
      }),
    );
  }

  private dispatch(): void {
    const running = [...this.threads].filter(({ task }) => task?.isBackground === true).length;
    const isRoomForBackground = running < Math.max(1, this.maxThreads - 1);
    const at = this.queue.findIndex((task) => !task.isBackground || isRoomForBackground);
    const task = this.queue[at];
    if (task === undefined) return;
    const thread = [...this.threads].find(({ task, isEnding }) => task === undefined && !isEnding) ?? this.spawn();
    if (thread === undefined) return;
    this.queue.splice(at, 1);
    clearTimeout(thread.idle);
    thread.task = task;
    thread.sinceMs = realHost.monotonic();
    const message: ToWorker = { kind: 'run', id: task.id, job: task.job, input: task.input, stop: task.stop };
    thread.worker.postMessage(message);
    this.dispatch();
  }

  private spawn(): Thread | undefined {
    if (this.threads.size >= this.maxThreads) return undefined;
    const taken = new Set([...this.threads].map(({ number }) => number));
    let number = 1;
    while (taken.has(number)) number += 1;
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: { data: this.data, encoders: this.encoders.shared, thread: number } satisfies WorkerStart,
      resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb },
    });
    const thread: Thread = { number, worker, task: undefined, sinceMs: 0, idle: undefined, isEnding: false };
    this.threads.add(thread);
    worker.on('message', (message: FromWorker) => this.receive(thread, message));
    worker.on('error', (error) => this.lose(thread, error));
    worker.on('exit', (code) => this.lose(thread, new Error(`the worker thread ended with ${code}`)));
    return thread;
  }

  private receive(thread: Thread, message: FromWorker): void {
    const { task } = thread;
    if (task === undefined || message.id !== task.id) return;
    if (message.kind === 'progress') {
      const done: JobProgress = message.done;
      task.options.onProgress?.(done);
      return;
    }
    thread.task = undefined;
    task.options.onTime?.(message.timeMs);
    thread.idle = setTimeout(() => void this.end(thread), idleMs);
    thread.idle.unref();
    if (message.kind === 'result') {
      task.resolve(message.output);
    } else {
      const { code, message: text, hint, retry, stack } = message.error;
      const details = {
        retry,
        ...(hint === undefined ? {} : { hint }),
        ...(stack === undefined ? {} : { cause: stack }),
      };
      task.reject(new DepotError(code, text, details));
    }
    this.dispatch();
  }

  private lose(thread: Thread, error: Error): void {
    if (!this.threads.delete(thread)) return;
    clearTimeout(thread.idle);
    this.encoders.forget(thread.number);
    if (thread.task !== undefined) {
      // What it took is not known any more: no more than the time that went by.
      thread.task.options.onTime?.(realHost.monotonic() - thread.sinceMs);
      this.log.error({ job: thread.task.job, error: error.message }, 'a worker thread was lost');
      thread.task.reject(new DepotError('internal', `job ${thread.task.job}: ${error.message}`, { cause: error }));
    }
    if (!this.isClosed) this.dispatch();
  }

  private async end(thread: Thread): Promise<void> {
    thread.isEnding = true;
    const ended = new Promise((resolve) => thread.worker.once('exit', resolve));
    const message: ToWorker = { kind: 'close' };
    thread.worker.postMessage(message);
    await ended;
  }

  private dropQueued(task: Task): void {
    const at = this.queue.indexOf(task);
    if (at < 0) return;
    this.queue.splice(at, 1);
    task.options.onTime?.(0);
    task.reject(interrupted(task.job));
  }
}

function interrupted(job: string): DepotError {
  return new DepotError('interrupted', `job ${job}: stopped before its end`);
}
