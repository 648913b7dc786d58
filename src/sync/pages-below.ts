import type { LimitFunction } from 'p-limit';
import type { PageRef } from '../manifest/page.js';
import { limits } from '../protocol/limits.js';
import type { SyncDepot } from './depot.js';
import { keepPages } from './manifest-jobs.js';
import type { Parent } from './parents.js';

/** Requests for pages under way at once. */
export const requestsAtOnce = 8;
/** Text of the pages of one request, bytes; their own size is known only when they are here. */
const batchBytes = 4 * 1024 ** 2;

export interface Taking {
  readonly depot: SyncDepot;
  readonly parent: Parent;
  readonly repository: string;
  readonly signal: AbortSignal;
  readonly limit: LimitFunction;
}

/**
 * Pages that are missing and all that is missing below them, many in one request where the parent gives them so. A page is kept
 * after those that it lists; those that came before a failure stay.
 */
export async function takeBelow(taking: Taking, missing: readonly PageRef[]): Promise<void> {
  await Promise.all(batches(missing).map((batch) => takeBatch(taking, batch)));
}

async function takeBatch(taking: Taking, batch: readonly PageRef[]): Promise<void> {
  const { parent, repository, signal, limit } = taking;
  for (let left = batch; left.length > 0;) {
    const asked = left;
    const answer = await limit(() => parent.client.pages(repository, asked, signal));
    const came = asked.flatMap((ref, at): Came[] => {
      const compressed = answer?.[at];
      return compressed === undefined ? [] : [{ ref, compressed }];
    });
    if (came.length === 0) return takeOneByOne(taking, asked);
    await keep(taking, came);
    left = asked.filter((_, at) => answer?.[at] === undefined);
  }
}

/** From a static server, and while the line is closed and each counts. */
async function takeOneByOne(taking: Taking, pages: readonly PageRef[]): Promise<void> {
  const { parent, repository, signal, limit } = taking;
  const taken = await Promise.allSettled(
    pages.map((ref) =>
      limit(async (): Promise<Came> => ({ ref, compressed: await parent.client.page(repository, ref, signal) })),
    ),
  );
  await keep(
    taking,
    taken.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])),
  );
  for (const each of taken) if (each.status === 'rejected') throw each.reason;
}

interface Came {
  readonly ref: PageRef;
  readonly compressed: Uint8Array;
}

/** Those that list others wait for them. */
async function keep(taking: Taking, came: readonly Came[]): Promise<void> {
  const { depot, signal } = taking;
  const { waiting } = await depot.run(keepPages, { pages: came }, { signal });
  await Promise.all(
    waiting.map(async ({ at, missing }) => {
      await takeBelow(taking, missing);
      const page = came[at];
      if (page !== undefined) depot.store.pages.admit(page.ref, page.compressed);
    }),
  );
}

function batches(pages: readonly PageRef[]): PageRef[][] {
  const made: PageRef[][] = [];
  let bytes = Infinity;
  for (const page of pages) {
    const last = made.at(-1);
    if (last === undefined || last.length >= limits.pagesAtOnce || bytes + page.length > batchBytes) {
      made.push([page]);
      bytes = page.length;
    } else {
      last.push(page);
      bytes += page.length;
    }
  }
  return made;
}
