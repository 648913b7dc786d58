import pLimit from 'p-limit';
import { childPages, type PageRef } from '../manifest/page.js';
import { DepotError } from '../model/errors.js';
import type { HeadFile } from '../model/head.js';
import type { SyncDepot } from './depot.js';
import { takeDifferenceJob } from './difference-job.js';
import type { Parent } from './parents.js';
import { receiveFile } from './receive.js';

/** Pages asked for at once; each is some kilobytes. */
const pagesAtOnce = 8;

/**
 * Brings all pages of a generation's manifest into the store: by one difference stream against the newest manifest that
 * is here, else page by page, leaving out the subtrees that are here. A page is stored after those below it, so that a
 * page that is here stands for all of its subtree.
 */
export async function takeManifest(
  depot: SyncDepot,
  parent: Parent,
  target: HeadFile,
  signal: AbortSignal,
): Promise<void> {
  const { store } = depot;
  const { repository, root } = target.head;
  if (store.pages.has(root)) return;
  const base = newestManifestHere(depot, repository);
  if (base !== undefined && (await takeDifference(depot, parent, base, target, signal))) return;
  await takePages(depot, parent, repository, root, signal);
}

function newestManifestHere(depot: SyncDepot, repository: string): PageRef | undefined {
  const { heads, pages } = depot.store;
  return heads.list(repository).find(({ head }) => pages.has(head.root))?.head.root;
}

/** False where the parent has no such difference, or sent one that does not lead to the root: pages are taken then. */
async function takeDifference(
  depot: SyncDepot,
  parent: Parent,
  base: PageRef,
  target: HeadFile,
  signal: AbortSignal,
): Promise<boolean> {
  const { store, run, log } = depot;
  const { repository, root } = target.head;
  const stream = await parent.client.difference(repository, root.sha256, base.sha256, signal);
  if (stream === undefined) return false;
  const file = store.layout.scratchFile(`${repository}-${root.sha256}`);
  try {
    await receiveFile(stream, file);
    const keepAs = store.layout.differenceFile(root.sha256, base.sha256);
    await run(takeDifferenceJob, { base, root, file, keepAs }, { signal });
    return true;
  } catch (error) {
    if (!(error instanceof DepotError) || error.code !== 'manifest-damaged') throw error;
    log.warn({ repository, parent: parent.url }, `${error.message}; taking the pages instead`);
    return false;
  }
}

async function takePages(
  depot: SyncDepot,
  parent: Parent,
  repository: string,
  root: PageRef,
  signal: AbortSignal,
): Promise<void> {
  const { pages } = depot.store;
  const limit = pLimit(pagesAtOnce);
  const take = async (ref: PageRef): Promise<void> => {
    if (pages.has(ref)) return;
    const compressed = await limit(() => parent.client.page(repository, ref, signal));
    const text = pages.decode(ref, compressed);
    await Promise.all(childPages(text, ref).map(take));
    pages.admit(ref, compressed);
  };
  await take(root);
  await pages.flush();
}
