import { join } from 'node:path';
import type { HeldBack } from '../model/publish-status.js';
import type { Job } from '../store/job.js';
import type { SourceFile } from '../store/sources.js';
import { openAdmission } from './admission.js';
import { Unknown } from './attempt.js';
import { newScratch } from './scratch.js';
import { changing, takeFile, type TakeOptions, type Taken } from './take-file.js';

export interface ReadFilesInput {
  readonly repository: string;
  readonly source: string;
  /** Rows of the index; all of them files. */
  readonly files: readonly SourceFile[];
}

export interface ReadFilesResult {
  readonly files: number;
  readonly bytes: number;
  /** Paths of files that changed meanwhile. */
  readonly changing: readonly string[];
  readonly unreadable: readonly HeldBack[];
}

/**
 * Reads files of the source into the object store and records what they hold. What cannot be taken gets its reason into
 * the index, and is tried again by the next scan. What was recorded is durable: no crash makes it be read again.
 */
export const readFiles: Job<ReadFilesInput, ReadFilesResult> = {
  name: 'read-files',
  background: true,
  async run(store, { repository, source, files }, control) {
    const done = { files: 0, bytes: 0 };
    const onBytes = (bytes: number): void => {
      done.bytes += bytes;
      control.progress({ ...done });
      control.throwIfStopped();
    };

    const changed: string[] = [];
    const unreadable: HeldBack[] = [];
    const admission = openAdmission(store, repository);
    try {
      for (const file of files) {
        const scratch = newScratch(store.layout);
        const options = { scratch, isHeld: admission.isHeld, onBytes };
        const taken = takeOrRemove(join(source, file.path), file, options);
        if (taken === changing || taken instanceof Unknown) {
          const problem = taken === changing ? 'it changes while it is read' : taken.reason;
          store.sources.write(repository, { puts: [{ ...file, object: null, problem }] });
          if (taken === changing) changed.push(file.path);
          else unreadable.push({ path: file.path, reason: problem });
        } else {
          await admission.add(file, taken.sha256, taken.copied ? scratch : undefined);
        }
        done.files += 1;
      }
      await admission.finish();
    } finally {
      admission.discard();
    }
    return { ...done, changing: changed, unreadable };
  },
};

/** A scratch file is left only where the caller has a use for it. */
function takeOrRemove(path: string, file: SourceFile, options: TakeOptions): Taken {
  let taken: Taken | undefined;
  try {
    taken = takeFile(path, file, options);
  } finally {
    const isOfUse = taken !== undefined && taken !== changing && !(taken instanceof Unknown) && taken.copied;
    if (!isOfUse) options.scratch.remove();
  }
  return taken;
}
