import { comparePaths, sameEntry, type Change, type Entry } from '../model/entry.js';
import type { SourceFile } from '../store/sources.js';
import { mtimeMsOf } from './fingerprint.js';
import { liesBelow } from './index-update.js';

/** What is to be done for one path: a change, or an entry that stays though its file could not be read. */
export type Merged = Change | { readonly kind: 'stays'; readonly entry: Entry };

/**
 * What leads from the published entries to those of the index, in the order of paths; both are sorted so. Unknown is not
 * empty: where the index knows no content, and below what could not be looked at, the published entries stay.
 */
export function* mergeIndex(rows: Iterable<SourceFile>, published: Iterable<Entry>): Generator<Merged> {
  const unknown = new Set<string>();
  const entries = published[Symbol.iterator]();
  const next = (): Entry | undefined => {
    const result = entries.next();
    return result.done === true ? undefined : result.value;
  };
  const withoutRow = (old: Entry): Merged =>
    unknown.size > 0 && liesBelow(old.path, unknown) ? { kind: 'stays', entry: old } : { kind: 'delete', old };

  let old = next();
  for (const row of rows) {
    for (; old !== undefined && comparePaths(old.path, row.path) < 0; old = next()) yield withoutRow(old);
    const before = old?.path === row.path ? old : undefined;
    if (before !== undefined) old = next();

    if (row.type === 'unknown') unknown.add(row.path);
    const isKnown = row.type !== 'unknown' && (unknown.size === 0 || !liesBelow(row.path, unknown));
    const entry = isKnown ? entryOf(row) : undefined;
    if (entry === undefined) {
      if (before !== undefined) yield { kind: 'stays', entry: before };
    } else if (before === undefined) {
      yield { kind: 'add', entry };
    } else if (!sameEntry(before, entry)) {
      yield { kind: 'replace', old: before, entry };
    }
  }
  for (; old !== undefined; old = next()) yield withoutRow(old);
}

/** Undefined where the content is not known. */
export function entryOf(row: SourceFile): Entry | undefined {
  const { path, target, object, size, executable } = row;
  if (row.type === 'folder') return { type: 'folder', path };
  if (row.type === 'link') return target === null ? undefined : { type: 'link', path, target };
  return object === null ? undefined : { type: 'file', path, object, size, mtimeMs: mtimeMsOf(row), executable };
}
