import { asDepotError } from '../model/errors.js';
import type { Sha256 } from '../model/sha256.js';
import { mostOfChild } from '../model/upload-plan.js';
import type { Windows } from '../model/windows.js';
import type { SyncDepot } from './depot.js';
import type { Parent } from './parents.js';

/**
 * Asks the parent what it gives to its children, where its state names something else than what is known here. Forecasts go by
 * it and nothing else does, so no failure of it is one of the poll.
 */
export async function learnUploads(
  { log }: SyncDepot,
  parent: Parent,
  named: Sha256 | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (named === parent.uploads?.hash) return;
  if (named === undefined) {
    parent.uploads = undefined;
    return;
  }
  try {
    parent.uploads = { hash: named, plan: await parent.client.uploads(signal) };
  } catch (thrown) {
    const { code, message } = asDepotError(thrown, `ask ${parent.url} for its uploads`);
    if (code === 'parent-answer') parent.uploads = { hash: named, plan: undefined };
    log.debug({ code, parent: parent.url }, message);
  }
}

/** The most that this depot gets of a repository, as far as the parent told that it is fetched from; undefined: nothing limits it. */
export function mostAbove(
  { parents, store }: Pick<SyncDepot, 'parents' | 'store'>,
  repository: string,
): Windows | undefined {
  const [first, ...others] = parents.for(repository);
  const asked = store.polls.latest(repository)?.parent;
  const plan = (others.find(({ url }) => url === asked) ?? first)?.uploads?.plan;
  return plan === undefined ? undefined : mostOfChild(plan);
}
