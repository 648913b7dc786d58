import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path/posix';
import { cachedReader } from '../manifest/cached-reader.js';
import { findEntry } from '../manifest/read.js';
import { repeatable } from '../manifest/repeatable.js';
import type { PageRef, ReadPage } from '../manifest/page.js';
import { comparePaths, type Entry } from '../model/entry.js';
import { DepotError } from '../model/errors.js';
import { selectionKey, selector, type Selection } from '../model/selection.js';
import { syncFilesystem } from '../store/durable.js';
import type { Job, JobControl } from '../store/job.js';
import type { HeldPath } from '../store/holds.js';
import type { Store } from '../store/store.js';
import { TreeFiles } from '../store/tree-files.js';
import type { TreeRow } from '../store/trees.js';
import { reasonToHold, type HoldAbove } from './deletions.js';
import { HeldPaths } from './held-paths.js';
import { clearStaging, preparedFiles, preparedFolder, type Prepared } from './prepare-job.js';
import { treeChanges, type TreeChange, type TreeState } from './tree-changes.js';

export interface ApplyInput {
  readonly repository: string;
  readonly generation: number;
  readonly root: PageRef;
  readonly selection: Selection;
  readonly holdAbove: HoldAbove;
  readonly now: number;
  /** What `prepareTree` has made of a first copy, for this very target; null: nothing. */
  readonly prepared: Prepared | null;
}

export interface ApplyResult {
  readonly added: number;
  readonly replaced: number;
  readonly deleted: number;
  /** Deletions that were not done, under a new hold. */
  readonly held: number;
}

/**
 * Brings an installation copy from the state that it is in to a generation:
 * 1. Finish a switch that a crash cut short. A first copy that was prepared beside its place comes there by one rename.
 * 2. Count the deletions; beyond the limits, write down which paths are held.
 * 3. Stage all new content beside the tree, and make sure of the objects that files will be names of; one barrier makes it
 *    durable.
 * 4. Journal: from here on the switch is finished, also after a crash, before anything is served.
 * 5. The burst: links and renames into place, then the deletions, then the folders that they emptied.
 * 6. End the journal.
 * Each file is whole to every reader. Not guaranteed: that a reader of the plain files sees no mixture of two
 * generations during the burst; depotd's own listeners serve from the objects, by the manifest.
 */
export const applyTree: Job<ApplyInput, ApplyResult> = {
  name: 'apply-tree',
  async run(store, input, control) {
    const { repository, root, selection, generation } = input;
    await finishSwitch(store, repository, control);
    const tree = store.trees.get(repository);
    const files = new TreeFiles(store, repository);
    const isFirst = tree === undefined && store.holds.list(repository).length === 0 && files.isEmpty();
    const { prepared } = input;
    const isUsable = prepared !== null && selectionKey(prepared.selection) === selectionKey(selection);
    if (isFirst && isUsable && !preparedFiles(store, repository).isEmpty()) {
      return applyPrepared(store, input, prepared.after, files, control);
    }
    clearStaging(store, repository, root, control.throwIfStopped);
    const changes = repeatable(() => treeChanges(tree, input, cachedReader(store.pages.read)));
    const newlyHeld = holdDeletions(store, input, files, changes, control);
    const held = HeldPaths.load(store, repository);
    let number = 0;
    for (const change of changes) {
      number += 1;
      if (number % 500 === 0) {
        control.throwIfStopped();
        files.noteLinks();
      }
      if (change.kind === 'delete' || change.entry.type === 'folder') continue;
      if (held.blocking(change.entry.path) === undefined) files.stage(number, change.entry);
    }
    files.noteLinks();
    if (number > 0) await syncFilesystem(store.layout.data);
    store.trees.beginSwitch(repository, { generation, root, selection });
    return { ...(await burst(store, repository, files, changes, control)), held: newlyHeld };
  },
};

/**
 * The rest of a first copy that was prepared; then it is made durable, journalled, and moved into its place. A crash before the
 * rename leaves a switch that is done from the objects, one after it a switch that finds all in place.
 */
