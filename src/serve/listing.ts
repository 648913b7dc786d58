import { iso } from '../model/moment.js';
import { findEntry, listFolder, type Listed } from '../manifest/read.js';
import type { PageRef } from '../manifest/page.js';
import { DepotError } from '../model/errors.js';
import { quoted } from '../model/paths.js';
import { selector, type Selection } from '../model/selection.js';
import type { ListedEntry, Listing } from '../model/listing.js';
import type { HoldStatus } from '../model/status.js';
import type { HeadRow } from '../store/heads.js';
import type { Store } from '../store/store.js';
import { requireHold } from './queries.js';

type Send = (entries: readonly ListedEntry[]) => Promise<void>;

/** Entries of a listing that are sent at a time. */
const batchSize = 500;

/**
 * Sends what lies directly in a folder of a repository ('' is its root), or the one file or link of that path, in the
 * order of the manifest.
 * @param generation the one of the installation copy (at the master the newest) when null
 * @param selection what this depot follows; entries outside of it are marked
 * @throws DepotError `not-found`
 */
export async function listPath(
  store: Store,
  repository: string,
  path: string,
  generation: number | null,
  selection: Selection | null,
  send: Send,
): Promise<Listing> {
  const head = headToList(store, repository, generation).head;
  const isSelected = selection === null ? () => true : selector(selection);
  const folder = path.replace(/^\/+|\/+$/g, '');
  let batch: ListedEntry[] = [];
  let isEmpty = true;
  for (const listed of listOrFind(store, head.root, folder)) {
    isEmpty = false;
    batch.push(listedEntry(listed, isSelected));
    if (batch.length < batchSize) continue;
    await send(batch);
    batch = [];
  }
  if (isEmpty && folder !== '' && findEntry(head.root, folder, store.pages.read) === undefined) {
    throw new DepotError('not-found', `generation ${head.generation} of ${repository} has no ${quoted(folder)}`, {
      hint: `depot ls ${repository}`,
      retry: 'never',
    });
  }
  if (batch.length > 0) await send(batch);
  return { repository, generation: head.generation, path: folder };
}

function* listOrFind(store: Store, root: PageRef, path: string): Generator<Listed> {
  const found = path === '' ? undefined : findEntry(root, path, store.pages.read);
  if (found !== undefined && found.type !== 'folder') yield found;
  else yield* listFolder(root, path, store.pages.read);
}

function listedEntry(listed: Listed, isSelected: (path: string) => boolean): ListedEntry {
  const { type, path } = listed;
  return {
    type,
    path,
    bytes: type === 'file' ? listed.size : type === 'folder' ? listed.bytes : 0,
    files: type === 'folder' ? listed.files : 1,
    modifiedAt: type === 'file' ? iso(listed.mtimeMs) : null,
    executable: type === 'file' && listed.executable,
    target: type === 'link' ? listed.target : null,
    selected: type === 'folder' || isSelected(path),
  };
}

function headToList(store: Store, repository: string, generation: number | null): HeadRow {
  if (generation !== null) {
    const asked = store.heads.get(repository, generation);
    if (asked !== undefined) return asked;
    const held = store.heads.list(repository).map(({ head }) => head.generation);
    const range = held.length === 0 ? 'none is' : `held are ${held.at(-1)} to ${held[0]}`;
    throw new DepotError('not-found', `generation ${generation} of ${repository} is not held here: ${range}`, {
      hint: `depot history ${repository}`,
      retry: 'never',
    });
  }
  const tree = store.trees.get(repository);
  const shown = tree?.root === undefined ? undefined : store.heads.get(repository, tree.generation);
  const head = shown ?? store.heads.list(repository).find(({ complete }) => complete !== undefined);
  if (head !== undefined) return head;
  throw new DepotError('not-found', `nothing of ${repository} is here yet`, {
    hint: `depot poll ${repository} --wait`,
    retry: 'never',
  });
}

/**
 * Sends the paths of a hold, in their order.
 * @throws DepotError `not-found`
 */
export async function listHeld(store: Store, id: string, send: Send): Promise<HoldStatus> {
  const hold = requireHold(store, id);
  let batch: ListedEntry[] = [];
  for (const { path, size } of store.holds.paths(id)) {
    batch.push({
      type: 'file',
      path,
      bytes: size,
      files: 1,
      modifiedAt: null,
      executable: false,
      target: null,
      selected: true,
    });
    if (batch.length < batchSize) continue;
    await send(batch);
    batch = [];
  }
  if (batch.length > 0) await send(batch);
  return hold;
}
