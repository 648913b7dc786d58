import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '../model/entry.js';
import type { Store } from './store.js';
import { isCode } from './system-error.js';
import { TreeFiles } from './tree-files.js';

/** The link to the revision that clients get, and what says which it is. */
export const currentName = 'current';
export const descriptorName = 'depot-package.json';

/**
 * The installation copies of the packages of one repository: `<package>/<revision>/...`, `current` and a descriptor beside
 * them. Synchronous: for worker threads. A revision is made beside the tree and comes into place by one rename, and so does
 * `current`: a reader sees each whole. Everybody may read it, whatever the umask.
 */
export class PackageCopies {
  private readonly tree: string;
  private readonly staging: string;
  private made = 0;

  constructor(
    private readonly store: Store,
    private readonly repository: string,
  ) {
    this.tree = store.layout.tree(repository);
    this.staging = store.layout.treeStaging(repository);
    rmSync(this.staging, { recursive: true, force: true });
    mkdirSync(this.staging, { recursive: true });
    this.makeFolder(this.tree);
  }

  /** The names that stand in the tree. */
  names(): string[] {
    return readdirSync(this.tree);
  }

  /** The revisions of a package that stand there. */
  revisions(name: string): number[] {
    return readFolder(join(this.tree, name)).flatMap((each) => (/^[1-9]\d*$/.test(each) ? [Number(each)] : []));
  }

  /** Makes a revision ready. @returns what brings it into place */
  stage(name: string, revision: number, entries: Iterable<Entry>): () => void {
    this.made += 1;
    const root = join(this.staging, `revision-${this.made}`);
    const files = new TreeFiles(this.store, this.repository, { root, staging: join(this.staging, `new-${this.made}`) });
    files.makeRoot();
    let number = 0;
    for (const entry of entries) {
      number += 1;
      if (number % 500 === 0) files.noteLinks();
      if (entry.type !== 'folder') files.stage(number, entry);
      files.put(number, entry);
    }
    files.noteLinks();
    files.clearStaging();
    return () => {
      const folder = join(this.tree, name);
      this.makeFolder(folder);
      this.setAside(join(folder, String(revision)));
      renameSync(root, join(folder, String(revision)));
    };
  }

  /** From now on clients get this revision. @returns whether they got another one before */
  switchTo(name: string, revision: number): boolean {
    const current = join(this.tree, name, currentName);
    if (linkAt(current) === String(revision)) return false;
    const staged = join(this.staging, `current-${(this.made += 1)}`);
    symlinkSync(String(revision), staged);
    if (linkAt(current) === undefined) this.setAside(current);
    renameSync(staged, current);
    return true;
  }

  describe(name: string, text: string): void {
    const file = join(this.tree, name, descriptorName);
    if (textAt(file) === text) return;
    const staged = join(this.staging, `describe-${(this.made += 1)}`);
    writeFileSync(staged, text);
    chmodSync(staged, 0o444);
    renameSync(staged, file);
  }

  removeRevision(name: string, revision: number): void {
    this.setAside(join(this.tree, name, String(revision)));
  }

  remove(name: string): void {
    this.setAside(join(this.tree, name));
  }

  /** Deletes what was taken away. */
  finish(): void {
    rmSync(this.staging, { recursive: true, force: true });
  }

  /** What is no real folder there is in the way. */
  private makeFolder(path: string): void {
    const seen = lstatSync(path, { throwIfNoEntry: false });
    if (seen !== undefined && !seen.isDirectory()) this.setAside(path);
    if (mkdirSync(path, { recursive: true }) !== undefined) chmodSync(path, 0o755);
  }

  private setAside(path: string): void {
    try {
      renameSync(path, join(this.staging, `aside-${(this.made += 1)}`));
    } catch (error) {
      if (!isCode(error, 'ENOENT', 'ENOTDIR')) throw error;
    }
  }
}

function readFolder(path: string): string[] {
  try {
    return lstatSync(path).isDirectory() ? readdirSync(path) : [];
  } catch (error) {
    if (isCode(error, 'ENOENT')) return [];
    throw error;
  }
}

function linkAt(path: string): string | undefined {
  const seen = lstatSync(path, { throwIfNoEntry: false });
  return seen?.isSymbolicLink() === true ? readlinkSync(path) : undefined;
}

function textAt(path: string): string | undefined {
  const seen = lstatSync(path, { throwIfNoEntry: false });
  return seen?.isFile() === true ? readFileSync(path, 'utf8') : undefined;
}
