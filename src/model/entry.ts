import type { Sha256 } from './sha256.js';

/** A file of a repository. `mtimeMs`: whole milliseconds since 1970; only the executable bit of the mode is kept. */
export interface FileEntry {
  readonly type: 'file';
  readonly path: string;
  readonly object: Sha256;
  /** Bytes of the object. */
  readonly size: number;
  readonly mtimeMs: number;
  readonly executable: boolean;
}

/** A symbolic link; `target` as it is written in the link, relative and inside the repository. */
export interface LinkEntry {
  readonly type: 'link';
  readonly path: string;
  readonly target: string;
}

/** An empty folder. Folders that hold something are implied by the paths of what they hold. */
export interface FolderEntry {
  readonly type: 'folder';
  readonly path: string;
}

export type Entry = FileEntry | LinkEntry | FolderEntry;

/** What turns one manifest into another: for each path at most one, in the order of `comparePaths`. */
export type Change =
  | { readonly kind: 'add'; readonly entry: Entry }
  | { readonly kind: 'replace'; readonly old: Entry; readonly entry: Entry }
  | { readonly kind: 'delete'; readonly old: Entry };

export function pathOf(change: Change): string {
  return change.kind === 'delete' ? change.old.path : change.entry.path;
}

export function sameEntry(a: Entry, b: Entry): boolean {
  if (a.path !== b.path) return false;
  if (a.type === 'file') {
    return (
      b.type === 'file' &&
      a.object === b.object &&
      a.size === b.size &&
      a.mtimeMs === b.mtimeMs &&
      a.executable === b.executable
    );
  }
  if (a.type === 'link') return b.type === 'link' && a.target === b.target;
  return b.type === 'folder';
}

/**
 * The order of a manifest: that of the paths' UTF-8 bytes. JavaScript compares UTF-16 units, which differs where a
 * character beyond U+FFFF meets one between U+E000 and U+FFFF.
 */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return byCodePoint(left) - byCodePoint(right);
  }
  return a.length - b.length;
}

/** Moves the surrogates (which stand for the code points above U+FFFF) behind all other units. */
function byCodePoint(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
