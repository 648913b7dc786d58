import { lstatSync, opendirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isSystemError, reasonOf, Unknown } from './attempt.js';

/** What tells one source folder from another that stands at the same path. */
export interface SourceIdentity {
  readonly device: number;
  /** Its low 53 bits. */
  readonly inode: number;
  /** Type of the file system and, where that identifies it beyond a restart, its name: `ext4`, `nfs4 nas:/tools`. */
  readonly filesystem: string;
}

/**
 * File systems whose device numbers are handed out anew at each mount, and whose mounts have a name of their own. Disks
 * are not among them: their numbers are steady, and where they are not, refusing is the safe side.
 */
const knownByName = /^(?:nfs4?|cifs|smb3|ceph|9p|virtiofs|btrfs|zfs|fuse\.(?:sshfs|glusterfs))$/;

/** File systems on which changes made by other machines cannot be watched. */
const remote = /^(?:nfs4?|cifs|smb3|ceph|9p|virtiofs|fuse\..*)(?: |$)/;

export function isRemote(identity: Pick<SourceIdentity, 'filesystem'>): boolean {
  return remote.test(identity.filesystem);
}

export interface SourceHistory {
  /** The source as it was when it was last published from; undefined when it never was, or that was lost. */
  readonly last: (SourceIdentity & { readonly path: string }) | undefined;
  /** Files and links of the newest generation. */
  readonly publishedFiles: number;
}

/**
 * Why nothing may be published from the source as it is now; undefined where nothing speaks against it. An unmounted
 * disk is a readable, empty folder: taken at its word, it would delete every file on every depot. A repository in which
 * there is nothing to lose is not guarded.
 * @param isEmpty whether there is nothing in the source that could be published
 */
export function reasonToRefuse(
  path: string,
  now: SourceIdentity,
  { last, publishedFiles }: SourceHistory,
  isEmpty: () => boolean,
): string | undefined {
  if (publishedFiles === 0) return undefined;
  const files = publishedFiles === 1 ? 'the one published file' : `the ${publishedFiles} published files`;
  if (last !== undefined && last.path !== path) {
    return `the source was ${last.path} and is ${path} now; what is missing there of ${files} would be deleted everywhere`;
  }
  if (last !== undefined && !isSame(last, now)) {
    return `${path} is another folder than at the last scan (${describe(last)} then, ${describe(now)} now), as when a disk is not mounted`;
  }
  if (isEmpty()) return `${path} has nothing to publish, and ${files} would be deleted everywhere`;
  return undefined;
}

/** The inode must be the same, and the device; in place of the device the name, where numbers do not last. */
function isSame(a: SourceIdentity, b: SourceIdentity): boolean {
  if (a.inode !== b.inode || a.filesystem !== b.filesystem) return false;
  return a.device === b.device || a.filesystem.includes(' ');
}

function describe({ device, inode, filesystem }: SourceIdentity): string {
  return `inode ${inode} on ${filesystem}, device ${device}`;
}

/** What stands at the path of the source now, if it can be listed. A link is followed: a source may be named by one. */
export function identify(path: string): SourceIdentity | Unknown {
  try {
    const stat = statSync(path, { bigint: true });
    if (!stat.isDirectory()) return new Unknown('it is not a folder');
    const listing = opendirSync(path);
    try {
      listing.readSync();
    } finally {
      listing.closeSync();
    }
    return {
      device: Number(stat.dev),
      inode: Number(BigInt.asUintN(53, stat.ino)),
      filesystem: filesystemOf(realpathSync(path), readFileSync('/proc/self/mountinfo', 'utf8')),
    };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return new Unknown(error.code === 'ENOENT' ? 'it is not there' : reasonOf(error));
  }
}

/**
 * The file system that holds a path, by its mount: the last one of the table (proc(5), mountinfo) whose mount point is
 * the longest part of the path.
 */
export function filesystemOf(path: string, mountinfo: string): string {
  let found = 'unknown';
  let longest = -1;
  for (const line of mountinfo.split('\n')) {
    const [mount, source] = line.split(' - ');
    const [, , , root = '', point] = (mount ?? '').split(' ');
    const [type, name] = (source ?? '').split(' ');
    if (point === undefined || type === undefined || name === undefined) continue;
    const folder = unescape(point);
    if (folder.length < longest || !(path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`))) continue;
    longest = folder.length;
    found = knownByName.test(type) ? `${type} ${unescape(name)}${root === '/' ? '' : ` ${unescape(root)}`}` : type;
  }
  return found;
}

/** The table writes blanks, line ends and backslashes as three octal digits. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** Those of the folders on which nothing is mounted any more. One whose parent is gone too was removed on purpose. */
export function unmountedOf(source: string, mounts: readonly string[]): Set<string> {
  return new Set(
    mounts.filter((mount) => {
      const point = join(source, mount);
      const parent = deviceOf(dirname(point));
      return parent !== undefined && (deviceOf(point) ?? parent) === parent;
    }),
  );
}

function deviceOf(path: string): bigint | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false })?.dev;
  } catch {
    return undefined;
  }
}
