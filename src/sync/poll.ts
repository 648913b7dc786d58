import type { StateMessage } from '../protocol/messages.js';
import type { SyncDepot } from './depot.js';
import { learnDirectory } from './directory.js';
import type { Parent } from './parents.js';
import { learnUploads } from './upload-plan.js';

/**
 * The one question of a poll. Conditional: where the parent has nothing new it answers 304, and its last state, which is
 * remembered, still holds. What that state leaves to do is decided afterwards, so a poll that finds nothing new still
 * completes what an earlier one could not.
 */
export async function poll(
  depot: SyncDepot,
  parent: Parent,
  repository: string,
  signal: AbortSignal,
): Promise<StateMessage> {
  const remembered = parent.states.get(repository);
  const answer = await parent.client.state(repository, remembered?.etag, signal);
  if (answer === 'unchanged') {
    if (remembered === undefined) return poll(depot, parent, repository, signal);
    return learned(remembered.state);
  }
  parent.states.set(repository, answer);
  return learned(answer.state);

  async function learned(state: StateMessage): Promise<StateMessage> {
    await learnDirectory(depot, parent, state.directory, signal);
    await learnUploads(depot, parent, state.uploads, signal);
    return state;
  }
}
