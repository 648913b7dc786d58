import type { Log } from '../model/log.js';
import type { RunJob } from '../store/job.js';
import { relist } from '../store/rebuild.js';
import type { Store } from '../store/store.js';
import { finishSwitches } from '../sync/apply-job.js';

/** What a crash left, or a catalogue that does not know all objects, before anything is served. */
export async function recover(store: Store, run: RunJob, log: Log, signal: AbortSignal): Promise<void> {
  if (store.needsRelist) {
    log.debug({}, 'looking for objects that the catalogue does not know');
    const { files, bytes, damaged } = await run(relist, {}, { signal });
    if (files > 0) log.warn({ files, bytes, damaged }, 'the catalogue was not complete: objects were read again');
  }
  const finished = await run(finishSwitches, undefined, { signal });
  if (finished.length > 0) log.warn({ repositories: finished }, 'finished what a crash had interrupted');
}
