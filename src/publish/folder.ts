import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, opendirSync, openSync, readlinkSync, type Dirent } from 'node:fs';
import { comparePaths } from '../model/entry.js';
import { checkLinkTarget, maxPathBytes, quoted } from '../model/paths.js';
import { checkName, displayName, foldKey, type NamePolicy } from '../model/portable.js';
import type { HeldBack } from '../model/publish-status.js';
import { attempt, Unknown } from './attempt.js';

/** What decides which names of a folder are published. */
export interface NameRules {
  readonly names: NamePolicy;
  /** Asked with a path of the repository; a folder that is excluded is not looked into. */
  readonly isExcluded: (path: string) => boolean;
  /** Whether the newest generation has this path, or anything below it. */
  readonly isPublished: (path: string) => boolean;
}

export type Child =
  | { readonly kind: 'file' | 'folder'; readonly name: string }
  | { readonly kind: 'link'; readonly name: string; readonly target: string }
  /** A link that cannot be read. */
  | { readonly kind: 'unknown'; readonly name: string; readonly reason: string };

/** An open folder of the source. Whoever opens it closes its descriptor. */
export interface Folder {
  readonly descriptor: number;
  /** Path in the repository with a `/` at the end; empty for the root. */
  readonly prefix: string;
  /** What is published, in no order. */
  readonly children: readonly Child[];
  readonly heldBack: readonly HeldBack[];
}

/**
 * A name in an open folder, reached through its descriptor: a link that somebody puts in place of a folder above it is
 * never followed, so nothing outside of the source can be published by a race.
 */
export function within(folder: Pick<Folder, 'descriptor'>, name: string): string {
  return `/proc/self/fd/${folder.descriptor}/${name}`;
}

/**
 * Opens and lists a folder. Names that are not published are sorted out, with the reason unless they are excluded.
 * @param file where it is. A link is followed only for the root (`prefix` is empty): a source may be named by one
 * @throws the error of the system
 */
export function openFolder(file: string, prefix: string, rules: NameRules): Folder {
  const noLink = prefix === '' ? 0 : constants.O_NOFOLLOW;
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_DIRECTORY | noLink);
  try {
    const heldBack: HeldBack[] = [];
    const named = readChildren(descriptor, prefix, rules, heldBack);
    const children = rules.names === 'posix' ? named : withoutTwins(named, prefix, rules, heldBack);
    return { descriptor, prefix, children, heldBack };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** The device of an open folder, as `stat` names it. */
export function deviceOf(folder: Folder): bigint {
  return fstatSync(folder.descriptor, { bigint: true }).dev;
}

function readChildren(descriptor: number, prefix: string, rules: NameRules, heldBack: HeldBack[]): Child[] {
  const children: Child[] = [];
  const place: Place = { descriptor, prefix, names: rules.names };
  for (const dirent of listing(`/proc/self/fd/${descriptor}`)) {
    const name = isUtf8(dirent.name) ? dirent.name.toString('utf8') : undefined;
    if (name !== undefined && rules.isExcluded(prefix + name)) continue;
    const child = name === undefined ? 'the name is not UTF-8' : judge(dirent, name, place);
    if (typeof child === 'string') heldBack.push({ path: prefix + displayName(dirent.name), reason: child });
    else if (child !== undefined) children.push(child);
  }
  return children;
}

/** Reads a folder by and by: it may have a million names. They come as bytes, which Node's types do not know of. */
function* listing(path: string): Generator<Dirent<Buffer>> {
  const folder = opendirSync(path, { encoding: 'buffer' as BufferEncoding, bufferSize: 256 });
  try {
    for (let dirent = folder.readSync(); dirent !== null; dirent = folder.readSync()) {
      yield dirent as unknown as Dirent<Buffer>;
    }
  } finally {
    folder.closeSync();
  }
}

interface Place {
  readonly descriptor: number;
  readonly prefix: string;
  readonly names: NamePolicy;
}

/** The child, or why it is held back; undefined where it is gone. */
function judge(dirent: Dirent<Buffer>, name: string, place: Place): Child | string | undefined {
  const flaw = checkName(name, place.names);
  if (flaw !== undefined) return `the name ${flaw}`;
  const bytes = Buffer.byteLength(place.prefix) + Buffer.byteLength(name);
  if (bytes > maxPathBytes) return `the path has ${bytes} bytes, more than ${maxPathBytes}`;
  if (dirent.isFile()) return { name, kind: 'file' };
  if (dirent.isDirectory()) return { name, kind: 'folder' };
  if (dirent.isSymbolicLink()) return judgeLink(name, place);
  const kind = dirent.isSocket() ? 'a socket' : dirent.isFIFO() ? 'a pipe' : 'a device';
  return `it is ${kind}; files, links and folders are published`;
}

function judgeLink(name: string, place: Place): Child | string | undefined {
  const file = within(place, name);
  const bytes = attempt(file, () => readlinkSync(file, { encoding: 'buffer' }));
  if (bytes === undefined) return undefined;
  if (bytes instanceof Unknown) return { kind: 'unknown', name, reason: bytes.reason };
  if (!isUtf8(bytes)) return `the target "${displayName(bytes)}" is not UTF-8`;
  const target = bytes.toString('utf8');
  const flaw = checkLinkTarget(place.prefix + name, target);
  return flaw === undefined ? { kind: 'link', name, target } : `the target ${quoted(target)} ${flaw}`;
}

/**
 * Of names that some system takes for one, the one that is published already stays, and the others are held back; where
 * none is, or several are (the policy was changed), all are. So the result does not depend on the order of a listing.
 */
function withoutTwins(children: Child[], prefix: string, rules: NameRules, heldBack: HeldBack[]): Child[] {
  const twins = new Map<string, string[]>();
  const seen = new Set<string>();
  for (const { name } of children) {
    const key = foldKey(name);
    if (seen.has(key)) twins.set(key, []);
    seen.add(key);
  }
  if (twins.size === 0) return children;
  for (const { name } of children) twins.get(foldKey(name))?.push(name);

  const dropped = new Set<string>();
  for (const names of twins.values()) {
    names.sort(comparePaths);
    const published = names.filter((name) => rules.isPublished(prefix + name));
    for (const name of names) {
      if (published.length === 1 && published[0] === name) continue;
      const others = names.filter((other) => other !== name).map((other) => quoted(prefix + other));
      dropped.add(name);
      heldBack.push({ path: prefix + name, reason: `Windows or macOS take it and ${others.join(', ')} for one name` });
    }
  }
  return children.filter(({ name }) => !dropped.has(name));
}
