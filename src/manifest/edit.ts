import { comparePaths, type Change, type Entry } from '../model/entry.js';
import { quoted } from '../model/paths.js';
import { sha256 } from '../model/sha256.js';
import { assembly, type Assembly } from './assembly.js';
import { checkManifest } from './check.js';
import { damaged } from './line.js';
import { rootOf, type ManifestRoot, type Page, type PageRef, type ReadPage, type WritePage } from './page.js';
import { alone, opener, openRoot, openSubtree, subtreesOf, type OpenPage, type Place, type Subtree } from './walk.js';

/**
 * A change to one path that does not repeat what was there before: an entry takes the place, or is new; the path goes;
 * a file keeps its object and gets another time or mode.
 */
export type Edit =
  | { readonly put: Entry }
  | { readonly delete: string }
  | { readonly touch: string; readonly mtimeMs: number; readonly executable: boolean };

export function editOf(change: Change): Edit {
  if (change.kind === 'delete') return { delete: change.old.path };
  const { entry } = change;
  const old = change.kind === 'replace' ? change.old : undefined;
  const sameObject =
    old?.type === 'file' && entry.type === 'file' && old.object === entry.object && old.size === entry.size;
  return sameObject ? { touch: entry.path, mtimeMs: entry.mtimeMs, executable: entry.executable } : { put: entry };
}

function editedPath(edit: Edit): string {
  return 'put' in edit ? edit.put.path : 'delete' in edit ? edit.delete : edit.touch;
}

/**
 * The manifest that `buildManifest` makes of the edited entries. Pages that no edit touches are taken over unread, but
 * for those behind a boundary that came or went; so the cost follows the edits. The root page is written last, when
 * all is known to be well: a root that is there stands for a manifest that was made sure of.
 * @param edits in the order of paths, at most one a path
 * @throws DepotError `manifest-damaged` where an edit deletes or touches what is not there (it was made for another
 * manifest), or where a path would be an entry and a folder; `path-refused`
 */
export function editManifest(root: PageRef, edits: Iterable<Edit>, read: ReadPage, write: WritePage): ManifestRoot {
  const open = opener(read);
  const pages = assembly(write);
  const pending = pendingEdits(edits);
  try {
    editPage(openRoot(root, open), alone, pending, pages, open);
  } finally {
    pending.close();
  }
  let rootText: string | undefined;
  const top = pages.finish((text) => {
    rootText = text;
    return { sha256: sha256(text), length: Buffer.byteLength(text) };
  });
  const readEdited: ReadPage = (ref) => (ref.sha256 === top.sha256 && rootText !== undefined ? rootText : read(ref));
  const edited = lowestRoot(top, opener(readEdited));
  checkManifest(root, edited, readEdited);
  if (rootText !== undefined) write(rootText);
  return edited;
}

/** The edits that are still to be made. */
interface PendingEdits {
  /** The next edit, if it belongs before `path`, or at it; any next one without a path. */
  before(path?: string): Edit | undefined;
  at(path: string): Edit | undefined;
  /** Whether one falls on a path of the page, or on one that would have its place there. */
  reach(subtree: Subtree): boolean;
  /** Lets go of where they come from, when not all were taken. */
  close(): void;
}

function pendingEdits(edits: Iterable<Edit>): PendingEdits {
  const iterator = edits[Symbol.iterator]();
  let next: Edit | undefined;
  let path = '';
  const advance = (): Edit | undefined => {
    const made = next;
    const result = iterator.next();
    next = result.done === true ? undefined : result.value;
    if (next !== undefined) {
      const following = editedPath(next);
      if (comparePaths(path, following) >= 0) {
        throw damaged(`the edit of ${quoted(following)} follows that of ${quoted(path)}`);
      }
      path = following;
    }
    return made;
  };
  advance();
  return {
    before: (limit) =>
      next !== undefined && (limit === undefined || comparePaths(path, limit) < 0) ? advance() : undefined,
    at: (wanted) => (next !== undefined && path === wanted ? advance() : undefined),
    reach: ({ branch, isLast }) => next !== undefined && (isLast || comparePaths(path, branch.last) <= 0),
    close: () => void iterator.return?.(),
  };
}

function editPage(page: Page, place: Place, pending: PendingEdits, pages: Assembly, open: OpenPage): void {
  if (page.branches !== undefined) {
    for (const subtree of subtreesOf(page, place)) {
      if (!pending.reach(subtree) && pages.fits(subtree.level)) pages.appendPage(subtree.branch, subtree.level);
      else editPage(openSubtree(subtree, open), subtree, pending, pages, open);
    }
    return;
  }
  const appendNew = (path?: string): void => {
    for (let edit = pending.before(path); edit !== undefined; edit = pending.before(path)) {
      pages.append(entryAfter(undefined, edit));
    }
  };
  for (const old of page.entries) {
    appendNew(old.path);
    const edit = pending.at(old.path);
    if (edit === undefined) pages.append(old);
    else if (!('delete' in edit)) pages.append(entryAfter(old, edit));
  }
  if (place.isLast) appendNew();
}

function entryAfter(old: Entry | undefined, edit: Edit): Entry {
  if ('put' in edit) return edit.put;
  if ('delete' in edit) throw damaged(`the edit deletes ${quoted(edit.delete)}, which is not there`);
  if (old?.type !== 'file') throw damaged(`the edit keeps the object of ${quoted(edit.touch)}, where no file is`);
  return { ...old, mtimeMs: edit.mtimeMs, executable: edit.executable };
}

/** Where a single page is left, which came whole, the root is the first page at or below it that is not just a way to another. */
function lowestRoot(root: ManifestRoot, open: OpenPage): ManifestRoot {
  const branches = open(root).branches;
  const [only] = branches ?? [];
  return only !== undefined && branches?.length === 1 ? lowestRoot(rootOf(only), open) : root;
}
