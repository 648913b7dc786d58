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
import type { FileCount } from '../model/plan-status.js';
import { syncFilesystem } from './durable.js';
import type { Job } from './job.js';
import { utimesSeconds } from './stat.js';
import type { Store } from './store.js';
import { isCode } from './system-error.js';

export interface FillInput {
  readonly root: PageRef;
  /** A folder in the manifest, whose content alone is meant; null: all of it. */
  readonly under: string | null;
  /** Where it comes to; need not be there. */
  readonly folder: string;
}

/** What is in the making lies there. It goes when all is there: a folder with it is not filled yet. */
const staging = '.depotd-filling';

/** Whether nothing is in the folder, or not all that an earlier run wanted to put there. */
export function isToFill(folder: string): boolean {
  try {
    const names = readdirSync(folder);
    return names.length === 0 || names.includes(staging);
  } catch (error) {
    return isCode(error, 'ENOENT');
  }
}

/** Writes the files of a manifest as files that people can edit. What is there already stays. */
export const fillFolder: Job<FillInput, FileCount> = {
  name: 'fill-folder',
  background: true,
  async run(store, { root, under, folder }, control) {
    const count = { files: 0, bytes: 0 };
    try {
      rmSync(join(folder, staging), { recursive: true, force: true });
      mkdirSync(join(folder, staging), { recursive: true });
      const prefix = under === null ? '' : `${under}/`;
      const inside = under === null ? {} : { under };
      for (const entry of readEntries(root, cachedReader(store.pages.read), inside)) {
        if (count.files % 256 === 0) {
          control.progress(count);
          control.throwIfStopped();
        }
        if (write(store, folder, { ...entry, path: entry.path.slice(prefix.length) })) {
          count.files += 1;
          count.bytes += entry.type === 'file' ? entry.size : 0;
        }
      }
      await syncFilesystem(folder);
      rmSync(join(folder, staging), { recursive: true, force: true });
    } catch (error) {
      if (error instanceof DepotError || isCode(error, 'ENOSPC', 'EDQUOT')) throw error;
      throw new DepotError('source-unreadable', `${folder} cannot be filled: ${String(error)}`, {
        cause: error,
        hint: `the daemon runs as its own user, and may write where its unit says; or fill it by hand from the installation copy: cp -a`,
      });
    }
    return count;
  },
};

function write(store: Store, folder: string, entry: Entry): boolean {
  const final = join(folder, entry.path);
  mkdirSync(entry.type === 'folder' ? final : dirname(final), { recursive: true });
  if (entry.type === 'folder' || lstatSync(final, { throwIfNoEntry: false }) !== undefined) return false;
  const staged = join(folder, staging, 'file');
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
