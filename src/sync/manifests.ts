import pLimit from 'p-limit';
import { childPages, maxPageBytes, type PageRef } from '../manifest/page.js';
import { DepotError } from '../model/errors.js';
import type { HeadFile } from '../model/head.js';
import type { SyncDepot } from './depot.js';
import { admitManifest, takeDifferenceJob } from './manifest-jobs.js';
import type { Parent } from './parents.js';
import { requestsAtOnce, takeBelow } from './pages-below.js';
import { patiently } from './patience.js';
import type { Body } from '../protocol/body.js';
import { receiveFile } from './receive.js';

/** A plan that is only shown may fetch the same stream beside a cycle. */
let received = 0;

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
  if (root.length > maxPageBytes) {
    throw new DepotError('manifest-damaged', `the root page of ${repository} is said to have ${root.length} bytes`);
  }
  const base = newestManifestHere(depot, repository);
  if (base !== undefined && (await takeDifference(depot, parent, base, target, signal))) return;
  await takePages(depot, parent, repository, base, root, signal);
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
  const stream = await askForDifference(depot, parent, repository, base, root, signal);
  if (stream === undefined) return false;
  const file = store.layout.scratchFile(`${repository}-${root.sha256}-${(received += 1)}`);
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

/** A parent that cannot make the stream can still have the pages; only where it cannot be reached there is no use in asking on. */
async function askForDifference(
  depot: SyncDepot,
  parent: Parent,
  repository: string,
  base: PageRef,
  root: PageRef,
  signal: AbortSignal,
): Promise<Body | undefined> {
  try {
    return await patiently(depot.host, signal, () =>
      parent.client.difference(repository, root.sha256, base.sha256, signal),
    );
  } catch (error) {
    if (!(error instanceof DepotError) || (error.code !== 'parent-answer' && error.code !== 'parent-busy')) throw error;
    depot.log.debug({ repository, parent: parent.url }, `${error.message}; taking the pages instead`);
    return undefined;
  }
}

/**
 * Takes the pages that are missing, those below before those above. The root comes last, and only after all pages were
 * looked at together: each may be well formed, and the whole still not be a manifest.
 */
async function takePages(
  depot: SyncDepot,
  parent: Parent,
  repository: string,
  base: PageRef | undefined,
  root: PageRef,
  signal: AbortSignal,
): Promise<void> {
  const { pages } = depot.store;
  const compressedRoot = await parent.client.page(repository, root, signal);
  const missing = childPages(pages.decode(root, compressedRoot), root).filter((child) => !pages.has(child));
  await takeBelow({ depot, parent, repository, signal, limit: pLimit(requestsAtOnce) }, missing);
  await pages.flush();
  await depot.run(admitManifest, { base, root, compressedRoot }, { signal });
}
