import { asDepotError } from '../model/errors.js';
import type { Log } from '../model/log.js';
import { ownSelection, polledRepositories, type SyncDepot } from '../sync/depot.js';
import { silentParents } from '../sync/directory.js';
import { begunRepositories, dropBegun } from '../sync/drop-begun.js';

/**
 * Drops what was begun of a copy, and never became one, of repositories that this depot does not follow any more, or that are
 * gone from its scope. Never beside a cycle of the same repository; what clients are served stays as it is.
 * @param between runs work between two cycles of a repository
 */
export async function dropUnfollowed(
  depot: SyncDepot,
  between: (repository: string, work: () => Promise<void>) => Promise<void>,
  log: Log,
): Promise<void> {
  const { store, board, run } = depot;
  const drop = async (repository: string): Promise<void> => {
    // It may be followed again by now.
    if (isWanted(depot, repository)) return;
    board.prepared.delete(repository);
    const root = store.heads.newest(repository)?.head.root ?? null;
    await run(dropBegun, { repository, root, withPlan: !polledRepositories(depot).includes(repository) });
  };
  try {
    for (const repository of begunRepositories(store)) {
      if (!isWanted(depot, repository)) await between(repository, () => drop(repository));
    }
  } catch (thrown) {
    const error = asDepotError(thrown, 'drop what was begun of repositories that are not followed any more');
    if (error.code !== 'interrupted') log.warn({ code: error.code, hint: error.hint }, error.message);
  }
}

function isWanted(depot: SyncDepot, repository: string): boolean {
  const { published, whole } = depot.settings();
  if (published.includes(repository) || whole.includes(repository)) return true;
  if (ownSelection(depot, repository) === null) return false;
  // As long as a parent has not said which there are, none is known to be gone.
  return silentParents(depot).length > 0 || depot.known.list().some(({ name }) => name === repository);
}
