import { randomBytes } from 'node:crypto';
import { DepotError } from '../model/errors.js';
import { judgeHead, parseHead, type HeadFile } from '../model/head.js';
import type { StateMessage } from '../protocol/messages.js';
import type { SyncDepot } from './depot.js';
import type { Parent } from './parents.js';

/** What the heads of a state come to. `target`: the generation that the parent has complete for this depot. */
export interface HeadsTaken {
  readonly target: HeadFile | undefined;
  /** A head of another line of generations was offered, which a person must approve. */
  readonly held: boolean;
}

/**
 * Fetches the heads that a state names and this depot has not, judges them, and keeps those that may follow.
 * The newest is kept even where its content is not complete at the parent: so lag is known, and it is forwarded.
 * @throws DepotError `head-refused`; what is held stays.
 */
export async function takeHeads(
  depot: SyncDepot,
  parent: Parent,
  repository: string,
  state: StateMessage,
  signal: AbortSignal,
): Promise<HeadsTaken> {
  const { heads } = depot.store;
  // The older one first: each is judged against the newest held.
  for (const named of [state.complete, state.head]) {
    if (named === null) continue;
    const held = heads.newest(repository);
    const known = heads.get(repository, named.generation);
    if (known?.sha256 === named.sha256) {
      if (named === state.head && held !== undefined) refuseRollback(parent, known, held);
      continue;
    }
    const offered = parseHead(await parent.client.head(repository, named.generation, signal));
    if (offered.sha256 !== named.sha256) {
      const message = `head ${named.generation} of ${repository} is not the one that ${parent.url} announced`;
      throw new DepotError('head-refused', message);
    }
    const expected = { repository, site: depot.site, held, approvedEpoch: heads.approvedEpoch(repository) };
    // A parent that finished an older generation first may offer its content below a head that is known already.
    const isEarlier = named === state.complete && held !== undefined && precedes(offered, held);
    const verdict = judgeHead(offered, isEarlier ? { ...expected, held: undefined } : expected);
    if (verdict === 'new-epoch') {
      holdHead(depot, repository, offered, held);
      return { target: undefined, held: true };
    }
    if (verdict === 'same') continue;
    if (held !== undefined && offered.head.epoch !== held.head.epoch) {
      heads.startOver(repository);
      depot.log.warn({ repository, epoch: offered.head.epoch }, 'a new line of generations begins, as approved');
    }
    await heads.put(offered);
  }
  const { complete } = state;
  const target = complete === null ? undefined : heads.get(repository, complete.generation);
  return { target: target?.sha256 === complete?.sha256 ? target : undefined, held: false };
}

function precedes(offered: HeadFile, held: HeadFile): boolean {
  return offered.head.epoch === held.head.epoch && offered.head.generation < held.head.generation;
}

function refuseRollback(parent: Parent, offered: HeadFile, held: HeadFile): void {
  if (!precedes(offered, held)) return;
  const { repository, generation } = offered.head;
  throw new DepotError(
    'head-refused',
    `${parent.url} offers generation ${generation} of ${repository}, this depot has seen ${held.head.generation}`,
    { hint: 'the parent is behind another one, was restored from a backup, or replays old heads' },
  );
}

function holdHead(depot: SyncDepot, repository: string, offered: HeadFile, held: HeadFile | undefined): void {
  const { store } = depot;
  const waiting = store.holds.list(repository).find((hold) => hold.kind === 'head');
  if (waiting !== undefined) return;
  store.holds.add({
    id: randomBytes(4).toString('hex'),
    repository,
    kind: 'head',
    reason:
      `its master depot began a new line of generations (${offered.head.epoch.slice(0, 8)}, now at generation ` +
      `${offered.head.generation}) in place of the one held (generation ${held?.head.generation ?? 0})`,
    files: offered.head.files,
    bytes: offered.head.bytes,
    generation: offered.head.generation,
    epoch: offered.head.epoch,
    sinceMs: depot.host.now(),
  });
}