async function applyPrepared(
  store: Store,
  { repository, root, selection, generation }: ApplyInput,
  after: string,
  files: TreeFiles,
  control: JobControl,
): Promise<ApplyResult> {
  const whole = preparedFiles(store, repository);
  const size = { files: 0, bytes: 0 };
  let number = 0;
  for (const change of treeChanges(undefined, { root, selection }, cachedReader(store.pages.read))) {
    if (change.kind === 'delete') continue;
    const { entry } = change;
    count(size, entry, 1);
    if (comparePaths(entry.path, after) <= 0) continue;
    number += 1;
    if (number % 500 === 0) {
      control.throwIfStopped();
      whole.noteLinks();
    }
    if (entry.type !== 'folder') whole.stage(number, entry);
    whole.put(number, entry);
  }
  whole.noteLinks();
  await syncFilesystem(store.layout.data);
  store.trees.beginSwitch(repository, { generation, root, selection });
  files.takeWhole(preparedFolder(store, repository));
  await syncFilesystem(store.layout.data);
  store.trees.finishSwitch(repository, size);
  files.clearStaging();
  return { added: size.files, replaced: 0, deleted: 0, held: 0 };
}

/** Ends the journalled switches that a crash or a stop left; to be run before anything is served. Gives the repositories. */
export const finishSwitches: Job<undefined, string[]> = {
  name: 'finish-switches',
  async run(store, _input, control) {
    const unfinished = store.trees.list().filter(({ switching }) => switching !== undefined);
    for (const { repository } of unfinished) await finishSwitch(store, repository, control);
    return unfinished.map(({ repository }) => repository);
  },
};

async function finishSwitch(store: Store, repository: string, control: JobControl): Promise<void> {
  const to = store.trees.switching(repository);
  if (to === undefined) return;
  const from = store.trees.get(repository);
  const changes = repeatable(() => treeChanges(from, to, cachedReader(store.pages.read)));
  await burst(store, repository, new TreeFiles(store, repository), changes, control);
}

/** Steps 5 and 6, by the changes that the journal stands for; each part of them can be repeated. */
async function burst(
  store: Store,
  repository: string,
  files: TreeFiles,
  changes: Iterable<TreeChange>,
  control: JobControl,
): Promise<Omit<ApplyResult, 'held'>> {
  const from = store.trees.get(repository);
  const to = store.trees.switching(repository);
  if (to === undefined) throw new DepotError('internal', `no switch of ${repository} has begun`);
  const held = HeldPaths.load(store, repository);
  const read = cachedReader(store.pages.read);
  const done = { added: 0, replaced: 0, deleted: 0 };
  const size = { files: from?.files ?? 0, bytes: from?.bytes ?? 0 };
  const isForeign = from === undefined && !files.isEmpty();
  files.makeRoot();
  let number = 0;
  let deletions = 0;
  for (const change of changes) {
    number += 1;
    if (number % 500 === 0) {
      control.progress({ files: number, bytes: 0 });
      files.noteLinks();
    }
    if (change.kind === 'delete') {
      deletions += 1;
      continue;
    }
    count(size, change.entry, 1);
    if (change.kind === 'replace') count(size, change.old, -1);
    const blockedBy = held.blocking(change.entry.path);
    if (blockedBy !== undefined) {
      store.holds.addPaths(blockedBy, [{ path: change.entry.path, size: 0 }]);
      continue;
    }
    files.put(number, change.entry);
    const standing = held.holdOf(change.entry.path);
    if (standing !== undefined) store.holds.dropPaths(standing, [change.entry.path]);
    if (change.entry.type !== 'folder') done[change.kind === 'add' ? 'added' : 'replaced'] += 1;
  }
  files.noteLinks();
  const keeps = (folder: string): boolean => findEntry(to.root, folder, read)?.type === 'folder';
  let last: string | undefined;
  for (const change of deletions === 0 ? [] : changes) {
    if (change.kind !== 'delete') continue;
    count(size, change.old, -1);
    if (held.holdOf(change.old.path) !== undefined) continue;
    files.remove(change.old);
    // Of neighbours that go, the last one leaves the folder empty.
    if (last !== undefined && dirname(last) !== dirname(change.old.path)) files.removeEmptied(last, keeps);
    last = change.old.path;
    if (change.old.type !== 'folder') done.deleted += 1;
  }
  if (last !== undefined) files.removeEmptied(last, keeps);
  if (isForeign) {
    for (const path of foreignFiles(files, to, read)) {
      if (held.holdOf(path) !== undefined) continue;
      files.remove({ type: 'link', path, target: '' });
      files.removeEmptied(path, keeps);
    }
  }
  if (number > 0) await syncFilesystem(store.layout.data);
  store.trees.finishSwitch(repository, size);
  removeEmptyHolds(store, repository);
  clearStaging(store, repository, to.root, () => undefined);
  return done;
}

