import { availableParallelism } from 'node:os';
import type { HeldBack } from '../model/publish-status.js';
import type { JobOptions, JobProgress, RunJob } from '../store/job.js';
import type { SourceIdentity } from './source-guard.js';
import { closeSurvey, maxListed, openSurvey, surveyPart, type SurveyedPart, type SurveyInput } from './survey-jobs.js';

/** What a source looked like. */
export interface Surveyed {
  readonly refused: null;
  readonly identity: SourceIdentity;
  /** Folders below the source on which other file systems are mounted. */
  readonly mounts: readonly string[];
  /** Files and links that can be published. */
  readonly files: number;
  /** Names that were come upon, folders too: what a watcher would have to watch. */
  readonly names: number;
  /** The first `maxListed`. */
  readonly heldBack: readonly HeldBack[];
  readonly heldBackCount: number;
}

export type Survey = Surveyed | { readonly refused: string };

/** Threads that look through one source. */
const mostParts = 4;

/**
 * Looks through the source, and brings its index up to date: afterwards `store.sources` has a row for each file, link
 * and empty folder that can be published, and for what could not be looked at. Files that are new or changed have no
 * object yet. Nothing is touched where the source is refused. A large source is shared among several threads.
 */
export async function survey(run: RunJob, input: SurveyInput, options: JobOptions): Promise<Survey> {
  const { signal } = options;
  const stoppable = signal === undefined ? {} : { signal };
  const parts = Math.min(mostParts, availableParallelism());
  const opened = await run(openSurvey, { ...input, parts }, stoppable);
  if (opened.refused !== null) return opened;
  const { identity, unmounted, ranges } = opened;

  const reached = ranges.map(() => ({ files: 0, bytes: 0 }));
  const failed = new AbortController();
  const either = AbortSignal.any([...(signal === undefined ? [] : [signal]), failed.signal]);
  const surveyOne = async (at: number): Promise<SurveyedPart> => {
    const range = ranges[at] ?? { after: null, upTo: null };
    const onProgress = (done: JobProgress): void => {
      reached[at] = done;
      options.onProgress?.(summed(reached));
    };
    return run(surveyPart, { ...input, unmounted, range }, { signal: either, onProgress });
  };
  const errors: unknown[] = [];
  const surveyed: SurveyedPart[] = [];
  await Promise.all(
    ranges.map(async (_, at) => {
      try {
        surveyed[at] = await surveyOne(at);
      } catch (error) {
        errors.push(error);
        failed.abort();
      }
    }),
  );
  // The first is the cause; the others were stopped for it.
  if (errors.length > 0) throw errors[0];

  const mounts = surveyed.flatMap((part) => part.mounts);
  const refused = await run(closeSurvey, { ...opened, source: input.source, mounts }, stoppable);
  if (refused !== null) return { refused };
  const total = (of: (part: SurveyedPart) => number): number => surveyed.reduce((sum, part) => sum + of(part), 0);
  return {
    refused: null,
    identity,
    mounts: [...mounts, ...unmounted],
    files: total(({ files }) => files),
    names: total(({ names }) => names),
    heldBack: surveyed.flatMap((part) => part.heldBack).slice(0, maxListed),
    heldBackCount: total(({ heldBackCount }) => heldBackCount),
  };
}

function summed(parts: readonly JobProgress[]): JobProgress {
  return parts.reduce((sum, { files, bytes }) => ({ files: sum.files + files, bytes: sum.bytes + bytes }));
}
