import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildManifest } from '../../src/manifest/build.js';
import { entriesAt, findEntry, listFolder, readEntries, summarize, type Listed } from '../../src/manifest/read.js';
import { comparePaths, type Entry } from '../../src/model/entry.js';
import { anyPath, entrySet } from './arbitrary-entries.js';
import { pagesInMemory } from './pages-in-memory.js';

function manifestOf(entries: readonly Entry[]) {
  const pages = pagesInMemory();
  const root = buildManifest(entries, pages.write);
  pages.counts();
  return { pages, root };
}

/** 20,000 files in 200 folders. */
const many: Entry[] = Array.from({ length: 20_000 }, (_, at): Entry => {
  const path = `${String(at % 200).padStart(3, '0')}/${at}`;
  return { type: 'file', path, object: '0'.repeat(64) as never, size: 1, mtimeMs: 0, executable: false };
}).sort((a, b) => comparePaths(a.path, b.path));

describe('one folder', () => {
  test('holds the entries whose paths begin with it', () => {
    fc.assert(
      fc.property(entrySet, anyPath, (entries, folder) => {
        const { pages, root } = manifestOf(entries);
        const expected = entries.filter(({ path }) => path.startsWith(`${folder}/`));
        expect([...readEntries(root, pages.read, { under: folder })]).toEqual(expected);
      }),
    );
  });

  test('is listed with the sums of the folders in it', () => {
    fc.assert(
      fc.property(entrySet, fc.oneof(anyPath, fc.constantFrom('', 'edge', 'a')), (entries, folder) => {
        const { pages, root } = manifestOf(entries);
        expect([...listFolder(root, folder, pages.read)]).toEqual(listed(entries, folder));
      }),
      { numRuns: 300 },
    );
  });

  test('is read and listed without the pages of other folders', () => {
    const { pages, root } = manifestOf(many);
    expect([...readEntries(root, pages.read, { under: '117' })]).toHaveLength(100);
    expect(pages.counts().read).toBeLessThan(10);
    expect([...listFolder(root, '117', pages.read)]).toHaveLength(100);
    expect(pages.counts().read).toBeLessThan(10);
  });

  test('of few large folders is listed without reading into them', () => {
    const folders = many.map((entry) => ({ ...entry, path: `${entry.path < '100' ? 'x' : 'y'}/${entry.path}` }));
    const { pages, root } = manifestOf(folders);
    expect([...listFolder(root, '', pages.read)]).toEqual([
      { type: 'folder', path: 'x', entries: 10_000, files: 10_000, bytes: 10_000 },
      { type: 'folder', path: 'y', entries: 10_000, files: 10_000, bytes: 10_000 },
    ]);
    expect(pages.counts().read).toBeLessThan(10);
  });
});

/** What `listFolder` should give, from the entries themselves. */
function listed(entries: readonly Entry[], folder: string): Listed[] {
  const depth = folder === '' ? 0 : folder.length + 1;
  const found: Listed[] = [];
  for (const entry of entries) {
    if (folder !== '' && !entry.path.startsWith(`${folder}/`)) continue;
    const slash = entry.path.indexOf('/', depth);
    if (slash === -1) {
      found.push(entry.type === 'folder' ? { ...entry, entries: 0, files: 0, bytes: 0 } : entry);
      continue;
    }
    const path = entry.path.slice(0, slash);
    const sums = { entries: 1, files: entry.type === 'folder' ? 0 : 1, bytes: entry.type === 'file' ? entry.size : 0 };
    const at = found.findIndex((other) => other.path === path);
    const before = at === -1 ? undefined : found.splice(at, 1)[0];
    if (before?.type === 'folder') {
      sums.entries += before.entries;
      sums.files += before.files;
      sums.bytes += before.bytes;
    }
    found.push({ type: 'folder', path, ...sums });
  }
  return found;
}

test('an entry is found by its path, and what is not there is not', () => {
  fc.assert(
    fc.property(entrySet, fc.array(anyPath), (entries, others) => {
      const { pages, root } = manifestOf(entries);
      for (const path of [...entries.map((entry) => entry.path), ...others, `a/${'x'.repeat(9)}`]) {
        expect(findEntry(root, path, pages.read)).toEqual(entries.find((entry) => entry.path === path));
      }
    }),
  );
});

test('entries are found by their paths in order, as if all were read', () => {
  fc.assert(
    fc.property(entrySet, fc.array(anyPath), (entries, others) => {
      const { pages, root } = manifestOf(entries);
      const some = entries.filter((_, at) => at % 3 === 0).map((entry) => entry.path);
      const paths = [...new Set([...some, ...others])].sort(comparePaths);
      const wanted = entries.filter((entry) => paths.includes(entry.path));
      expect([...entriesAt(root, paths, pages.read)]).toEqual(wanted.sort((a, b) => comparePaths(a.path, b.path)));
    }),
  );
});

test('of a large manifest only the pages are read that can hold the paths', () => {
  const { pages, root } = manifestOf(many);
  const paths = [many[7], many[15_000]].map((entry) => entry?.path ?? '').sort(comparePaths);
  const before = pages.counts().read;
  expect([...entriesAt(root, paths, pages.read)].map(({ path }) => path)).toEqual(paths);
  expect(pages.counts().read - before).toBeLessThan(10);
});

test('the root alone says how much a manifest holds', () => {
  const { pages, root } = manifestOf(many);
  expect(summarize({ sha256: root.sha256, length: root.length }, pages.read)).toEqual(root);
  expect(root).toMatchObject({ entries: 20_000, files: 20_000, bytes: 20_000 });
  expect(pages.counts().read).toBe(1);
});