/** A hold whose files have all come back holds nothing, and nobody should be asked about it. */
function removeEmptyHolds(store: Store, repository: string): void {
  for (const { id, kind } of store.holds.list(repository)) {
    if (kind === 'deletions' && store.holds.paths(id).next().done === true) store.holds.remove(id);
  }
}

/** The size of an installation copy is that of what the manifest lets through; files that are held come on top of it. */
function count(size: { files: number; bytes: number }, entry: Entry, times: 1 | -1): void {
  if (entry.type === 'folder') return;
  size.files += times;
  if (entry.type === 'file') size.bytes += times * entry.size;
}

/** Where the catalogue was lost, the tree may hold files that no manifest accounts for. */
function* foreignFiles(files: TreeFiles, to: TreeState, read: ReadPage): Generator<string> {
  const selects = selector(to.selection);
  for (const path of files.listed()) {
    if (findEntry(to.root, path, read) === undefined || !selects(path)) yield path;
  }
}

/** Where the deletions that are not this depot's own doing exceed the limits, writes down a hold with their paths; gives their number. */
function holdDeletions(
  store: Store,
  input: ApplyInput,
  files: TreeFiles,
  changes: Iterable<TreeChange>,
  control: JobControl,
): number {
  const { repository, generation } = input;
  const tree = store.trees.get(repository);
  for (const hold of store.holds.list(repository)) {
    // Written by a run that was stopped before its switch; it is decided anew.
    if (hold.kind === 'deletions' && hold.generation > (tree?.generation ?? 0)) store.holds.remove(hold.id);
  }
  const deletions = (): Iterable<HeldPath> => pathsToDelete(store, input, tree, files, changes);
  const deleted = { files: 0, bytes: 0 };
  for (const { size } of deletions()) {
    deleted.files += 1;
    deleted.bytes += size;
  }
  if (deleted.files === 0) return 0;
  const reason = reasonToHold(deleted, tree?.files ?? [...files.listed()].length, input.holdAbove);
  if (reason === undefined) return 0;
  const id = randomBytes(4).toString('hex');
  const hold = { id, repository, kind: 'deletions', reason, ...deleted, generation, epoch: null } as const;
  store.holds.add({ ...hold, sinceMs: input.now });
  for (const rows of chunked(deletions(), 500)) {
    control.throwIfStopped();
    store.holds.addPaths(id, rows);
  }
  return deleted.files;
}

/** Files and links that would go, but for those that this depot does not want any more. */
function* pathsToDelete(
  store: Store,
  input: ApplyInput,
  tree: TreeRow | undefined,
  files: TreeFiles,
  changes: Iterable<TreeChange>,
): Generator<HeldPath> {
  if (tree === undefined) {
    if (files.isEmpty()) return;
    for (const path of foreignFiles(files, input, cachedReader(store.pages.read))) yield { path, size: 0 };
    return;
  }
  for (const change of changes) {
    if (change.kind !== 'delete' || change.withdrawn || change.old.type === 'folder') continue;
    yield { path: change.old.path, size: change.old.type === 'file' ? change.old.size : 0 };
  }
}

function* chunked<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let chunk: T[] = [];
  for (const item of items) {
    chunk.push(item);
    if (chunk.length === size) {
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
}
