import { describe, expect, test } from 'vitest';
import { buildManifest } from '../../src/manifest/build.js';
import { pageRefs } from './page-refs.js';
import { comparePaths, type Entry, type FileEntry } from '../../src/model/entry.js';
import { sha256 } from '../../src/model/sha256.js';
import { differenceText } from './difference-text.js';
import { pagesInMemory } from './pages-in-memory.js';

/** Every depot of a company must agree on these bytes: a golden file changes only together with the version of its format. */
const golden = (name: string): string => `../golden/manifest/${name}`;

function file(path: string, facts: Partial<FileEntry> = {}): FileEntry {
  return {
    type: 'file',
    path,
    object: sha256(path),
    size: path.length,
    mtimeMs: 1_790_000_000_000,
    executable: false,
    ...facts,
  };
}

const kinds: Entry[] = [
  file('README.md', { size: 0, mtimeMs: 0 }),
  file('bin/tool', { executable: true }),
  file('bin/tool 2'),
  { type: 'link', path: 'bin/latest', target: 'tool' },
  { type: 'link', path: 'docs/up', target: '../bin/./tool 2' },
  { type: 'folder', path: 'var' },
  file('bin-old/tool', { size: Number.MAX_SAFE_INTEGER - 10_000 }),
  file('Ω/größe.txt'),
  file('\uffee.txt'),
  file('\u{1f600}.txt', { mtimeMs: 8_640_000_000_000_000 }),
];

function manyFiles(count: number): Entry[] {
  return Array.from({ length: count }, (_, at) => file(`set ${at % 7}/${at}`));
}

function sorted(entries: Entry[]): Entry[] {
  return entries.toSorted((a, b) => comparePaths(a.path, b.path));
}

describe('the bytes of format 1 stay', () => {
  test('of the empty manifest', () => {
    const { sha256: hash, length } = buildManifest([], pagesInMemory().write);
    expect({ hash, length }).toEqual({ hash: sha256('depotd-page\t1\t0\n'), length: 16 });
  });

  test('of a page with all kinds of entries', async () => {
    const pages = pagesInMemory();
    const root = buildManifest(sorted(kinds), pages.write);
    await expect(pages.read(root)).toMatchFileSnapshot(golden('kinds.page'));
  });

  test('of a page of pages, and of every page below it by hash', async () => {
    const pages = pagesInMemory();
    const root = buildManifest(sorted(manyFiles(20_000)), pages.write);
    await expect(pages.read(root)).toMatchFileSnapshot(golden('root.page'));
    const list = [...pageRefs(root, pages.read)].map(({ ref, level }) => `${level} ${ref.sha256} ${ref.length}\n`);
    await expect(list.join('')).toMatchFileSnapshot(golden('pages-of-20000.txt'));
  });

  test('of a difference with all kinds of changes', async () => {
    const pages = pagesInMemory();
    const from = buildManifest(sorted(kinds), pages.write);
    const to = buildManifest(
      sorted([
        ...kinds.slice(3),
        file('README.md', { size: 0, mtimeMs: 1 }),
        file('bin/tool', { executable: true, object: sha256('v2') }),
        file('new.txt'),
        { type: 'link', path: 'now', target: 'bin' },
        { type: 'folder', path: 'empty' },
      ]),
      pages.write,
    );
    const text = differenceText(from, to, pages.read);
    await expect(text).toMatchFileSnapshot(golden('kinds.difference'));
  });
});
