import type { ManifestRoot } from '../manifest/page.js';
import type { Host } from '../host.js';
import { DepotError } from '../model/errors.js';
import { covers, everything } from '../model/selection.js';
import { headTarget, parseHead, type Head, type HeadFile } from '../model/head.js';
import { sameTravel, travelFreely } from '../model/travel.js';
import type { HeadRow } from '../store/heads.js';
import type { Store } from '../store/store.js';
import type { Sign, Signer } from './signer.js';
import { leastGeneration } from './take-over.js';

/** What a head says of its generation besides its content. */
type Facts = Pick<Head, 'context' | 'kind' | 'travel'>;

/**
 * Makes a manifest the next generation: its head is durable before anybody hears of it. A crash before that leaves the
 * old generation; the number is taken with the file of the head, so it is never given twice.
 * @param root null where only the context is new; its pages and objects are durable
 */
export function publishGeneration(
  store: Store,
  host: Host,
  signer: Signer,
  repository: string,
  facts: Facts,
  root: ManifestRoot | null,
): Promise<HeadFile> {
  return signer.alone((sign) => enterNext(store, host, sign, repository, facts, root));
}

async function enterNext(
  store: Store,
  host: Host,
  sign: Sign,
  repository: string,
  { context, kind, travel }: Facts,
  root: ManifestRoot | null,
): Promise<HeadFile> {
  const previous = store.heads.newest(repository);
  const content = root === null ? previous?.head : contentOf(root);
  if (content === undefined) throw new DepotError('internal', `the first generation of ${repository} has no manifest`);
  const { files, bytes } = content;
  const head: Head = {
    repository,
    kind,
    context,
    epoch: previous?.head.epoch ?? newEpoch(host),
    generation: nextGeneration(store, repository),
    previous: previous?.sha256 ?? null,
    root: content.root,
    files,
    bytes,
    publishedAt: new Date(host.now()).toISOString(),
    ...(travel === undefined || sameTravel(travel, travelFreely) ? {} : { travel }),
  };
  const file = parseHead(await sign(head.generation, headTarget(head)));
  store.heads.enter(file);
  return file;
}

/** The number of the next one. After a move to another master depot there may be a gap before it. */
export function nextGeneration(store: Store, repository: string): number {
  const newest = store.heads.newest(repository)?.head.generation ?? 0;
  return Math.max(newest + 1, leastGeneration(store, repository));
}

/**
 * Signs the newest generation again as the next one, because its life or its keys are over; null where there is none. Which is
 * the newest is looked at in its turn: another may be published while it waits for that.
 */
export function signAgain(store: Store, host: Host, signer: Signer, repository: string): Promise<HeadFile | null> {
  return signer.alone(async (sign) => {
    const newest = store.heads.newest(repository);
    if (newest === undefined) return null;
    const head = await enterNext(store, host, sign, repository, newest.head, null);
    if (isFinished(newest)) finishGeneration(store, head);
    return head;
  });
}

function contentOf({ sha256, length, files, bytes }: ManifestRoot): Pick<Head, 'root' | 'files' | 'bytes'> {
  return { root: { sha256, length }, files, bytes };
}

/** Whether all that belongs to a generation was recorded: a crash right after its head was written leaves it so. */
export function isFinished(newest: HeadRow): boolean {
  return newest.complete !== undefined && covers(newest.complete, [everything]);
}

/** Announces a generation: from now on children are told that it is complete here. All its objects are held and enlisted. */
export function finishGeneration(store: Store, { head }: HeadFile): void {
  store.heads.markComplete(head.repository, head.generation, [everything]);
}

/** 16 random bytes in hexadecimal. */
function newEpoch(host: Host): string {
  const bytes = Uint8Array.from({ length: 16 }, () => Math.floor(host.random() * 256));
  return Buffer.from(bytes).toString('hex');
}
