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

/**
 * Whether the manifest below a root is here and whole. Pages that are missing or damaged are told to `broken`, and every
 * page above one of them is removed, so that a page that is here stands for its subtree again, and those that are needed
 * are fetched anew. Manifests that share pages share `seen`.
 */
export function dropBrokenPages(
  store: Store,
  root: PageRef,
  seen: Map<Sha256, boolean> = new Map(),
  broken: (page: Sha256) => void = () => undefined,
): boolean {
  const known = seen.get(root.sha256);
  if (known !== undefined) return known;
  const page = readPage(store, root);
  if (page === undefined) broken(root.sha256);
  const below = (page?.branches ?? []).map((branch) => dropBrokenPages(store, branch, seen, broken));
  const isWhole = page !== undefined && below.every(Boolean);
  if (!isWhole) store.pages.remove(root.sha256);
  seen.set(root.sha256, isWhole);
  return isWhole;
}

function readPage(store: Store, ref: PageRef): Page | undefined {
  try {
    return parsePage(store.pages.read(ref), ref);
  } catch (error) {
    if (error instanceof DepotError) return undefined;
    throw error;
  }
}
