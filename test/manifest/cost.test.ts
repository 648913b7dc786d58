import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { boundaryLevel } from '../../src/manifest/boundary.js';
import { buildManifest } from '../../src/manifest/build.js';
import { diffManifests } from '../../src/manifest/diff.js';
import { editManifest, type Edit } from '../../src/manifest/edit.js';
import type { ManifestRoot } from '../../src/manifest/page.js';
import { comparePaths, type Entry } from '../../src/model/entry.js';
import { sha256 } from '../../src/model/sha256.js';
import { boundaryPaths } from './arbitrary-entries.js';
import { pagesInMemory } from './pages-in-memory.js';

function file(path: string, version = 1): Entry {
  return {
    type: 'file',
    path,
    object: sha256(`${path} ${version}`),
    size: version,
    mtimeMs: version,
    executable: false,
  };
}

const paths = Array.from({ length: 100_000 }, (_, at) => `package-${at % 300}/lib/${at}.js`).sort(comparePaths);

describe('among 100,000 entries', () => {
  const pages = pagesInMemory();
  let root: ManifestRoot;
  beforeAll(() => {
    root = buildManifest(
      paths.map((path) => file(path)),
      pages.write,
    );
    pages.counts();
  });

  /** Four levels at most; the factor leaves room for pages that come to be joined or cut, and for looking up folders. */
  const levels = 4;

  test('one change reads and writes a page or two a level, wherever it is', () => {
    const anyChange = fc.tuple(fc.nat(paths.length - 1), fc.constantFrom('edit', 'delete', 'insert', 'boundary'));
    fc.assert(
      fc.property(anyChange, ([at, kind]) => {
        const path = paths[at] ?? '';
        const edit: Edit =
          kind === 'edit'
            ? { put: file(path, 2) }
            : kind === 'delete'
              ? { delete: path }
              : { put: file(kind === 'insert' ? `${path}~` : (boundaryPaths[2][at % 5] ?? '')) };
        const edited = editManifest(root, [edit], pages.read, pages.write);
        const cost = pages.counts();
        expect(cost.read).toBeLessThanOrEqual(6 * levels);
        expect(cost.written).toBeLessThanOrEqual(2 * levels);

        expect([...diffManifests(root, edited, pages.read)]).toHaveLength(1);
        expect(pages.counts().read).toBeLessThanOrEqual(4 * levels);
      }),
    );
  });

  test('deleting the last path of a page, on any level, costs no more', () => {
    const ends = paths.filter((path) => boundaryLevel(path) >= 0);
    expect(ends.some((path) => boundaryLevel(path) >= 1)).toBe(true);
    for (const path of ends.filter((end, at) => boundaryLevel(end) >= 1 || at % 50 === 0)) {
      const edited = editManifest(root, [{ delete: path }], pages.read, pages.write);
      const cost = pages.counts();
      expect(cost.read).toBeLessThanOrEqual(6 * levels);
      expect(cost.written).toBeLessThanOrEqual(2 * levels);
      expect([...diffManifests(edited, root, pages.read)]).toHaveLength(1);
      expect(pages.counts().read).toBeLessThanOrEqual(4 * levels);
    }
  });

  test('equal manifests are known as such without reading', () => {
    expect([...diffManifests(root, { sha256: root.sha256, length: root.length }, pages.read)]).toEqual([]);
    expect(pages.counts().read).toBe(0);
  });

  test('a thousand neighbours cost what they and a way to them cost', () => {
    const neighbours = Array.from({ length: 1000 }, (_, at) => file(`package-100/new/${1000 + at}`));
    const edited = editManifest(
      root,
      neighbours.map((put): Edit => ({ put })),
      pages.read,
      pages.write,
    );
    const cost = pages.counts();
    expect(cost.written).toBeLessThan(40);
    expect([...diffManifests(root, edited, pages.read)]).toHaveLength(1000);
    expect(pages.counts().read).toBeLessThan(40);
  });
});

test('trees of different height share what they have in common', () => {
  const low = paths.filter((path) => boundaryLevel(path) < 1).slice(0, 20_000);
  const pages = pagesInMemory();
  const before = buildManifest(
    low.map((path) => file(path)),
    pages.write,
  );
  const [tall = ''] = boundaryPaths[2];
  const after = editManifest(before, [{ put: file(tall) }], pages.read, pages.write);
  const levelOf = (root: ManifestRoot): string => pages.read(root).slice(0, 'depotd-page\t1\t0'.length);
  expect([levelOf(before), levelOf(after)]).toEqual(['depotd-page\t1\t1', 'depotd-page\t1\t3']);
  pages.counts();
  expect([...diffManifests(before, after, pages.read)]).toEqual([{ kind: 'add', entry: file(tall) }]);
  expect([...diffManifests(after, before, pages.read)]).toEqual([{ kind: 'delete', old: file(tall) }]);
  expect(pages.counts().read).toBeLessThan(30);
});
