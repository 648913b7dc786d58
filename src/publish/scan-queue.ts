import type { PublishResult } from '../model/publish-status.js';
import type { ScanProgress } from './mirror-source.js';

export interface PublishOptions {
  /** Publish from the source whatever it looks like: a person vouches for it. */
  readonly acceptSource?: boolean;
  readonly dryRun?: boolean;
  /** Ends a dry run; of any other publish it ends the waiting only. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ScanProgress) => void;
}

/** A scan as it is run, maybe for several who asked. */
export interface ScanRequest {
  readonly acceptSource: boolean;
  readonly dryRun: boolean;
  /** Of the dry run; undefined where the scan goes on without those who asked. */
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (progress: ScanProgress) => void;
}

export interface ScanQueue {
  /** Gives what the scan came to. Rejects with the reason of the signal once that is aborted. */
  ask(options: PublishOptions): Promise<PublishResult>;
  /** When all that was asked for has ended. */
  idle(): Promise<void>;
}

interface Waiting {
  readonly acceptSource: boolean;
  readonly listeners: ((progress: ScanProgress) => void)[];
  readonly result: Promise<PublishResult>;
}

/** One scan at a time. Whoever asks during one gets the next, together with all who ask for the same until it begins. */
export function scanQueue(run: (request: ScanRequest) => Promise<PublishResult>): ScanQueue {
  let last: Promise<unknown> = Promise.resolve();
  let waiting: Waiting | undefined;

  function append(start: () => Promise<PublishResult>): Promise<PublishResult> {
    const result = last.then(start);
    last = result.catch(() => undefined);
    return result;
  }

  function join(acceptSource: boolean): Waiting {
    if (waiting?.acceptSource === acceptSource) return waiting;
    const listeners: Waiting['listeners'] = [];
    const onProgress = (progress: ScanProgress): void => listeners.forEach((listener) => listener(progress));
    const joined: Waiting = {
      acceptSource,
      listeners,
      result: append(() => {
        if (waiting === joined) waiting = undefined;
        return run({ acceptSource, dryRun: false, signal: undefined, onProgress });
      }),
    };
    waiting = joined;
    return joined;
  }

  return {
    async ask({ acceptSource = false, dryRun = false, signal, onProgress = () => undefined }) {
      if (dryRun) return append(() => run({ acceptSource, dryRun, signal, onProgress }));
      const { listeners, result } = join(acceptSource);
      listeners.push(onProgress);
      return signal === undefined ? result : Promise.race([result, abortOf(signal)]);
    },
    async idle() {
      await last;
    },
  };
}

/** Rejects when the signal is aborted. */
function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => {
      reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
