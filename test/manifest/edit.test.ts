import { describe, expect, test } from 'vitest';
import { buildManifest } from '../../src/manifest/build.js';
import { diffManifests } from '../../src/manifest/diff.js';
import { editManifest, editOf, type Edit } from '../../src/manifest/edit.js';
import { readEntries } from '../../src/manifest/read.js';
import { comparePaths, type Entry } from '../../src/model/entry.js';
import type { Sha256 } from '../../src/model/sha256.js';
import { boundaryPaths } from './arbitrary-entries.js';
import { codeOf } from './code-of.js';
import { pagesInMemory } from './pages-in-memory.js';

const folder = (path: string): Entry => ({ type: 'folder', path });
const put = (path: string): Edit => ({ put: folder(path) });
const sorted = (paths: readonly string[]): string[] => [...paths].sort(comparePaths);

function manifestOf(entries: readonly Entry[]) {
  const pages = pagesInMemory();
  return { pages, root: buildManifest(entries, pages.write) };
}

describe('an edit', () => {
  test('that changes nothing leaves the root as it is, and writes only what is there', () => {
    const { pages, root } = manifestOf(sorted(Object.values(boundaryPaths).flat()).map(folder));
    const before = new Set(pages.texts.keys());
    expect(editManifest(root, [], pages.read, pages.write)).toEqual(root);
    const [same = ''] = boundaryPaths[1];
    expect(editManifest(root, [put(same)], pages.read, pages.write)).toEqual(root);
    expect(new Set(pages.texts.keys())).toEqual(before);
  });

  test('empties a manifest, and fills one that is empty', () => {
    const paths = sorted(Object.values(boundaryPaths).flat());
    const { pages, root } = manifestOf(paths.map(folder));
    const empty = editManifest(
      root,
      paths.map((path) => ({ delete: path })),
      pages.read,
      pages.write,
    );
    expect(empty).toEqual(buildManifest([], pages.write));
    expect(editManifest(empty, paths.map(put), pages.read, pages.write)).toEqual(root);
  });

  test('that leaves one page of a tall manifest makes that page the root', () => {
    for (const level of [0, 1, 2] as const) {
      const [only = ''] = boundaryPaths[level];
      const later = sorted(Object.values(boundaryPaths).flat()).filter((path) => comparePaths(path, only) > 0);
      const { pages, root } = manifestOf([only, ...later].map(folder));
      const left = editManifest(
        root,
        later.map((path) => ({ delete: path })),
        pages.read,
        pages.write,
      );
      expect(left).toEqual(buildManifest([folder(only)], pages.write));
      expect([...readEntries(left, pages.read)]).toEqual([folder(only)]);
    }
  });

  test('of time or mode keeps the object', () => {
    const file = (mtimeMs: number, executable: boolean): Entry => {
      return { type: 'file', path: 'a', object: 'a'.repeat(64) as Sha256, size: 7, mtimeMs, executable };
    };
    const { pages, root } = manifestOf([file(1, false)]);
    const touched = buildManifest([file(2, true)], pages.write);
    const edits = [...diffManifests(root, touched, pages.read)].map(editOf);
    expect(edits).toEqual([{ touch: 'a', mtimeMs: 2, executable: true }]);
    expect(editManifest(root, edits, pages.read, pages.write)).toEqual(touched);
  });

  const link: Entry = { type: 'link', path: 'link', target: 'a' };
  test.each<[string, Edit[], string]>([
    ['deletes what is not there', [{ delete: 'b' }], 'manifest-damaged'],
    ['deletes what is not there, behind the last path', [{ delete: 'z' }], 'manifest-damaged'],
    ['touches what is not there', [{ touch: 'b', mtimeMs: 0, executable: false }], 'manifest-damaged'],
    ['touches what is no file', [{ touch: 'link', mtimeMs: 0, executable: false }], 'manifest-damaged'],
    ['comes before the one before it', [put('c'), put('b')], 'manifest-damaged'],
    ['repeats a path', [put('b'), { delete: 'b' }], 'manifest-damaged'],
    ['puts an entry in the place of a folder', [put('dir')], 'manifest-damaged'],
    ['puts an entry below another', [put('link/x')], 'manifest-damaged'],
    ['puts a path upwards', [put('../b')], 'path-refused'],
    ['puts a link out of the repository', [{ put: { ...link, target: '../x' } }], 'path-refused'],
    [
      'puts a file of a size that is none',
      [
        {
          put: { type: 'file', path: 'b', object: 'a'.repeat(64) as Sha256, size: 0.5, mtimeMs: 0, executable: false },
        },
      ],
      'manifest-damaged',
    ],
    [
      'puts a file from before 1970',
      [{ put: { type: 'file', path: 'b', object: 'a'.repeat(64) as Sha256, size: 1, mtimeMs: -1, executable: false } }],
      'manifest-damaged',
    ],
  ])('is refused that %s', (_, edits, code) => {
    const { pages, root } = manifestOf([folder('a'), folder('dir/x'), link]);
    expect(codeOf(() => editManifest(root, edits, pages.read, pages.write))).toBe(code);
  });

  test('that is refused leaves no root behind that could be taken for a sound manifest', () => {
    const { pages, root } = manifestOf([folder('a'), folder('b')]);
    const before = [...pages.texts.keys()];
    expect(codeOf(() => editManifest(root, [put('b/c')], pages.read, pages.write))).toBe('manifest-damaged');
    expect([...pages.texts.keys()]).toEqual(before);
  });

  test('that is refused lets go of where the others come from', () => {
    const { pages, root } = manifestOf([folder('a')]);
    let closed = false;
    function* edits(): Generator<Edit> {
      try {
        yield { delete: 'b' };
        yield { delete: 'c' };
      } finally {
        closed = true;
      }
    }
    expect(codeOf(() => editManifest(root, edits(), pages.read, pages.write))).toBe('manifest-damaged');
    expect(closed).toBe(true);
  });
});
