import { closeSync, lstatSync } from 'node:fs';
import { comparePaths } from '../model/entry.js';
import { allPaths, holdsPath, reachesInto, type PathRange } from './path-range.js';
import { attempt, Unknown } from './attempt.js';
import { fingerprintOf, type Fingerprint } from './fingerprint.js';
import { deviceOf, openFolder, within, type Child, type Folder, type NameRules } from './folder.js';

export interface FoundFile extends Fingerprint {
  readonly kind: 'file';
  readonly path: string;
  readonly executable: boolean;
}

/** What a walk comes upon. */
export type Found =
  | FoundFile
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  /** A folder in which nothing is published. */
  | { readonly kind: 'folder'; readonly path: string }
  /** It could not be looked at: what is there and below it is not known. */
  | { readonly kind: 'unknown'; readonly path: string; readonly reason: string }
  /** A name that is not published, as text for people. In no order. */
  | { readonly kind: 'held-back'; readonly path: string; readonly reason: string }
  /** A folder on which another file system is mounted. In no order. */
  | { readonly kind: 'mount'; readonly path: string };

export interface WalkRules extends NameRules {
  /** Folders on which a disk was mounted at the last scan and none is now: what they held is unknown. */
  readonly unmounted: ReadonlySet<string>;
}

/**
 * Looks through a source in the order of `comparePaths`. In memory is one listing for each folder above the place where
 * it is. No link is followed; file systems that are mounted below are walked too. What vanishes meanwhile is left out.
 * @param range what is looked for; a folder above it that cannot be looked at is told, too
 * @throws the error of the system where the root cannot be opened
 */
export function* walk(source: string, rules: WalkRules, range: PathRange = allPaths): Generator<Found> {
  const root = openFolder(source, '', rules);
  yield* walkFolder(root, deviceOf(root), rules, range);
}

/** Walks an open folder, and closes it. */
function* walkFolder(folder: Folder, device: bigint, rules: WalkRules, range: PathRange): Generator<Found> {
  /** Subfolders that are not empty, between their own place in the order and that of the paths below them. */
  const opened = new Map<string, Folder>();
  try {
    for (const held of folder.heldBack) if (holdsPath(range, held.path)) yield { kind: 'held-back', ...held };
    for (const step of stepsOf(folder, rules.unmounted)) {
      if (step.kind === 'below') {
        const subfolder = opened.get(step.name);
        if (subfolder === undefined) continue;
        opened.delete(step.name);
        const deviceBelow = deviceOf(subfolder);
        const path = folder.prefix + step.name.slice(0, -1);
        if (deviceBelow !== device && holdsPath(range, path)) yield { kind: 'mount', path };
        yield* walkFolder(subfolder, deviceBelow, rules, range);
        continue;
      }
      const path = folder.prefix + step.name;
      const isWanted = holdsPath(range, path);
      if (step.kind !== 'folder') {
        if (!isWanted) continue;
        const found = look(folder, step, path);
        if (found !== undefined) yield found;
        continue;
      }
      const isEntered = reachesInto(range, path);
      if (!isWanted && !isEntered) continue;
      const subfolder = openSubfolder(folder, step.name, path, rules);
      if (subfolder instanceof Unknown) {
        yield { kind: 'unknown', path, reason: subfolder.reason };
      } else if (subfolder !== undefined) {
        opened.set(`${step.name}/`, subfolder);
        if (isWanted && isEmpty(subfolder, rules.unmounted)) yield { kind: 'folder', path };
      }
    }
  } finally {
    for (const { descriptor } of [folder, ...opened.values()]) closeSync(descriptor);
  }
}

/** The place of the paths below a folder, which is not next to its own where `a.txt` stands beside `a`. */
interface Below {
  readonly kind: 'below';
  /** That of the folder, with a `/`. */
  readonly name: string;
}

function stepsOf(folder: Folder, unmounted: ReadonlySet<string>): (Child | Below)[] {
  const steps: (Child | Below)[] = [...folder.children, ...missingMounts(folder, unmounted)];
  for (const { kind, name } of [...steps]) if (kind === 'folder') steps.push({ kind: 'below', name: `${name}/` });
  return steps.sort((a, b) => comparePaths(a.name, b.name));
}

function isEmpty(folder: Folder, unmounted: ReadonlySet<string>): boolean {
  return folder.children.length === 0 && missingMounts(folder, unmounted).length === 0;
}

/** Mount points that were removed together with the mount, as if they were still there. */
function missingMounts(folder: Folder, unmounted: ReadonlySet<string>): Child[] {
  const missing: Child[] = [];
  for (const path of unmounted) {
    const name = path.slice(folder.prefix.length);
    if (!path.startsWith(folder.prefix) || name.includes('/')) continue;
    if (!folder.children.some((child) => child.name === name)) missing.push({ kind: 'folder', name });
  }
  return missing;
}

function look(folder: Folder, child: Child, path: string): Found | undefined {
  if (child.kind === 'link') return { kind: 'link', path, target: child.target };
  if (child.kind === 'unknown') return { kind: 'unknown', path, reason: child.reason };
  const file = within(folder, child.name);
  const stat = attempt(file, () => lstatSync(file, { bigint: true }));
  if (stat === undefined) return undefined;
  if (stat instanceof Unknown) return { kind: 'unknown', path, reason: stat.reason };
  if (!stat.isFile()) return { kind: 'unknown', path, reason: 'it was replaced while the source was scanned' };
  return { kind: 'file', path, executable: (stat.mode & 0o111n) !== 0n, ...fingerprintOf(stat) };
}

function openSubfolder(folder: Folder, name: string, path: string, rules: WalkRules): Folder | Unknown | undefined {
  if (rules.unmounted.has(path)) return new Unknown('a disk was mounted here at the last scan, and none is now');
  const file = within(folder, name);
  return attempt(file, () => openFolder(file, `${path}/`, rules));
}
