import { diffManifests } from '../manifest/diff.js';
import type { PageRef, ReadPage } from '../manifest/page.js';
import { findEntry, readEntries } from '../manifest/read.js';
import { rememberedDiff } from '../manifest/remembered.js';
import { comparePaths, pathOf, sameEntry, type Change, type Entry } from '../model/entry.js';
import { selectionKey, selector, type Selection } from '../model/selection.js';

/** What an installation copy shows: the entries of a manifest that a selection lets through. */
export interface TreeState {
  readonly root: PageRef;
  readonly selection: Selection;
}

/** What an installation copy shows now, and how much that is. */
export interface AppliedTree extends TreeState {
  readonly generation: number;
  readonly files: number;
}

/**
 * A change of an installation copy. `withdrawn`: deleted because this depot's own selection no longer asks for it,
 * which is its administrator's doing; other deletions are the publisher's, and the limits on deletions count those.
 */
export type TreeChange = Change & { readonly withdrawn: boolean };

/** What turns one installation copy into another, in the order of paths. Its cost follows the change, unless the selection changed. */
export function* treeChanges(from: TreeState | undefined, to: TreeState, read: ReadPage): Generator<TreeChange> {
  if (from === undefined || selectionKey(from.selection) === selectionKey(to.selection)) {
    const selects = selector(to.selection);
    const changes =
      from === undefined ? diffManifests(undefined, to.root, read) : rememberedDiff(from.root, to.root, read);
    for (const change of changes) {
      if (selects(pathOf(change))) yield { ...change, withdrawn: false };
    }
    return;
  }
  const before = selected(from, read);
  const after = selected(to, read);
  let old = before.next();
  let entry = after.next();
  while (old.done !== true || entry.done !== true) {
    const order = old.done === true ? 1 : entry.done === true ? -1 : comparePaths(old.value.path, entry.value.path);
    if (order < 0 && old.done !== true) {
      yield { kind: 'delete', old: old.value, withdrawn: findEntry(to.root, old.value.path, read) !== undefined };
    } else if (order > 0 && entry.done !== true) {
      yield { kind: 'add', entry: entry.value, withdrawn: false };
    } else if (old.done !== true && entry.done !== true && !sameEntry(old.value, entry.value)) {
      yield { kind: 'replace', old: old.value, entry: entry.value, withdrawn: false };
    }
    if (order <= 0) old = before.next();
    if (order >= 0) entry = after.next();
  }
}

function* selected(state: TreeState, read: ReadPage): Generator<Entry> {
  const selects = selector(state.selection);
  for (const entry of readEntries(state.root, read)) if (selects(entry.path)) yield entry;
}
