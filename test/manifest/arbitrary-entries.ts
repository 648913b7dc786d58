import fc from 'fast-check';
import { comparePaths, type Entry } from '../../src/model/entry.js';
import type { Sha256 } from '../../src/model/sha256.js';

/** Names below `edge/` whose hashes end pages of level 0, 1 and 2; among random paths they would be too rare to meet. */
export const boundaryPaths: Readonly<Record<0 | 1 | 2, readonly string[]>> = {
  0: ['1x', '4g', 'co', 'd3', 'fi', 'hk', 'js', 'ju', 'kh', 'nc', 'nn', 'ns', 'pj', 'qe', 'tk', 'yf'].map(atEdge),
  1: ['6lh', 'vn7', 'yqa', 'zwv', '14ap', '1csm', '1dmt', '1he4', '1rq3', '1wvn'].map(atEdge),
  2: ['aget', 'desy', 'g0ab', 'qm2c', 'tznr'].map(atEdge),
};

function atEdge(name: string): string {
  return `edge/${name}`;
}

/** What stands around `/` in the order of bytes, and characters whose order differs between UTF-8 and UTF-16. */
const part = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom('a', 'b', 'a-b', 'a.b', 'a b', 'a0', 'é', '\uffee', '\u{1f600}', '\u{1f600}a'),
  },
  {
    weight: 1,
    arbitrary: fc.string({ unit: fc.constantFrom('a', '-', '~', '\u{10000}', '\ue000'), minLength: 1, maxLength: 3 }),
  },
);

export const anyPath = fc.oneof(
  { weight: 3, arbitrary: fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')) },
  { weight: 2, arbitrary: fc.constantFrom(...boundaryPaths[0]) },
  { weight: 2, arbitrary: fc.constantFrom(...boundaryPaths[1]) },
  { weight: 1, arbitrary: fc.constantFrom(...boundaryPaths[2]) },
);

const object = fc.constantFrom(...'0123456789abcdef').map((digit) => digit.repeat(64) as Sha256);

function entryAt(path: string): fc.Arbitrary<Entry> {
  return fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        type: fc.constant('file' as const),
        path: fc.constant(path),
        object,
        size: fc.nat(3),
        mtimeMs: fc.nat(3),
        executable: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.constant<Entry>({ type: 'link', path, target: 'a' }) },
    { weight: 1, arbitrary: fc.constant<Entry>({ type: 'folder', path }) },
  );
}

/** Entries that can stand together: sorted, no path twice, and none the folder of another. */
export const entrySet: fc.Arbitrary<Entry[]> = fc
  .array(anyPath.chain(entryAt), { maxLength: 60, size: 'max' })
  .map(standingTogether);

/** A set and another one that was made from it by leaving out, changing and adding. */
export const twoSets: fc.Arbitrary<[Entry[], Entry[]]> = fc
  .tuple(entrySet, entrySet, fc.infiniteStream(fc.boolean()))
  .map(([before, other, kept]) => [before, standingTogether([...before.filter(() => kept.next().value), ...other])]);

/** Of entries that cannot stand together those that come later are left out, as for two with the same path. */
function standingTogether(entries: readonly Entry[]): Entry[] {
  const paths = new Set<string>();
  const stands = entries.filter(({ path }) => {
    const clashes = [...paths].some(
      (other) => other === path || other.startsWith(`${path}/`) || path.startsWith(`${other}/`),
    );
    if (!clashes) paths.add(path);
    return !clashes;
  });
  return stands.sort((a, b) => comparePaths(a.path, b.path));
}
