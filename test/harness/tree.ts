import { execFile } from 'node:child_process';
import { chmod, lstat, mkdir, opendir, readFile, readlink, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { utimesSeconds } from '../../src/store/stat.js';

/** A folder tree as a literal: paths with `/`, each with what stands there. Folders that hold something are implied. */
export type Tree = Readonly<Record<string, Node>>;

/** A plain string is a file with that text, not executable. */
export type Node = string | Bytes | Executable | Link | Folder;

interface Bytes {
  readonly type: 'bytes';
  /** Hexadecimal, so that a failed assertion is readable. */
  readonly hex: string;
}

interface Executable {
  readonly type: 'executable';
  readonly content: string | Bytes;
}

interface Link {
  readonly type: 'link';
  readonly target: string;
}

interface Folder {
  readonly type: 'folder';
}

/** A file of any bytes. What is valid UTF-8 is the same as the plain string of it, as `readTree` gives it back. */
export function bytes(content: Uint8Array): string | Bytes {
  const buffer = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const text = buffer.toString('utf8');
  return Buffer.from(text, 'utf8').equals(buffer) ? text : { type: 'bytes', hex: buffer.toString('hex') };
}

export function exe(content: string | Uint8Array): Executable {
  return { type: 'executable', content: typeof content === 'string' ? content : bytes(content) };
}

/** A symbolic link with exactly this target; nothing has to be there. */
export function link(target: string): Link {
  return { type: 'link', target };
}

/** An empty folder; its key ends with `/`. */
export function folder(): Folder {
  return { type: 'folder' };
}

/**
 * Writes the literal below `root`, which is created if need be. What stands at one of the paths is replaced, whatever
 * its type, and so is a file or link that stands where a folder must be; the rest stays.
 */
export async function tree(root: string, literal: Tree): Promise<void> {
  await mkdir(root, { recursive: true });
  for (const [key, node] of Object.entries(literal)) {
    const path = key.replace(/\/$/, '');
    await makeRoom(root, path);
    await writeNode(join(root, path), node);
  }
}

/** The literal that `tree` would write to get what is below `root`. Sorted by path; times are not part of it. */
export async function readTree(root: string): Promise<Tree> {
  const found: [string, Node][] = [];
  await readFolder(root, '', found);
  found.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(found);
}

/** Sets the time of last change, in milliseconds since 1970; a link keeps its own. */
export async function setTime(path: string, mtimeMs: number): Promise<void> {
  await utimes(path, utimesSeconds(mtimeMs), utimesSeconds(mtimeMs));
}

/** What `diff -r` says about two folders; the empty string where they are equal. Links are compared by their targets. */
export async function differences(left: string, right: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: 64 * 1024 * 1024, env: { ...process.env, LC_ALL: 'C' } };
    execFile('diff', ['-r', '--no-dereference', left, right], options, (error, stdout, stderr) => {
      // Code 1 is "they differ"; anything above is trouble and must never be taken for "equal".
      if (error === null || error.code === 1) resolve(stdout + stderr);
      else reject(new Error(`diff -r ${left} ${right}: ${stderr || error.message}`));
    });
  });
}

async function makeRoom(root: string, path: string): Promise<void> {
  const parts = path.split('/');
  for (let depth = 1; depth < parts.length; depth += 1) {
    const parent = join(root, ...parts.slice(0, depth));
    const there = await lstat(parent).catch(() => undefined);
    if (there !== undefined && !there.isDirectory()) await rm(parent);
  }
  const at = join(root, path);
  await rm(at, { recursive: true, force: true });
  await mkdir(dirname(at), { recursive: true });
}

async function writeNode(path: string, node: Node): Promise<void> {
  if (typeof node === 'string') return writeFile(path, node);
  switch (node.type) {
    case 'bytes':
      return writeFile(path, Buffer.from(node.hex, 'hex'));
    case 'executable':
      await writeNode(path, node.content);
      return chmod(path, 0o755);
    case 'link':
      return symlink(node.target, path);
    case 'folder':
      await mkdir(path);
  }
}

/** @returns how many entries the folder holds */
async function readFolder(root: string, prefix: string, found: [string, Node][]): Promise<number> {
  let entries = 0;
  for await (const entry of await opendir(join(root, prefix))) {
    entries += 1;
    const path = prefix + entry.name;
    if (entry.isDirectory()) {
      const inside = await readFolder(root, `${path}/`, found);
      if (inside === 0) found.push([`${path}/`, folder()]);
    } else if (entry.isSymbolicLink()) {
      found.push([path, link(await readlink(join(root, path)))]);
    } else if (entry.isFile()) {
      const content = await readFile(join(root, path));
      const { mode } = await lstat(join(root, path));
      found.push([path, (mode & 0o111) === 0 ? bytes(content) : exe(content)]);
    } else {
      throw new Error(`${join(root, path)} is neither file, link nor folder`);
    }
  }
  return entries;
}
