import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { PageRef } from '../manifest/page.js';
import { DepotError } from '../model/errors.js';
import type { Job } from '../store/job.js';
import type { Store } from '../store/store.js';
import { isCode } from '../store/system-error.js';
import { TreeFiles } from '../store/tree-files.js';
import { clearStaging } from './prepare-job.js';

export interface BegunInput {
  readonly repository: string;
  /** Of the manifest that a copy was probably prepared of; null: none is known. */
  readonly root: PageRef | null;
  /** The plan of what to fetch goes, too, and the partial transfers with the next collections. */
  readonly withPlan: boolean;
}

/** The repositories of which a copy, or the fetching of its content, was begun. */
export function begunRepositories(store: Store): string[] {
  return [...new Set([...stagedRepositories(store), ...store.transfers.repositories()])].sort();
}

/**
 * Drops what was prepared and staged beside an installation copy, and the plan. The copy itself stays as it is, and what a
 * switch that was begun needs stays until that is finished.
 */
export const dropBegun: Job<BegunInput, null> = {
  name: 'drop-begun',
  background: true,
  run(store, { repository, root, withPlan }, control) {
    if (store.trees.switching(repository) !== undefined) return null;
    try {
      if (root !== null) clearStaging(store, repository, root, control.throwIfStopped);
    } catch (error) {
      // Without the pages of the manifest the objects that lose a name are read again.
      if (!(error instanceof DepotError) || error.code === 'interrupted') throw error;
    }
    new TreeFiles(store, repository).clearStaging();
    if (withPlan) store.transfers.clear(repository);
    return null;
  },
};

function stagedRepositories(store: Store): string[] {
  try {
    return readdirSync(dirname(store.layout.treeStaging('any')));
  } catch (error) {
    if (isCode(error, 'ENOENT')) return [];
    throw error;
  }
}
