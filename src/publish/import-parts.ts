import { DepotError } from '../model/errors.js';
import { checkLinkTarget, quoted } from '../model/paths.js';
import { checkName, foldKey } from '../model/portable.js';
import type { HeldBack } from '../model/publish-status.js';
import type { WorkItem } from '../store/work-folder.js';

/** What is to become a revision, or the work copy: items with paths inside of it. */
export interface ImportPart {
  /** Of its folder in the source; empty where it is the source as a whole. */
  readonly name: string;
  /** The version that this name says; null for plain numbers, which are those of revisions. */
  readonly version: string | null;
  readonly items: readonly WorkItem[];
  readonly files: number;
  readonly bytes: number;
}

export type ImportAs = 'revisions' | 'work';

export interface ImportParts {
  readonly as: ImportAs;
  readonly parts: readonly ImportPart[];
  /** Paths beside the folders of revisions. */
  readonly beside: readonly string[];
}

/** `3`, `v1.2.3`, `2024-01`, `Rev 3`, `3.0.21-beta`; not `7zip`. */
const versionLike = /^(?:v|r|rev|revision|version)?[ ._-]?\d+(?:[._+~-][\da-z]+)*$/i;
const byNumbers = new Intl.Collator('en', { numeric: true });

/**
 * What a source is taken for. Where there is nothing but folders that are named like versions at its top, each is a revision, in
 * their natural order; else all of it is a work copy.
 * @param under the folder of the source to look at; its top where it is empty
 * @param as null where the names decide
 * @param from the name of the first revision that is wanted; null for all
 */
export function partsOf(
  all: readonly WorkItem[],
  under: string,
  as: ImportAs | null,
  from: string | null,
): ImportParts {
  const items = under === '' ? all : inside(all, under);
  const byTop = new Map<string, WorkItem[]>();
  for (const item of items) {
    const top = item.path.split('/', 1)[0] ?? '';
    const others = byTop.get(top);
    if (others === undefined) byTop.set(top, [item]);
    else others.push(item);
  }
  const isFolder = (top: string): boolean =>
    byTop.get(top)?.every(({ path, kind }) => path !== top || kind === 'folder') ?? false;
  const tops = [...byTop.keys()];
  const folders = tops.filter(isFolder);
  const isRevisions = tops.length > 0 && tops.every((top) => isFolder(top) && versionLike.test(top));
  if ((as ?? (isRevisions ? 'revisions' : 'work')) === 'work') {
    return { as: 'work', parts: [partOf('', items)], beside: [] };
  }
  const names = folders.sort((a, b) => byNumbers.compare(a, b));
  const first = from === null ? 0 : names.indexOf(from);
  if (first < 0) {
    throw new DepotError('not-found', `there is no folder ${quoted(from ?? '')} among the revisions`, {
      hint: `there are ${names.join(', ')}`,
      retry: 'never',
    });
  }
  const parts = names.slice(first).map((name) => partOf(name, inside(byTop.get(name) ?? [], name)));
  return { as: 'revisions', parts, beside: tops.filter((top) => !isFolder(top)) };
}

/** A folder at the top that holds nothing but what looks like revisions, for a hint. */
export function wrapperOf(items: readonly WorkItem[]): string | undefined {
  const tops = new Set(items.map(({ path }) => path.split('/', 1)[0] ?? ''));
  const [top = ''] = tops;
  if (tops.size !== 1) return undefined;
  return partsOf(items, top, null, null).as === 'revisions' ? top : undefined;
}

/** Why a part can be no revision: names, twins, links, what lies in a file. All problems at once, none where it is good. */
export function problemsOf({ name, items, files }: ImportPart): HeldBack[] {
  const problems: HeldBack[] = [];
  const prefix = name === '' ? '' : `${name}/`;
  const say = (path: string, reason: string): void => void problems.push({ path: `${prefix}${path}`, reason });
  const names = new Map<string, Map<string, string>>();
  const kinds = new Map(items.map(({ path, kind }) => [path, kind]));
  const seen = new Set<string>();
  for (const { path, kind, target } of items) {
    if (kind !== 'folder' && seen.has(path)) say(path, 'it is there twice');
    seen.add(path);
    const parts = path.split('/');
    for (const [depth, part] of parts.entries()) {
      const [folder, here] = [parts.slice(0, depth).join('/'), parts.slice(0, depth + 1).join('/')];
      const others = names.get(folder) ?? new Map<string, string>();
      names.set(folder, others);
      const twin = others.get(foldKey(part));
      if (twin === part) continue;
      others.set(foldKey(part), part);
      const flaw = checkName(part, 'portable');
      if (flaw !== undefined) say(here, `the name ${flaw}`);
      if (twin !== undefined) say(here, `Windows or macOS take it and ${quoted(twin)} for one name`);
    }
    const above = parts.slice(0, -1).map((_, depth) => parts.slice(0, depth + 1).join('/'));
    const file = above.find((folder) => (kinds.get(folder) ?? 'folder') !== 'folder');
    if (file !== undefined) say(path, `it lies in ${quoted(file)}, which is no folder`);
    const flaw = kind === 'link' ? checkLinkTarget(path, target) : undefined;
    if (flaw !== undefined) say(path, `the target ${quoted(target)} ${flaw}`);
  }
  if (files === 0) problems.push({ path: name === '' ? '.' : name, reason: 'there is no file in it' });
  return problems;
}

function inside(items: readonly WorkItem[], folder: string): WorkItem[] {
  const prefix = `${folder}/`;
  return items.flatMap((item) =>
    item.path.startsWith(prefix) ? [{ ...item, path: item.path.slice(prefix.length) }] : [],
  );
}

function partOf(name: string, items: readonly WorkItem[]): ImportPart {
  const files = items.filter(({ kind }) => kind === 'file');
  const version = name === '' || /^\d{1,4}$/.test(name) ? null : name;
  return { name, version, items, files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) };
}
