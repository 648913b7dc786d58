import { isWithin } from '../model/names.js';
import type { SyncDepot } from './depot.js';
import type { Parent } from './parents.js';

/** Reads the parent's directory, unless its hash is the one that was read last. */
export async function learnDirectory(
  depot: SyncDepot,
  parent: Parent,
  hash: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (hash !== undefined && hash === parent.directory) return;
  const answer = await parent.client.directory(parent.directory, signal);
  if (answer === 'unchanged') return;
  const inScope = answer.directory.repositories.filter(({ context }) => isWithin(depot.site, context));
  await depot.known.set(parent.url, inScope);
  parent.directory = answer.hash;
}
