import { iso } from '../model/moment.js';
import { lstatSync, readdirSync, readlinkSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { readEntries } from '../manifest/read.js';
import { comparePaths, type Entry, type FileEntry } from '../model/entry.js';
import { selector } from '../model/selection.js';
import type { TreeFinding } from '../model/upkeep-status.js';
import type { HashedFile } from './hash-file.js';
import { currentName, descriptorName } from './package-copies.js';
import { fileStat } from './stat.js';
import type { Store } from './store.js';
import { isCode } from './system-error.js';
import type { TreeTarget } from './trees.js';

/** Reads a file to its end; the caller paces, counts and stops. */
export type HashFile = (path: string) => Promise<HashedFile>;

/**
 * Where the installation copy of a repository is not what its manifest and its selection say; files that a hold keeps are
 * no finding. A file that is one with its object is not read: objects are verified by themselves.
 * @throws DepotError `manifest-damaged`
 */
export async function* findTreeFaults(store: Store, repository: string, hash: HashFile): AsyncGenerator<TreeFinding> {
  const tree = store.trees.get(repository);
  // In the middle of a switch it is neither the one nor the other.
  if (tree === undefined || store.trees.switching(repository) !== undefined) return;
  const folder = store.layout.tree(repository);
  const found = (path: string, problem: TreeFinding['problem'], detail: string): TreeFinding => ({
    repository,
    path,
    problem,
    detail,
  });
  const isHeld = follower(store.holds.heldPaths(repository));
  const isBeside = store.heads.newest(repository)?.head.kind === 'packages' ? isBesideRevisions : () => false;
  for (const { path, entry, standing } of merged(wanted(store, tree), listTree(folder, ''))) {
    if (isHeld(path) || isBeside(path)) continue;
    if (entry === undefined) {
      if (standing === undefined || (standing.type === 'folder' && isFolderOf(store, tree, path))) continue;
      yield found(path, 'foreign', standing.type);
    } else if (standing === undefined) {
      // An empty folder in which held or foreign files stand is there all the same.
      if (entry.type !== 'folder' || !isFolder(join(folder, path))) yield found(path, 'missing', entry.type);
    } else {
      const detail = await faultOf(store, join(folder, path), entry, standing.type, hash);
      if (detail !== undefined) yield found(path, 'altered', detail);
    }
  }
}

/** What depotd writes into the folder of a package besides its revisions. */
function isBesideRevisions(path: string): boolean {
  const [, name, inside] = path.split('/', 3);
  return inside === undefined && (name === currentName || name === descriptorName);
}

function* wanted(store: Store, tree: TreeTarget, under = ''): Generator<Entry> {
  const selects = selector(tree.selection);
  for (const entry of readEntries(tree.root, store.pages.read, { under })) if (selects(entry.path)) yield entry;
}

/** Whether something should stand in the folder. */
function isFolderOf(store: Store, tree: TreeTarget, folder: string): boolean {
  return wanted(store, tree, folder).next().done !== true;
}

/** What should stand and what stands, path by path. */
function* merged(
  entries: Iterator<Entry>,
  found: Iterator<Standing>,
): Generator<{ path: string; entry: Entry | undefined; standing: Standing | undefined }> {
  let entry = take(entries);
  let standing = take(found);
  for (;;) {
    const path = [entry?.path, standing?.path].filter((known) => known !== undefined).sort(comparePaths)[0];
    if (path === undefined) return;
    const isWanted = entry?.path === path;
    const isHere = standing?.path === path;
    yield { path, entry: isWanted ? entry : undefined, standing: isHere ? standing : undefined };
    if (isWanted) entry = take(entries);
    if (isHere) standing = take(found);
  }
}

/** Whether a path is among the sorted ones; to be asked in their order. */
function follower(paths: Iterator<string>): (path: string) => boolean {
  let next = take(paths);
  return (path) => {
    while (next !== undefined && comparePaths(next, path) < 0) next = take(paths);
    return next === path;
  };
}

function take<Item>(items: Iterator<Item>): Item | undefined {
  const next = items.next();
  return next.done === true ? undefined : next.value;
}

interface Standing {
  readonly path: string;
  readonly type: 'file' | 'link' | 'folder' | 'special file';
}

/** Files, links and empty folders, in the order of a manifest. */
function* listTree(root: string, folder: string): Generator<Standing> {
  const listed = readFolder(join(root, folder)).map((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    const isFull = entry.isDirectory() && readFolder(join(root, path)).length > 0;
    return { entry, path, isFull, key: isFull ? `${path}/` : path };
  });
  for (const { entry, path, isFull } of listed.sort((a, b) => comparePaths(a.key, b.key))) {
    if (isFull) yield* listTree(root, path);
    else yield { path, type: typeOf(entry) };
  }
}

function typeOf(entry: Dirent): Standing['type'] {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  return entry.isSymbolicLink() ? 'link' : 'special file';
}

function readFolder(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if (isCode(error, 'ENOENT')) return [];
    throw error;
  }
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

async function faultOf(
  store: Store,
  path: string,
  entry: Entry,
  type: Standing['type'],
  hash: HashFile,
): Promise<string | undefined> {
  if (type !== entry.type) return `a ${type} instead of a ${entry.type}`;
  if (entry.type === 'folder') return undefined;
  if (entry.type === 'file') return fileFault(store, path, entry, hash);
  const target = readlinkSync(path);
  return target === entry.target ? undefined : `leads to ${target} instead of ${entry.target}`;
}

async function fileFault(store: Store, path: string, entry: FileEntry, hash: HashFile): Promise<string | undefined> {
  const seen = fileStat(lstatSync(path, { bigint: true }));
  if (seen.size !== entry.size) return `${seen.size} bytes instead of ${entry.size}`;
  if (seen.executable !== entry.executable) return seen.executable ? 'is executable' : 'is not executable';
  if (seen.mtimeMs !== entry.mtimeMs) {
    return `changed at ${iso(seen.mtimeMs)} instead of ${iso(entry.mtimeMs)}`;
  }
  const object = lstatSync(store.layout.objectFile(entry.object), { bigint: true, throwIfNoEntry: false });
  if (object !== undefined && Number(object.ino) === seen.inode) return undefined;
  return (await hash(path)).sha256 === entry.object ? undefined : 'its bytes were altered';
}
