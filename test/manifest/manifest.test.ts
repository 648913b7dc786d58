import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boundaryLevel } from '../../src/manifest/boundary.js';
import { buildManifest } from '../../src/manifest/build.js';
import { diffManifests } from '../../src/manifest/diff.js';
import { editManifest, editOf, type Edit } from '../../src/manifest/edit.js';
import { readEntries } from '../../src/manifest/read.js';
import { pageRefs } from './page-refs.js';
import { applyDifference } from '../../src/manifest/stream.js';
import { comparePaths, pathOf, sameEntry, type Change, type Entry } from '../../src/model/entry.js';
import { boundaryPaths, entrySet, twoSets } from './arbitrary-entries.js';
import { differenceText } from './difference-text.js';
import { pagesInMemory } from './pages-in-memory.js';

test('the paths chosen to end pages do', () => {
  for (const level of [0, 1, 2] as const) {
    for (const path of boundaryPaths[level]) expect(boundaryLevel(path), path).toBeGreaterThanOrEqual(level);
  }
});

describe('for any entries', () => {
  test('what was built is read back, and its pages are all there', () => {
    fc.assert(
      fc.property(entrySet, (entries) => {
        const pages = pagesInMemory();
        const root = buildManifest(entries, pages.write);
        expect([...readEntries(root, pages.read)]).toEqual(entries);
        const refs = [...pageRefs(root, pages.read)].map(({ ref }) => ref.sha256);
        expect(new Set(refs)).toEqual(new Set(pages.texts.keys()));
        expect(refs[0]).toBe(root.sha256);
      }),
    );
  });

  test('the same entries give the same root, in whatever order they came and went', () => {
    fc.assert(
      fc.property(entrySet, fc.array(entrySet, { maxLength: 4 }), (entries, detours) => {
        const pages = pagesInMemory();
        const built = buildManifest(entries, pages.write);
        let root = buildManifest([], pages.write);
        let current: readonly Entry[] = [];
        for (const next of [...detours, entries]) {
          root = editManifest(root, changesBetween(current, next).map(editOf), pages.read, pages.write);
          current = next;
        }
        expect(root).toEqual(built);
      }),
    );
  });

  test('an edited manifest is the one built from the edited entries', () => {
    fc.assert(
      fc.property(twoSets, fc.infiniteStream(fc.boolean()), ([before, after], repeats) => {
        const pages = pagesInMemory();
        const root = buildManifest(before, pages.write);
        const edits = changesBetween(before, after).map(editOf);
        const changed = new Set(edits.map((edit) => ('put' in edit ? edit.put.path : '')));
        const again = after
          .filter(({ path }) => !changed.has(path) && repeats.next().value)
          .map((put): Edit => ({ put }));
        const all = [...edits, ...again].filter(
          (edit, at, list) => list.findIndex((other) => keyOf(other) === keyOf(edit)) === at,
        );
        all.sort((a, b) => comparePaths(keyOf(a), keyOf(b)));
        expect(editManifest(root, all, pages.read, pages.write)).toEqual(buildManifest(after, pagesInMemory().write));
      }),
      { numRuns: 300 },
    );
  });

  test('the diff of two manifests is the difference of their entries', () => {
    fc.assert(
      fc.property(twoSets, ([before, after]) => {
        const pages = pagesInMemory();
        const from = buildManifest(before, pages.write);
        const to = buildManifest(after, pages.write);
        expect([...diffManifests(from, to, pages.read)]).toEqual(changesBetween(before, after));
        expect([...diffManifests(undefined, to, pages.read)]).toEqual(changesBetween([], after));
      }),
      { numRuns: 300 },
    );
  });

  test('a difference stream leads from one root to the other, wherever it is cut', () => {
    fc.assert(
      fc.property(twoSets, fc.integer({ min: 1, max: 200 }), ([before, after], length) => {
        const pages = pagesInMemory();
        const from = buildManifest(before, pages.write);
        const to = buildManifest(after, pages.write);
        const text = differenceText(from, to, pages.read);
        const child = pagesInMemory();
        buildManifest(before, child.write);
        expect(applyDifference(pieces(text, length), from, to, child.read, child.write)).toEqual(to);
        expect([...readEntries(to, child.read)]).toEqual(after);
      }),
    );
  });
});

function keyOf(edit: Edit): string {
  return 'put' in edit ? edit.put.path : 'delete' in edit ? edit.delete : edit.touch;
}

/** The difference of two sets, without a manifest. */
function changesBetween(before: readonly Entry[], after: readonly Entry[]): Change[] {
  const changes: Change[] = [];
  for (const old of before) if (!after.some(({ path }) => path === old.path)) changes.push({ kind: 'delete', old });
  for (const entry of after) {
    const old = before.find(({ path }) => path === entry.path);
    if (old === undefined) changes.push({ kind: 'add', entry });
    else if (!sameEntry(old, entry)) changes.push({ kind: 'replace', old, entry });
  }
  return changes.sort((a, b) => comparePaths(pathOf(a), pathOf(b)));
}

function* pieces(text: string, length: number): Generator<string> {
  for (let at = 0; at < text.length; at += length) yield text.slice(at, at + length);
}
