import { randomBytes } from 'node:crypto';
import { DepotError } from '../model/errors.js';
import { judgeHead, type HeadFile } from '../model/head.js';
import type { StateMessage } from '../protocol/messages.js';
import type { Heads } from '../store/heads.js';
import type { SyncDepot } from './depot.js';
import { olderHead, trustedRoot, verifyOffer } from './offer.js';
import type { Parent } from './parents.js';

/** What the heads of a state come to. `target`: the generation that the parent has complete for this depot. */
export interface HeadsTaken {
  readonly target: HeadFile | undefined;
  /** A head of another line of generations was offered, which a person must approve. */
  readonly held: boolean;
}

/**
 * Takes over what the parent's state names and this depot has not: verified metadata first, its head judged against the
 * one held. The newest is kept even where its content is not complete at the parent: so lag is known, and it is forwarded.
 * @throws DepotError `head-refused`, `head-expired`; what is held stays.
 */
export async function takeHeads(
  depot: SyncDepot,
  parent: Parent,
  repository: string,
  state: StateMessage,
  signal: AbortSignal,
): Promise<HeadsTaken> {
  const { heads, signed } = depot.store;
  const held = heads.newest(repository);
  const offer = await verifyOffer(depot, parent, repository, state, signal);
  if (offer === undefined) {
    if (state.head !== null && held !== undefined) refuseOtherLine(parent, state.head, held, heads);
  } else {
    const expected = { repository, site: depot.site, held, approvedEpoch: heads.approvedEpoch(repository) };
    const verdict = judgeHead(offer.file, expected);
    if (verdict === 'new-epoch') {
      holdHead(depot, repository, offer.file, held);
      return { target: undefined, held: true };
    }
    if (held !== undefined && offer.file.head.epoch !== held.head.epoch) {
      heads.startOver(repository);
      depot.log.warn({ repository, epoch: offer.file.head.epoch }, 'a new line of generations begins, as approved');
    }
    await signed.keep(repository, offer.set);
    heads.enter(offer.file);
  }
  return { target: await targetOf(depot, parent, repository, state, signal), held: false };
}

/** The head of the generation that the parent has complete: the newest, one of those held, or an older one. */
async function targetOf(
  depot: SyncDepot,
  parent: Parent,
  repository: string,
  { complete }: StateMessage,
  signal: AbortSignal,
): Promise<HeadFile | undefined> {
  const { heads } = depot.store;
  if (complete === null) return undefined;
  const known = heads.get(repository, complete.generation);
  if (known !== undefined) return known.sha256 === complete.sha256 ? known : undefined;
  const newest = heads.newest(repository);
  if (newest === undefined || newest.head.generation < complete.generation) return undefined;
  const trusted = { root: trustedRoot(depot, repository), newest };
  const older = await olderHead(parent, { repository, generation: complete.generation }, trusted, signal);
  await heads.put(older);
  return older;
}

/** A parent that is behind, or on another line. What it says is unsigned; taken at its word, it says who was restored. */
function refuseOtherLine(parent: Parent, named: NonNullable<StateMessage['head']>, held: HeadFile, heads: Heads): void {
  const { repository, generation: seen } = held.head;
  const { generation, sha256 } = named;
  const known = heads.get(repository, generation);
  if (known !== undefined && known.sha256 !== sha256) {
    throw new DepotError(
      'head-refused',
      `two different heads claim to be generation ${generation} of ${repository}: that of ${parent.url} and the one held here`,
      {
        hint: `two depots publish it, or its master depot was restored or began anew; to believe that: depot trust reset ${repository}`,
      },
    );
  }
  if (generation >= seen) return;
  throw new DepotError(
    'head-refused',
    `${parent.url} offers generation ${generation} of ${repository}, this depot has seen ${seen}`,
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
