import { parentPort, workerData } from 'node:worker_threads';
import { realHost } from '../host.js';
import { asDepotError, DepotError } from '../model/errors.js';
import { Encoders } from '../store/encoders.js';
import { Store } from '../store/store.js';
import { threadTimeMs } from '../store/thread-time.js';
import { findJob } from './jobs.js';
import type { FromWorker, ToWorker, WorkerError, WorkerStart } from './worker-messages.js';

/** The entry of a worker thread: runs one job after the other on its own `Store`. */
const port = parentPort;
if (port === null) throw new DepotError('internal', 'worker.js is started as a worker thread only');

const { data, encoders: shared, thread } = workerData as WorkerStart;
const encoders = new Encoders(shared, thread);
const progressEveryMs = 200;
let store: Store | undefined;

/** One at a time; what is under way when the thread is told to close gets its store to its end. */
let running: Promise<void> = Promise.resolve();

port.on('message', (message: ToWorker) => {
  running = running.then(() => (message.kind === 'run' ? run(message) : close()));
});

function close(): void {
  store?.close();
  port?.close();
}

async function run({ id, job, input, stop }: Extract<ToWorker, { kind: 'run' }>): Promise<void> {
  const isStopped = new Int32Array(stop);
  let saidAt = 0;
  const before = threadTimeMs();
  const timeMs = (): number => threadTimeMs() - before;
  try {
    store ??= Store.open(data);
    const output: unknown = await findJob(job).run(store, input, {
      progress(done) {
        if (realHost.now() - saidAt < progressEveryMs) return;
        saidAt = realHost.now();
        post({ kind: 'progress', id, done });
      },
      throwIfStopped() {
        if (Atomics.load(isStopped, 0) === 1) throw new DepotError('interrupted', `job ${job}: stopped before its end`);
      },
      encoders,
    });
    post({ kind: 'result', id, output, timeMs: timeMs() });
  } catch (thrown) {
    post({ kind: 'error', id, error: wireError(asDepotError(thrown, `job ${job}`)), timeMs: timeMs() });
  }
  // The threads, not the one that serves, move the write-ahead log into the database file.
  try {
    store?.checkpoint();
  } catch {
    // On a full disk, say. The log stays long until a later one succeeds; the job itself was done.
  }
}

function post(message: FromWorker): void {
  port?.postMessage(message);
}

function wireError({ code, message, hint, retry, stack }: DepotError): WorkerError {
  return { code, message, hint, retry, stack: code === 'internal' ? stack : undefined };
}
