import { parsePage, type Page, type PageRef } from '../manifest/page.js';
import { DepotError } from '../model/errors.js';
import type { Sha256 } from '../model/sha256.js';
import type { Store } from './store.js';

/** A page of a manifest; `page` is undefined where it is not here, or damaged. */
export interface ReachedPage {
  readonly ref: PageRef;
  readonly page: Page | undefined;
}

/** The pages below a root (it included), each before those that it lists. Subtrees in `seen` are left out; it is added to. */
export function* reachablePages(store: Store, root: PageRef, seen: Set<Sha256>): Generator<ReachedPage> {
  const waiting = [root];
  for (let ref = waiting.pop(); ref !== undefined; ref = waiting.pop()) {
    if (seen.has(ref.sha256)) continue;
    seen.add(ref.sha256);
    const page = readPage(store, ref);
    yield { ref, page };
    waiting.push(...(page?.branches ?? []));
  }
}

function readPage(store: Store, ref: PageRef): Page | undefined {
  try {
    return parsePage(store.pages.read(ref), ref);
  } catch (error) {
    if (error instanceof DepotError) return undefined;
    throw error;
  }
}
