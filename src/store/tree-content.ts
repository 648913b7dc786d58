import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import type { FileEntry } from '../model/entry.js';
import type { Sha256 } from '../model/sha256.js';
import { hashFile } from './hash-file.js';
import type { Objects } from './objects.js';
import { utimesSeconds } from './stat.js';
import { isCode } from './system-error.js';

/** ext4 allows 65,000 names of one inode. */
const maxLinks = 60_000;

/**
 * How a file of an installation copy gets the content of its object: as a reflink where the file system has them; else as a
 * hard link where mode and mtime, which belong to the inode, are the object's; else as a copy.
 */
export class TreeContent {
  private canClone = true;
  /** Known from the first link. */
  private canLink: boolean | undefined;
  private readonly linked = new Set<Sha256>();

  constructor(private readonly objects: Objects) {}

  /**
   * Makes the file, where that takes a look at its bytes; false where it is to be a hard link to the object, which is
   * durable and can be made when it is needed.
   * @throws DepotError `object-missing`, `object-damaged`: the object is forgotten then, and fetched again
   */
  make(entry: FileEntry, file: string): boolean {
    // Of an inode that was linked a moment ago the new ctime must be known before it is checked.
    if (this.linked.has(entry.object)) this.noteLinks();
    const object = this.objects.checked(entry.object);
    if (!this.clone(object.file, file)) {
      const isSame = object.executable === entry.executable && object.mtimeMs === entry.mtimeMs;
      if (isSame && object.links < maxLinks && this.canLink !== false) {
        if (this.canLink === true) return false;
        this.canLink = this.link(entry, file);
        if (this.canLink) return true;
      }
      copyFileSync(object.file, file);
    }
    setAttributes(entry, file);
    return true;
  }

  /** False where something has the name already, or the file system does not want another one for the inode. */
  link({ object }: FileEntry, file: string): boolean {
    try {
      linkSync(this.objects.fileOf(object), file);
    } catch (error) {
      if (isCode(error, 'EEXIST', 'EMLINK', 'EXDEV', 'EPERM', 'ENOTSUP')) return false;
      if (isCode(error, 'ENOENT')) this.objects.checked(object);
      throw error;
    }
    this.linked.add(object);
    return true;
  }

  /**
   * Whether a file is the entry's, by its content too: a build that can be reproduced has files of one size and time in all its
   * versions, and that of the version before may be what stands there.
   */
  isAt(entry: FileEntry, file: string): boolean {
    const seen = lstatSync(file, { throwIfNoEntry: false });
    if (seen?.isFile() !== true || seen.size !== entry.size) return false;
    if (Math.floor(seen.mtimeMs) !== entry.mtimeMs || ((seen.mode & 0o111) !== 0) !== entry.executable) return false;
    const object = statSync(this.objects.fileOf(entry.object), { throwIfNoEntry: false });
    const isOne = object !== undefined && object.ino === seen.ino && object.dev === seen.dev;
    return isOne || hashFile(file).sha256 === entry.object;
  }

  /** Takes a name from the file system that may be one of the object, which stays known as it is. */
  unlink({ object }: FileEntry, file: string): void {
    if (this.linked.has(object)) this.noteLinks();
    if (this.objects.has(object)) this.objects.checked(object);
    rmSync(file);
    this.linked.add(object);
  }

  copyDurably(entry: FileEntry, file: string): void {
    copyFileSync(this.objects.fileOf(entry.object), file);
    setAttributes(entry, file);
    const descriptor = openSync(file, 'r');
    fsyncSync(descriptor);
    closeSync(descriptor);
  }

  /** The file was renamed; it may be a name of the object. */
  moved({ object }: FileEntry): void {
    this.linked.add(object);
  }

  /** After some hundred calls: link and rename gave inodes another ctime, which the catalogue must know. */
  noteLinks(): void {
    this.objects.noteLinked([...this.linked]);
    this.linked.clear();
  }

  /** A copy that shares its blocks with the object, where the file system can do that. */
  private clone(from: string, to: string): boolean {
    if (!this.canClone) return false;
    try {
      copyFileSync(from, to, constants.COPYFILE_FICLONE_FORCE);
      return true;
    } catch (error) {
      if (isCode(error, 'ENOSPC', 'EDQUOT', 'EIO', 'EACCES')) throw error;
      this.canClone = false;
      rmSync(to, { force: true });
      return false;
    }
  }
}

function setAttributes({ executable, mtimeMs }: FileEntry, file: string): void {
  chmodSync(file, executable ? 0o555 : 0o444);
  const mtime = utimesSeconds(mtimeMs);
  utimesSync(file, mtime, mtime);
}
