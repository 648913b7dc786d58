import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assembly } from '../../src/manifest/assembly.js';
import { buildManifest } from '../../src/manifest/build.js';
import { checkManifest } from '../../src/manifest/check.js';
import { editManifest, type Edit } from '../../src/manifest/edit.js';
import { readEntries } from '../../src/manifest/read.js';
import { comparePaths, type Entry } from '../../src/model/entry.js';
import { anyPath, entrySet } from './arbitrary-entries.js';
import { codeOf } from './code-of.js';
import { pagesInMemory, type PagesInMemory } from './pages-in-memory.js';

const folder = (path: string): Entry => ({ type: 'folder', path });

function clash(paths: readonly string[]): boolean {
  return paths.some((path) => paths.some((other) => other.startsWith(`${path}/`)));
}

/** Makes the pages that `buildManifest` would refuse to make. */
function unchecked(paths: readonly string[], pages: PagesInMemory) {
  const assembled = assembly(pages.write);
  for (const path of paths) assembled.append(folder(path));
  return assembled.finish(pages.write);
}

const sortedPaths = fc.uniqueArray(anyPath, { maxLength: 30 }).map((paths) => paths.sort(comparePaths));

describe('no entry is also the folder of another', () => {
  test.each([
    [['a', 'a/b']],
    [['a', 'a b', 'a-b', 'a.b', 'a/b', 'a0']],
    [['a', 'a-', 'a-/b/c', 'a/b']],
    [['a', 'a-/b', 'a-/b-', 'a-/b/c']],
    [['x/a', 'x/a!', 'x/a!!', 'x/a/b/c/d']],
  ])('as in %j', (paths) => {
    const pages = pagesInMemory();
    expect(codeOf(() => buildManifest(paths.map(folder), pages.write))).toBe('manifest-damaged');
    expect(codeOf(() => [...readEntries(unchecked(paths, pages), pages.read)])).toBe('manifest-damaged');
  });

  test('when it is built or read', () => {
    fc.assert(
      fc.property(sortedPaths, (paths) => {
        const expected = clash(paths) ? 'manifest-damaged' : 'accepted';
        const pages = pagesInMemory();
        expect(codeOf(() => buildManifest(paths.map(folder), pages.write))).toBe(expected);
        expect(codeOf(() => [...readEntries(unchecked(paths, pages), pages.read)])).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });

  test('when it is edited, or taken over page by page beside an older one', () => {
    fc.assert(
      fc.property(entrySet, sortedPaths, fc.infiniteStream(fc.boolean()), (entries, added, coin) => {
        const pages = pagesInMemory();
        const root = buildManifest(entries, pages.write);
        const kept = entries.filter(({ path }) => added.includes(path) || coin.next().value);
        const gone = entries.filter((entry) => !kept.includes(entry));
        const edits: Edit[] = [
          ...gone.map(({ path }) => ({ delete: path })),
          ...added.map((path) => ({ put: folder(path) })),
        ];
        edits.sort((a, b) => comparePaths(keyOf(a), keyOf(b)));
        const paths = [...new Set([...kept.map(({ path }) => path), ...added])].sort(comparePaths);
        const expected = clash(paths) ? 'manifest-damaged' : 'accepted';
        expect(codeOf(() => editManifest(root, edits, pages.read, pages.write))).toBe(expected);
        const taken = unchecked(paths, pages);
        expect(codeOf(() => checkManifest(root, taken, pages.read))).toBe(expected);
        expect(codeOf(() => checkManifest(undefined, taken, pages.read))).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });
});

function keyOf(edit: Edit): string {
  return 'put' in edit ? edit.put.path : 'delete' in edit ? edit.delete : edit.touch;
}
