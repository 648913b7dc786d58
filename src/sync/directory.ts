import { asDepotError, type DepotError } from '../model/errors.js';
import { isWithin } from '../model/names.js';
import { polledRepositories, type SyncDepot } from './depot.js';
import { hasJoined, learnCompany } from './company.js';
import type { Parent } from './parents.js';

/**
 * Reads the parent's unsigned directory, unless its hash is the one that was read last. A depot that has joined believes
 * the signed one, which each state tells of.
 */
export async function learnDirectory(
  depot: SyncDepot,
  parent: Parent,
  hash: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (hash !== undefined && (hash === parent.directory || hasJoined(depot))) return;
  const answer = await parent.client.directory(parent.directory, signal);
  if (answer === 'unchanged') return;
  if (hasJoined(depot)) return learnCompany(depot, parent, answer.directory.company, signal);
  const inScope = answer.directory.repositories.filter(({ context }) => isWithin(depot.site, context));
  await depot.known.set(parent.url, inScope);
  parent.directory = answer.hash;
  depot.onKnown();
}

/**
 * The parents that have not said yet which repositories there are; all of them, while none is known. A depot that has
 * joined and polls for no repository asks on: a revocation has to reach it too.
 */
export function silentParents(depot: SyncDepot): Parent[] {
  const parents = depot.parents.for(undefined);
  if (depot.known.list().length === 0) return parents;
  if (hasJoined(depot)) return isToldOfCompany(depot, parents) ? [] : parents;
  return parents.filter(({ url }) => !depot.known.isFrom(url));
}

/** Whether some poll brings the directory: those to a parent that is set for some repositories only may not. */
function isToldOfCompany(depot: SyncDepot, parents: readonly Parent[]): boolean {
  const polled = polledRepositories(depot);
  if (parents.every(({ repositories }) => repositories !== null)) return polled.length > 0;
  return polled.some((name) => depot.parents.for(name)[0]?.repositories === null);
}

/**
 * Asks those parents which repositories there are. One that is polled for none would never be asked otherwise.
 * @throws DepotError of the first, when none of them answered
 */
export async function discover(depot: SyncDepot, signal: AbortSignal): Promise<void> {
  let failure: DepotError | undefined;
  let isAnswered = false;
  for (const parent of silentParents(depot)) {
    try {
      await learnDirectory(depot, parent, undefined, signal);
      depot.parents.note(parent, undefined);
      isAnswered = true;
    } catch (thrown) {
      const error = asDepotError(thrown, `ask ${parent.url} for its repositories`);
      depot.parents.note(parent, error);
      failure ??= error;
    }
  }
  if (!isAnswered && failure !== undefined) throw failure;
}
