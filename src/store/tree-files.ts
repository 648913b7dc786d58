import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Entry, FileEntry, LinkEntry } from '../model/entry.js';
import { DepotError } from '../model/errors.js';
import type { Store } from './store.js';
import { isCode } from './system-error.js';
import { TreeContent } from './tree-content.js';

/** Staged names in one folder. */
const stagedPerFolder = 1000;

/**
 * The plain files of one installation copy. Synchronous: for worker threads. New content is staged beside the tree and
 * comes into place by a rename, or as another name of its object, so a reader sees each file whole, the old one or the new
 * one. Nothing is written through a symbolic link: each folder on the way is looked at, and what is not a real folder is set
 * aside first.
 */
export class TreeFiles {
  readonly root: string;
  private readonly staging: string;
  private readonly realFolders = new Set<string>();
  private readonly content: TreeContent;
  private asideCount = 0;
  private stagingFolder = '';
  /** By number: what is only linked when it is put into place. */
  private readonly isLink: true[] = [];

  constructor(
    private readonly store: Store,
    repository: string,
    places: { readonly root: string; readonly staging: string } = {
      root: store.layout.tree(repository),
      staging: store.layout.treeStaging(repository),
    },
  ) {
    this.root = places.root;
    this.staging = places.staging;
    this.content = new TreeContent(store.objects);
  }

  /** Whether there is anything in the tree. */
  isEmpty(): boolean {
    try {
      return readdirSync(this.root).length === 0;
    } catch (error) {
      if (isCode(error, 'ENOENT')) return true;
      throw error;
    }
  }

  /** Makes the folder of the tree, also where nothing will be in it. */
  makeRoot(): void {
    this.makeFolder('');
  }

  /** Moves a folder that was made elsewhere into the place of the tree, which is empty. */
  takeWhole(folder: string): void {
    renameSync(folder, this.root);
  }

  /** Drops what an earlier run staged and set aside. */
  clearStaging(): void {
    rmSync(this.staging, { recursive: true, force: true });
    this.stagingFolder = '';
  }

  /**
   * Makes the content of a file or link ready under a number, on the file system of the tree.
   * @throws DepotError `object-missing`, `object-damaged`: the object is forgotten then, and fetched again
   */
  stage(number: number, entry: FileEntry | LinkEntry): void {
    const staged = this.staged(number);
    this.makeStaging(staged);
    if (!this.make(entry, staged)) this.isLink[number] = true;
  }

  /** After some hundred calls of `stage` or `put`: link and rename gave inodes another ctime, which the catalogue must know. */
  noteLinks(): void {
    this.content.noteLinks();
  }

  /** Brings an entry into place. Can be repeated: what is in place already stays, what was lost from the staging is made anew. */
  put(number: number, entry: Entry): void {
    const final = this.final(entry.path);
    if (entry.type === 'folder') {
      this.makeFolder(entry.path);
      return;
    }
    this.makeFolder(parentOf(entry.path));
    if (entry.type === 'file' && this.isLink[number] === true) {
      this.linkInto(number, final, entry);
      return;
    }
    try {
      this.moveInto(this.staged(number), final, entry.path);
    } catch (error) {
      if (!isCode(error, 'ENOENT')) throw error;
      if (this.isInPlace(entry, final)) return;
      this.stagingFolder = '';
      const fresh = this.freshlyStaged(number);
      if (!this.make(entry, fresh) && entry.type === 'file') {
        this.linkInto(number, final, entry);
        return;
      }
      this.moveInto(fresh, final, entry.path);
    }
    if (entry.type === 'file') this.content.moved(entry);
  }

