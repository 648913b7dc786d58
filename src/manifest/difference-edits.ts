import { comparePaths, type Entry } from '../model/entry.js';
import { cachedReader } from './cached-reader.js';
import { quoted } from '../model/paths.js';
import { copiedEntries } from './difference-lines.js';
import type { Edit } from './edit.js';
import { hasEntriesAt, type FolderCopy } from './folder-copies.js';
import { damaged } from './line.js';
import type { PageRef, ReadPage } from './page.js';
import { readEntries, summarize } from './read.js';
import { opener } from './walk.js';
import { keyOf, type DifferenceLine } from './stream-lines.js';

/**
 * The edits that lines stand for, in the order of paths. What copies make is bounded by what the older manifest holds.
 * @throws DepotError `manifest-damaged` where lines are out of order, or are about what is not in the older manifest
 */
export function* editsOf(lines: Iterable<DifferenceLine>, older: PageRef, read: ReadPage): Generator<Edit> {
  let before = '';
  /** Of a folder that is gone nothing else is said. */
  let gone: string | undefined;
  let copied: CopiedFolder | undefined;
  let room: number | undefined;
  const open = cachedReader(opener(read));
  for (const line of lines) {
    const key = keyOf(line);
    const isInGone = gone !== undefined && key.startsWith(`${gone}/`);
    if (comparePaths(before, key) >= 0 || isInGone)
      throw damaged(`in the difference ${quoted(key)} follows ${quoted(before)}`);
    before = key;
    if (copied !== undefined && !key.startsWith(`${copied.to}/`)) {
      yield* copied.before(undefined);
      copied = undefined;
    }
    if (copied !== undefined) {
      yield* copied.changed(line);
    } else if ('copyTo' in line) {
      const copy = { to: line.copyTo, from: line.from };
      if (hasEntriesAt(older, copy.to, open))
        throw damaged(`the difference copies to ${quoted(copy.to)}, which is not new`);
      room ??= summarize(older, read).entries;
      copied = new CopiedFolder(older, copy, read, () => {
        room = (room ?? 0) - 1;
        if (room < 0) throw damaged('the difference copies more than the older manifest holds');
      });
    } else if ('deleteFolder' in line) {
      gone = line.deleteFolder;
      let count = 0;
      for (const { path } of readEntries(older, read, { under: gone })) {
        count += 1;
        yield { delete: path };
      }
      if (count === 0) throw damaged(`the difference deletes ${quoted(gone)}, where nothing is`);
    } else {
      yield line;
    }
  }
  if (copied !== undefined) yield* copied.before(undefined);
}

/** The entries of a copied folder that were not given yet. */
class CopiedFolder {
  readonly to: string;
  private readonly entries: Iterator<Entry, void>;
  private next: Entry | undefined;

  constructor(
    older: PageRef,
    copy: FolderCopy,
    read: ReadPage,
    private readonly onEntry: () => void,
  ) {
    this.to = copy.to;
    this.entries = copiedEntries(older, copy, read);
    this.advance();
    if (this.next === undefined) throw damaged(`the difference copies ${quoted(copy.from)}, where nothing is`);
  }

  /** Those before a path; all without one. */
  *before(path: string | undefined): Generator<Edit> {
    for (let entry = this.next; entry !== undefined; entry = this.next) {
      if (path !== undefined && comparePaths(entry.path, path) >= 0) return;
      this.advance();
      yield { put: entry };
    }
  }

  /** What a line says of the copy. */
  *changed(line: DifferenceLine): Generator<Edit> {
    const path = keyOf(line);
    yield* this.before(path);
    const entry = this.next?.path === path ? this.next : undefined;
    if (entry !== undefined) this.advance();
    if ('put' in line) yield line;
    else if ('touch' in line && entry?.type === 'file') {
      yield { put: { ...entry, mtimeMs: line.mtimeMs, executable: line.executable } };
    } else if (!('delete' in line) || entry === undefined) {
      throw damaged(`of a copied folder the difference changes ${quoted(path)}, which is not in it`);
    }
  }

  private advance(): void {
    const result = this.entries.next();
    this.next = result.done === true ? undefined : result.value;
    if (this.next !== undefined) this.onEntry();
  }
}
