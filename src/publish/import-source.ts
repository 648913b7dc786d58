import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { memberBytes, zipMembers, type ZipMember } from '../encoding/unzip.js';
import type { ByteSource } from '../encoding/bytes.js';
import { DepotError } from '../model/errors.js';
import { checkStructure, maxPathBytes } from '../model/paths.js';
import { displayName } from '../model/portable.js';
import type { HeldBack } from '../model/publish-status.js';
import { isCode } from '../store/system-error.js';
import type { WorkItem } from '../store/work-folder.js';

/** What a folder or a zip file holds. */
export interface ImportSource {
  /** With paths from its top; they have the structure of a path, their names are not checked. */
  readonly items: readonly WorkItem[];
  /** What cannot be taken over, with the reason. */
  readonly problems: readonly HeldBack[];
  /** What systems leave behind for themselves. */
  readonly leftOut: readonly string[];
  readonly close: () => void;
}

const pieceBytes = 1024 ** 2;
const unix = { type: 0o170000, link: 0o120000, folder: 0o040000, file: 0o100000, executable: 0o111 } as const;
const leavings = /(?:^|\/)(?:__MACOSX(?:\/|$)|\.DS_Store$|Thumbs\.db$)/;

/**
 * Lists a folder or a zip file. The content of a zip is read by its directory and piece by piece, so it may be of any size.
 * @throws DepotError `not-found`, `bad-request` where it is neither
 */
export function openImport(path: string): ImportSource {
  const descriptor = open(path);
  let isOpen = true;
  const close = (): void => {
    if (isOpen) closeSync(descriptor);
    isOpen = false;
  };
  try {
    const seen = fstatSync(descriptor);
    if (seen.isDirectory()) return { ...sorted(inFolder(path)), close };
    if (!seen.isFile())
      throw new DepotError('bad-request', `${path} is neither a folder nor a file`, { retry: 'never' });
    const file = {
      size: seen.size,
      read: (into: Uint8Array, at: number) => readSync(descriptor, into, 0, into.length, at),
    };
    return { ...sorted(inZip(file)), close };
  } catch (error) {
    close();
    throw error;
  }
}

function open(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY);
  } catch (cause) {
    if (isCode(cause, 'ENOENT', 'ENOTDIR'))
      throw new DepotError('not-found', `there is no ${path}`, { retry: 'never' });
    throw new DepotError('no-permission', `${path} cannot be read: ${String(cause)}`, { cause, retry: 'never' });
  }
}

type Found = WorkItem | HeldBack;

function sorted(found: Iterable<Found>): Pick<ImportSource, 'items' | 'problems' | 'leftOut'> {
  const [items, problems, leftOut]: [WorkItem[], HeldBack[], string[]] = [[], [], []];
  for (const each of found) {
    if (leavings.test(each.path)) leftOut.push(each.path);
    else if ('reason' in each) problems.push(each);
    else items.push(each);
  }
  return { items, problems, leftOut };
}

function* inFolder(root: string, prefix = ''): Generator<Found> {
  for (const bytes of namesIn(join(root, prefix))) {
    const path = prefix + displayName(bytes);
    if (!isUtf8(bytes)) {
      yield { path, reason: 'the name is not UTF-8' };
      continue;
    }
    const file = join(root, prefix + bytes.toString('utf8'));
    const seen = lstatSync(file);
    const item = { path: prefix + bytes.toString('utf8'), mtimeMs: Math.floor(seen.mtimeMs), ...nothing };
    if (seen.isDirectory()) {
      yield { ...item, kind: 'folder' };
      yield* inFolder(root, `${item.path}/`);
    } else if (seen.isSymbolicLink()) {
      yield { ...item, kind: 'link', target: readlinkSync(file) };
    } else if (seen.isFile()) {
      const executable = (seen.mode & unix.executable) !== 0;
      yield { ...item, kind: 'file', size: seen.size, executable, read: () => contentOf(file) };
    } else {
      yield { path, reason: 'it is neither a file nor a link nor a folder' };
    }
  }
}

function namesIn(folder: string): Buffer[] {
  try {
    return readdirSync(folder, { encoding: 'buffer' }).sort(Buffer.compare);
  } catch (cause) {
    throw new DepotError('no-permission', `${folder} cannot be read: ${String(cause)}`, { cause, retry: 'never' });
  }
}

const nothing = { size: 0, executable: false, target: '', read: (): Iterable<Uint8Array> => [] } as const;

function* contentOf(file: string): Generator<Uint8Array> {
  // No link that was put in its place since it was listed.
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    for (;;) {
      const piece = Buffer.allocUnsafe(pieceBytes);
      const length = readSync(descriptor, piece, 0, piece.length, null);
      if (length === 0) return;
      yield piece.subarray(0, length);
    }
  } finally {
    closeSync(descriptor);
  }
}

function* inZip(file: ByteSource): Generator<Found> {
  for (const member of zipMembers(file)) {
    const isFolder = member.name.endsWith('/');
    const path = isFolder ? member.name.slice(0, -1) : member.name;
    const flaw = flawOf(path, member, isFolder);
    if (flaw === undefined) yield itemOf(file, member, path, isFolder);
    else yield { path, reason: flaw };
  }
}

function flawOf(path: string, { mode, size, flaw }: ZipMember, isFolder: boolean): string | undefined {
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'the path is absolute';
  const wrong = checkStructure(path);
  if (wrong !== undefined) return `the path ${wrong}`;
  if (flaw !== undefined) return `it ${flaw}`;
  const type = mode & unix.type;
  if (type === unix.link && size > maxPathBytes) return 'it is a link with a target that is too long';
  if (isFolder || type === 0 || type === unix.link || type === unix.file) return undefined;
  return type === unix.folder ? undefined : 'it is neither a file nor a link nor a folder';
}

function itemOf(file: ByteSource, member: ZipMember, path: string, isFolder: boolean): WorkItem {
  const { size, mtimeMs, mode } = member;
  const item = { path, mtimeMs, ...nothing };
  if (isFolder || (mode & unix.type) === unix.folder) return { ...item, kind: 'folder' };
  if ((mode & unix.type) === unix.link) {
    return { ...item, kind: 'link', target: Buffer.concat([...memberBytes(file, member)]).toString('utf8') };
  }
  const executable = (mode & unix.executable) !== 0;
  return { ...item, kind: 'file', size, executable, read: () => memberBytes(file, member) };
}
