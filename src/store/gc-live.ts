import type { PageRef } from '../manifest/page.js';
import { DepotError } from '../model/errors.js';
import type { Sha256 } from '../model/sha256.js';
import { distinctRepositories, fromBlob, pagedRows } from './database.js';
import type { JobControl } from './job.js';
import { HashList, type PackedHashes } from './packed-hashes.js';
import { pageRestMs } from './pages.js';
import { PrefixSet } from './prefix-set.js';
import { reachablePages } from './reachable.js';
import { keptRepositories, retainedHeads, retainedRoots } from './retained.js';
import type { Store } from './store.js';
import { keptPaths } from './wanted.js';

/** What a collection must leave alone, and what it finds on the way to knowing that. */
export interface Live {
  /** Roots of the manifests that stay. */
  readonly roots: ReadonlySet<Sha256>;
  readonly pages: ReadonlySet<Sha256>;
  readonly objects: PrefixSet;
  /** Objects of the plans under way. */
  readonly transfers: PrefixSet;
  /** Generations that do not stay. */
  readonly generations: readonly { readonly repository: string; readonly generation: number }[];
  /** Objects that no retained manifest of the repository references any more. */
  readonly memberships: readonly { readonly repository: string; readonly hashes: PackedHashes }[];
}

/**
 * Walks the manifests that stay, and the pages that were touched lately, with all below them: a manifest may be on its way
 * in whose head is not here yet.
 * @throws DepotError `manifest-damaged` where a page of a complete generation is missing: what it references is unknown
 */
export function findLive(
  store: Store,
  options: { readonly keepGenerationsMs: number; readonly nowMs: number },
  control: JobControl,
): Live {
  const roots = new Set<Sha256>();
  const pages = new Set<Sha256>();
  const objects = new PrefixSet();
  const generations: { repository: string; generation: number }[] = [];
  const memberships: { repository: string; hashes: PackedHashes }[] = [];
  for (const repository of new Set([...keptRepositories(store), ...distinctRepositories(store.db, 'membership')])) {
    control.throwIfStopped();
    const rows = store.heads.list(repository);
    const retained = retainedHeads(store, repository, rows, options.keepGenerationsMs, options.nowMs);
    const kept = new Set(retained);
    for (const row of rows) {
      if (!kept.has(row)) generations.push({ repository, generation: row.head.generation });
    }
    const members = new PrefixSet();
    const seen = new Set<Sha256>();
    const isKept = keptPaths(store, retained);
    for (const { root, whole } of retainedRoots(store, repository, retained)) {
      roots.add(root.sha256);
      mark(store, { root, whole, isKept }, seen, [members, objects], control);
    }
    for (const page of seen) pages.add(page);
    memberships.push({ repository, hashes: findStrangers(store, repository, members, control) });
  }
  for (const ref of touchedPages(store, pages, options.nowMs, control))
    mark(store, { root: ref, whole: false, isKept: () => true }, pages, [objects], control);
  const transfers = new PrefixSet();
  for (const sha256 of store.transfers.all()) {
    control.throwIfStopped();
    transfers.add(sha256);
    objects.add(sha256);
  }
  for (const sha256 of store.sources.objects()) {
    control.throwIfStopped();
    objects.add(sha256);
  }
  return { roots, pages, objects, transfers, generations, memberships };
}

function mark(
  store: Store,
  { root, whole, isKept }: { root: PageRef; whole: boolean; isKept: (path: string) => boolean },
  seen: Set<Sha256>,
  marks: readonly PrefixSet[],
  control: JobControl,
): void {
  for (const { ref, page } of reachablePages(store, root, seen)) {
    control.throwIfStopped();
    if (page === undefined && whole) {
      throw new DepotError('manifest-damaged', `page ${ref.sha256} is missing, so what it references is not known`, {
        hint: 'nothing is collected until it is back; the next poll fetches it: `depot poll`',
      });
    }
    for (const entry of page?.entries ?? []) {
      if (entry.type === 'file' && isKept(entry.path)) for (const set of marks) set.add(entry.object);
    }
  }
}

function* touchedPages(
  store: Store,
  known: ReadonlySet<Sha256>,
  nowMs: number,
  control: JobControl,
): Generator<PageRef> {
  for (const { page, mtimeMs } of store.pages.list()) {
    control.throwIfStopped();
    if (known.has(page) || mtimeMs < nowMs - pageRestMs) continue;
    const text = store.pages.inspect(page);
    if (text !== undefined) yield { sha256: page, length: Buffer.byteLength(text) };
  }
}

function findStrangers(store: Store, repository: string, members: PrefixSet, control: JobControl): PackedHashes {
  const read = store.db.prepare<[string, Buffer, number], { sha256: Buffer }>(
    'SELECT sha256 FROM membership WHERE repository = ? AND sha256 > ? ORDER BY sha256 LIMIT ?',
  );
  const rows = pagedRows<{ sha256: Buffer }, Buffer>(
    (after, limit) => read.all(repository, after ?? Buffer.alloc(0), limit),
    ({ sha256 }) => sha256,
  );
  const found = new HashList();
  for (const { sha256 } of rows) {
    control.throwIfStopped();
    if (!members.has(fromBlob(sha256))) found.add(sha256, 0);
  }
  return found.done().hashes;
}