  /** Deletes a file, link or empty folder; absent ones, and what has taken the path meanwhile, stay as they are. */
  remove(entry: Entry): void {
    const final = this.final(entry.path);
    if (!this.parentIsReal(entry.path)) return;
    try {
      if (entry.type === 'folder') rmdirSync(final);
      else unlinkSync(final);
    } catch (error) {
      if (!isCode(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EPERM', 'ENOTEMPTY', 'EEXIST')) throw error;
    }
    if (entry.type === 'folder') this.realFolders.delete(entry.path);
  }

  /** Deletes the folders above a deleted path that hold nothing any more, up to one that `keeps` names. */
  removeEmptied(path: string, keeps: (folder: string) => boolean): void {
    for (let folder = parentOf(path); folder !== ''; folder = parentOf(folder)) {
      if (keeps(folder) || !this.parentIsReal(folder)) return;
      try {
        rmdirSync(this.final(folder));
      } catch (error) {
        if (isCode(error, 'ENOENT')) continue;
        return;
      }
      this.realFolders.delete(folder);
    }
  }

  /** Takes a file away whose object is needed on; absent ones are left. `noteLinks` is to be called after some hundred. */
  letGo(entry: FileEntry): void {
    if (!this.parentIsReal(entry.path)) return;
    const final = this.final(entry.path);
    if (lstatSync(final, { throwIfNoEntry: false })?.isFile() === true) this.content.unlink(entry, final);
  }

  /** Paths of all files and links that are on disk, in no order. */
  *listed(folder = ''): Generator<string> {
    for (const name of readdirSync(this.final(folder), { withFileTypes: true })) {
      const path = folder === '' ? name.name : `${folder}/${name.name}`;
      if (name.isDirectory()) yield* this.listed(path);
      else yield path;
    }
  }

  private linkInto(number: number, final: string, entry: FileEntry): void {
    if (this.content.link(entry, final)) return;
    const staged = this.freshlyStaged(number);
    // Where it cannot be linked either, the object has got all the names that it can have since it was staged.
    if (!this.content.link(entry, staged)) this.content.copyDurably(entry, staged);
    this.moveInto(staged, final, entry.path);
  }

  /** @returns false where a file is to be a hard link to its object, and is not made */
  private make(entry: FileEntry | LinkEntry, staged: string): boolean {
    if (entry.type === 'file') return this.content.make(entry, staged);
    symlinkSync(entry.target, staged);
    return true;
  }

  private isInPlace(entry: FileEntry | LinkEntry, final: string): boolean {
    if (entry.type === 'file') return this.content.isAt(entry, final);
    const seen = lstatSync(final, { throwIfNoEntry: false });
    return seen?.isSymbolicLink() === true && readlinkSync(final) === entry.target;
  }

  /**
   * A name beside the staged one, for what is made during the burst: after a crash nobody takes for staged what was not made
   * durable before it.
   */
  private freshlyStaged(number: number): string {
    const fresh = `${this.staged(number)}.fresh`;
    this.makeStaging(fresh);
    rmSync(fresh, { force: true });
    return fresh;
  }

  private makeStaging(staged: string): void {
    if (dirname(staged) === this.stagingFolder) return;
    this.stagingFolder = dirname(staged);
    mkdirSync(this.stagingFolder, { recursive: true });
  }

  private staged(number: number): string {
    return join(this.staging, String(Math.floor(number / stagedPerFolder)), String(number));
  }

  private final(path: string): string {
    return path === '' ? this.root : join(this.root, path);
  }

  private moveInto(staged: string, final: string, path: string): void {
    try {
      renameSync(staged, final);
    } catch (error) {
      if (!isCode(error, 'EISDIR', 'ENOTEMPTY', 'EEXIST')) throw error;
      this.setAside(path);
      renameSync(staged, final);
    }
    // A rename onto another name of the same inode does nothing; `clearStaging` takes the staged name away.
  }

  private makeFolder(path: string): void {
    if (this.realFolders.has(path)) return;
    if (path === '') {
      mkdirSync(this.root, { recursive: true });
      if (!isFolder(this.root)) {
        throw new DepotError('path-refused', `the installation copy ${this.root} is a link or a file, not a folder`, {
          hint: `move it away; to keep trees on another disk, put all of ${this.store.layout.data} there`,
          retry: 'never',
        });
      }
    } else {
      this.makeFolder(parentOf(path));
      const seen = lstatSync(this.final(path), { throwIfNoEntry: false });
      if (seen !== undefined && !seen.isDirectory()) this.setAside(path);
      if (seen?.isDirectory() !== true) mkdirSync(this.final(path));
    }
    chmodSync(this.final(path), 0o755);
    this.realFolders.add(path);
  }

  /** Looked at from the top, so that no look ever goes through a link, which may lead round in a circle. */
  private parentIsReal(path: string): boolean {
    const folder = parentOf(path);
    if (folder === '' || this.realFolders.has(folder)) return true;
    return this.parentIsReal(folder) && isFolder(this.final(folder));
  }

  /** Moves what stands at a path, of another type than what comes, out of the tree. */
  private setAside(path: string): void {
    const aside = join(this.staging, 'aside');
    mkdirSync(aside, { recursive: true });
    this.asideCount += 1;
    renameSync(this.final(path), join(aside, String(this.asideCount)));
    for (const folder of this.realFolders) {
      if (folder === path || folder.startsWith(`${path}/`)) this.realFolders.delete(folder);
    }
  }
}

/** Not a link to one, and not below a file. */
function isFolder(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

function parentOf(path: string): string {
  const parent = dirname(path);
  return parent === '.' ? '' : parent;
}
