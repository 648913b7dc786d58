import { availableParallelism } from 'node:os';
import type { HeldBack } from '../model/publish-status.js';
import type { Job, JobProgress, RunJob } from '../store/job.js';
import type { SourceFile } from '../store/sources.js';
import type { MirrorSource, ScanDeps, ScanOptions } from './mirror-source.js';
import { readFiles } from './read-files.js';
import { maxListed } from './survey-jobs.js';

export interface ReadSummary {
  /** The first `maxListed` paths of files that changed while they were read. */
  readonly changing: readonly string[];
  /** The first `maxListed`. */
  readonly unreadable: readonly HeldBack[];
  readonly unreadableCount: number;
}

/** One job reads at most so much, so that it ends soon when it is stopped, and none keeps the others waiting at the end. */
const sliceFiles = 500;
const sliceBytes = 256 * 1024 * 1024;

/** Reads all files whose content the index does not know, several jobs at once. */
export async function readChanged(
  { repository, source }: Pick<MirrorSource, 'repository' | 'source'>,
  { run }: Pick<ScanDeps, 'run'>,
  { signal, onProgress }: Pick<ScanOptions, 'signal' | 'onProgress'>,
): Promise<ReadSummary> {
  const changing: string[] = [];
  const unreadable: HeldBack[] = [];
  const slices = slicesOf(run, repository, signal);
  const running = new Map<number, JobProgress>();
  let unreadableCount = 0;
  const done = { files: 0, bytes: 0 };
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const report = (): void => {
    const sums = { ...done };
    for (const { files, bytes } of running.values()) {
      sums.files += files;
      sums.bytes += bytes;
    }
    onProgress({ phase: 'hash', files: { done: sums.files, total: null }, bytes: { done: sums.bytes, total: null } });
  };

  async function takeSlices(worker: number): Promise<void> {
    for (let slice = await slices.next(); slice.done !== true; slice = await slices.next()) {
      const result = await run(
        readFiles,
        { repository, source, files: slice.value },
        {
          signal: either,
          onProgress: (progress) => {
            running.set(worker, progress);
            report();
          },
        },
      );
      running.delete(worker);
      done.files += result.files;
      done.bytes += result.bytes;
      changing.push(...result.changing.slice(0, maxListed - changing.length));
      unreadable.push(...result.unreadable.slice(0, maxListed - unreadable.length));
      unreadableCount += result.unreadable.length;
      report();
    }
  }

  const threads = Math.min(4, Math.max(2, availableParallelism()));
  const errors: unknown[] = [];
  await Promise.all(
    Array.from({ length: threads }, (_, worker) =>
      takeSlices(worker).catch((error: unknown) => {
        errors.push(error);
        failed.abort();
      }),
    ),
  );
  // The first is the cause; the others were stopped for it.
  if (errors.length > 0) throw errors[0];
  return { changing, unreadable, unreadableCount };
}

/** Parts of the work, each small enough to end soon; those who ask at the same time get different ones. */
async function* slicesOf(run: RunJob, repository: string, signal: AbortSignal): AsyncGenerator<SourceFile[], void> {
  for (let after: string | null = ''; after !== null;) {
    const slice: Slice = await run(findUnread, { repository, after }, { signal });
    after = slice.after;
    if (slice.files.length > 0) yield [...slice.files];
  }
}

interface Slice {
  readonly files: readonly SourceFile[];
  /** Where to go on; null at the end. */
  readonly after: string | null;
}

/** Files that are to be read, behind a path. It may have to go through the whole index to find none. */
export const findUnread: Job<{ readonly repository: string; readonly after: string }, Slice> = {
  name: 'find-unread',
  background: true,
  run(store, { repository, after }) {
    const found = store.sources.unhashed(repository, after, sliceFiles);
    let bytes = 0;
    const end = found.findIndex(({ size }) => (bytes += size) >= sliceBytes);
    const files = end === -1 ? found : found.slice(0, end + 1);
    const isLast = end === -1 && found.length < sliceFiles;
    return { files, after: isLast ? null : (files.at(-1)?.path ?? null) };
  },
};
