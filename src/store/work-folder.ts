import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  futimesSync,
  lchownSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { asDepotError, DepotError } from '../model/errors.js';
import type { FileCount } from '../model/plan-status.js';
import { syncFilesystem } from './durable.js';
import { isCode } from './system-error.js';

/** A file, link or folder that is to be in a work copy. */
export interface WorkItem {
  /** Inside of it; whoever makes these has checked it, and that no two stand in each other's way. */
  readonly path: string;
  readonly kind: 'file' | 'link' | 'folder';
  readonly size: number;
  readonly mtimeMs: number;
  readonly executable: boolean;
  /** Of a link. */
  readonly target: string;
  /** The content of a file. */
  readonly read: () => Iterable<Uint8Array>;
}

/** What files of a work copy are to be like: those who may change its folder may change them, and the daemon can read them. */
interface Likeness {
  readonly mode: number;
  /** Null where they belong to whoever imports. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
}

/**
 * Makes a work copy what some items are. They are written beside it first, checked byte by byte; when they are durable in their
 * places, what was in it goes: a power cut leaves the old ones or the new ones, or both, the old ones beside the work copy. The
 * folder of the work copy itself stays, with its owner and mode, which are those of the new files too.
 * @param onWritten told of how much is written by now, piece by piece
 * @throws DepotError with the work copy as it was, or else saying so
 */
export async function replaceWorkCopy(
  work: string,
  items: readonly WorkItem[],
  onWritten: (done: FileCount) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const staging = join(dirname(work), `.import-${basename(work)}`);
  try {
    mkdirSync(staging, { mode: 0o700 });
  } catch (cause) {
    throw notMade(staging, cause);
  }
  const [fresh, before] = [join(staging, 'new'), join(staging, 'before')];
  try {
    const { mode, uid, gid } = statSync(work);
    const like = { mode: mode & 0o7777, owner: process.getuid?.() === 0 ? { uid, gid } : null };
    await write(fresh, items, like, onWritten, signal);
    mkdirSync(before);
    await syncFilesystem(staging);
    swap(work, fresh, before);
  } catch (thrown) {
    // What was in the work copy is back there, or could not be taken back and must stay.
    if (!holdsAnything(before)) rmSync(staging, { recursive: true, force: true });
    throw isCode(thrown, 'EACCES', 'EPERM') ? notAllowed(work, thrown) : asDepotError(thrown, `import into ${work}`);
  }
  try {
    await syncFilesystem(staging);
    rmSync(staging, { recursive: true, force: true });
  } catch (cause) {
    const code = isCode(cause, 'EACCES', 'EPERM') ? 'no-permission' : 'internal';
    throw new DepotError(code, `${work} has what was imported, but its old files could not all be removed`, {
      cause,
      hint: `look at the new files, then remove ${staging}, as somebody who may`,
      retry: 'never',
    });
  }
}

async function write(
  root: string,
  items: readonly WorkItem[],
  like: Likeness,
  onWritten: (done: FileCount) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const folders = new Set<string>(['']);
  const makeFolder = (path: string): void => {
    if (folders.has(path)) return;
    makeFolder(parentOf(path));
    mkdirSync(join(root, path));
    finish(join(root, path), like.mode | 0o700, like);
    folders.add(path);
  };
  const done = { files: 0, bytes: 0 };
  mkdirSync(root);
  for (const { path, kind, mtimeMs, executable, read } of items) {
    signal.throwIfAborted();
    if (kind === 'folder') makeFolder(path);
    if (kind !== 'file') continue;
    makeFolder(parentOf(path));
    const file = openSync(join(root, path), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
    try {
      for (const piece of read()) {
        for (let at = 0; at < piece.length;) at += writeSync(file, piece, at);
        done.bytes += piece.length;
        await onWritten(done);
        signal.throwIfAborted();
      }
      futimesSync(file, mtimeMs / 1000, mtimeMs / 1000);
    } finally {
      closeSync(file);
    }
    done.files += 1;
    await onWritten(done);
    finish(join(root, path), (like.mode & (executable ? 0o777 : 0o666)) | (executable ? 0o700 : 0o600), like);
  }
  // Last of all, so that nothing is written through one.
  for (const { path, target } of items.filter(({ kind }) => kind === 'link')) {
    makeFolder(parentOf(path));
    symlinkSync(target, join(root, path));
    if (like.owner !== null) lchownSync(join(root, path), like.owner.uid, like.owner.gid);
  }
}

function finish(path: string, mode: number, { owner }: Likeness): void {
  if (owner !== null) chownSync(path, owner.uid, owner.gid);
  chmodSync(path, mode);
}

/** Moves what is in the work copy away and the new content in; where that fails, all back. */
function swap(work: string, fresh: string, before: string): void {
  const moved: [from: string, to: string][] = [];
  const moveAll = (from: string, to: string): void => {
    for (const name of readdirSync(from)) {
      renameSync(join(from, name), join(to, name));
      moved.push([join(from, name), join(to, name)]);
    }
  };
  try {
    moveAll(work, before);
    moveAll(fresh, work);
  } catch (error) {
    for (const [from, to] of moved.reverse()) renameSync(to, from);
    throw error;
  }
}

function holdsAnything(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).length > 0;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function notMade(staging: string, cause: unknown): DepotError {
  if (isCode(cause, 'EEXIST')) {
    return new DepotError('bad-request', `another import is under way, or one was cut off: ${staging} is there`, {
      cause,
      hint: `what was in the work copy may be in ${join(staging, 'before')}; then remove it`,
      retry: 'never',
    });
  }
  return isCode(cause, 'EACCES', 'EPERM')
    ? notAllowed(dirname(staging), cause)
    : asDepotError(cause, `import beside ${staging}`);
}

function notAllowed(folder: string, cause: unknown): DepotError {
  return new DepotError('no-permission', `this user may not change all of ${folder}: ${String(cause)}`, {
    cause,
    hint: 'work copies are written by whoever imports, not by the daemon: use sudo, or an account that may edit them',
    retry: 'never',
  });
}
