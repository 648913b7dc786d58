import {
  chmodSync,
  constants,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { cachedReader } from '../manifest/cached-reader.js';
import type { PageRef } from '../manifest/page.js';
import { readEntries } from '../manifest/read.js';
import type { Entry } from '../model/entry.js';
import { DepotError } from '../model/errors.js';
import type { FileCount } from '../model/status.js';
import { syncFilesystem } from '../store/durable.js';
import type { Job } from '../store/job.js';
import { utimesSeconds } from '../store/stat.js';
import type { Store } from '../store/store.js';
import { isSystemError } from './attempt.js';

/**
 * The source of a repository that came from another master depot. Until it was found to be what is published, nothing is
 * published from it: what is there may be old, half, or of a disk that is not mounted. Where nothing is there, it is filled.
 * Kept with the keys, as it begins when they count, and must outlast the catalogue.
 */
const file = 'source.txt';

type Standing = 'unproven' | 'filling';

type Keys = Pick<Store, 'keys'>;

export function expectSource({ keys }: Keys, repository: string): Promise<void> {
  return keys.write(repository, file, 'unproven');
}

/** The source is what is published, or a person vouches for it. */
export function acceptFirstSource({ keys }: Keys, repository: string): void {
  keys.remove(repository, file);
}

/** Undefined where the source is an ordinary one. */
export function firstSource({ keys }: Keys, repository: string): Standing | undefined {
  const text = keys.read(repository, file)?.trim();
  return text === undefined ? undefined : text === 'filling' ? 'filling' : 'unproven';
}

/**
 * Puts what is published into a source in which nothing is, or goes on with that.
 * @param run the job, in a thread of its own
 * @throws DepotError `source-unreadable` where the folder cannot be written
 */
export async function fillFirstSource(
  { keys }: Keys,
  repository: string,
  source: string,
  run: () => Promise<unknown>,
): Promise<void> {
  const standing = firstSource({ keys }, repository);
  if (standing === undefined || (standing === 'unproven' && !isNothing(source))) return;
  if (standing === 'unproven') await keys.write(repository, file, 'filling');
  await run();
  await expectSource({ keys }, repository);
}

/** Why nothing is published from it; undefined where it is what is published. */
export function reasonToDoubt(
  source: string,
  repository: string,
  change: { readonly add: FileCount; readonly replace: FileCount; readonly delete: FileCount },
): string | undefined {
  const differences = [
    [change.delete.files, 'missing'],
    [change.replace.files, 'different'],
    [change.add.files, 'added'],
  ] as const;
  const told = differences.filter(([files]) => files > 0).map(([files, how]) => `${files} ${how}`);
  if (told.length === 0) return undefined;
  return (
    `${source} is not what ${repository} is as published, which came from another depot: ${told.join(', ')}; ` +
    `if that is meant, run "depot publish ${repository} --accept-source"`
  );
}

export interface FillInput {
  readonly root: PageRef;
  readonly source: string;
}

/** What is in the making lies there, and is gone in the end. */
const staging = '.depotd-filling';

/** Writes the files of a manifest as files that people can edit. What is there already stays. */
export const fillSource: Job<FillInput, FileCount> = {
  name: 'fill-source',
  background: true,
  async run(store, { root, source }, control) {
    const count = { files: 0, bytes: 0 };
    try {
      rmSync(join(source, staging), { recursive: true, force: true });
      mkdirSync(join(source, staging), { recursive: true });
      for (const entry of readEntries(root, cachedReader(store.pages.read))) {
        if (count.files % 256 === 0) {
          control.progress(count);
          control.throwIfStopped();
        }
        if (write(store, source, entry)) {
          count.files += 1;
          count.bytes += entry.type === 'file' ? entry.size : 0;
        }
      }
      rmSync(join(source, staging), { recursive: true, force: true });
      await syncFilesystem(source);
    } catch (error) {
      if (!isSystemError(error) || error.code === 'ENOSPC' || error.code === 'EDQUOT') throw error;
      throw new DepotError('source-unreadable', `${source} cannot be filled: ${error.message}`, {
        cause: error,
        hint: `the daemon runs as its own user, and may write where its unit says; or fill it by hand from the installation copy: cp -a`,
      });
    }
    return count;
  },
};

function write(store: Store, source: string, entry: Entry): boolean {
  const final = join(source, entry.path);
  mkdirSync(entry.type === 'folder' ? final : dirname(final), { recursive: true });
  if (entry.type === 'folder' || lstatSync(final, { throwIfNoEntry: false }) !== undefined) return false;
  const staged = join(source, staging, 'file');
  rmSync(staged, { force: true });
  if (entry.type === 'link') {
    symlinkSync(entry.target, staged);
  } else {
    copyFileSync(store.objects.checked(entry.object).file, staged, constants.COPYFILE_FICLONE);
    chmodSync(staged, entry.executable ? 0o755 : 0o644);
    const mtime = utimesSeconds(entry.mtimeMs);
    utimesSync(staged, mtime, mtime);
  }
  renameSync(staged, final);
  return true;
}

function isNothing(source: string): boolean {
  try {
    return readdirSync(source).length === 0;
  } catch (error) {
    return isSystemError(error) && error.code === 'ENOENT';
  }
}
