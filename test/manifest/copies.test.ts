import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildManifest } from '../../src/manifest/build.js';
import type { ManifestRoot } from '../../src/manifest/page.js';
import { applyDifference } from '../../src/manifest/stream.js';
import { comparePaths, type Entry, type FileEntry } from '../../src/model/entry.js';
import { sha256 } from '../../src/model/sha256.js';
import { codeOf } from './code-of.js';
import { differenceText } from './difference-text.js';
import { pagesInMemory } from './pages-in-memory.js';

const file = (path: string, content = path.slice(path.lastIndexOf('/') + 1)): FileEntry => ({
  type: 'file',
  path,
  object: sha256(content),
  size: content.length,
  mtimeMs: 1,
  executable: false,
});
const filesIn = (folder: string, count: number): Entry[] =>
  Array.from({ length: count }, (_, n) => file(`${folder}/${n % 3}/file-${n}`));

const pages = pagesInMemory();
const build = (entries: readonly Entry[]): ManifestRoot =>
  buildManifest(
    [...entries].sort((a, b) => comparePaths(a.path, b.path)),
    pages.write,
  );

/** The text of the difference, which leads from the one to the other. */
function difference(
  before: readonly Entry[],
  after: readonly Entry[],
): { text: string; from: ManifestRoot; to: ManifestRoot } {
  const [from, to] = [build(before), build(after)];
  const text = differenceText(from, to, pages.read);
  expect(applyDifference([text], from, to, pages.read, pages.write)).toEqual(to);
  return { text, from, to };
}

const linesOf = (text: string): string[] => text.split('\n').slice(1, -2);

describe('a difference', () => {
  test('says of a new revision what it does not have in common with the one before', () => {
    const before = [...filesIn('app/1', 300), file('app/.package', 'one'), ...filesIn('app/2', 300), file('other')];
    const after = [
      ...before.filter(({ path }) => path !== 'app/.package'),
      file('app/.package', 'two'),
      ...filesIn('app/3', 300).filter(({ path }) => path !== 'app/3/0/file-3'),
      file('app/3/1/new'),
      file('app/3/2/file-2', 'edited'),
    ].filter(({ path }, at, all) => all.findLastIndex((other) => other.path === path) === at);
    expect(linesOf(difference(before, after).text)).toEqual([
      `+f\t${sha256('two')}\t3\t1\tapp/.package`,
      '&\tapp/2\tapp/3',
      '-\tapp/3/0/file-3',
      `+f\t${sha256('new')}\t3\t1\tapp/3/1/new`,
      `+f\t${sha256('edited')}\t6\t1\tapp/3/2/file-2`,
    ]);
  });

  test('says of a folder that was renamed where it was, and that it is gone', () => {
    const { text } = difference([...filesIn('old', 50), file('z')], [...filesIn('new', 50), file('z')]);
    expect(linesOf(text)).toEqual(['&\told\tnew', '-/\told']);
  });

  test('finds the copies of folders whose names go on behind those of others', () => {
    const named = (names: readonly string[]): Entry[] => names.flatMap((name) => filesIn(name, 20));
    const { text } = difference(
      named(['v1', 'w1', 'x', 'y']),
      named(['v1', 'w1', 'x', 'y', 'v2', 'v2-debug', 'v2.1', 'w2']),
    );
    expect(linesOf(text).map((line) => line.split('\t').at(-1))).toEqual(['v2-debug', 'v2.1', 'v2', 'w2']);
  });

  test('says of a folder in whose place a file is that it is gone', () => {
    const { text } = difference([...filesIn('gone', 20), file('z')], [file('gone'), file('z')]);
    expect(linesOf(text)).toEqual([`+f\t${sha256('gone')}\t4\t1\tgone`, '-/\tgone']);
  });

  test('copies nothing to where a path would be too long', () => {
    const long = `a/${'x'.repeat(200)}/`.concat(`${'y'.repeat(200)}/`.repeat(18), 'z'.repeat(200));
    const before = [...filesIn('a', 20), file(long)];
    const { text } = difference(before, [...before, ...filesIn('a-much-longer-name'.repeat(12), 20)]);
    expect(linesOf(text).every((line) => line.startsWith('+'))).toBe(true);
  });

  test('leads from any folders to their copies with any changes (property)', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-d](\/[a-z]{1,2}){0,2}$/), { minLength: 8, maxLength: 60 });
    const change = fc.constantFrom(
      'same',
      'same',
      'same',
      'same',
      'same',
      'gone',
      'edited',
      'touched',
      'link',
      'folder',
    );
    const world = fc.record({
      names,
      changes: fc.array(change, { minLength: 60, maxLength: 60 }),
      keepsOld: fc.boolean(),
      added: fc.uniqueArray(fc.stringMatching(/^[a-e]{1,3}x$/), { maxLength: 5 }),
      from: fc.constantFrom('p/1', 'p/9/q', 'z'),
      to: fc.constantFrom('p/2', 'a', 'zz/1'),
    });
    let copies = 0;
    fc.assert(
      fc.property(world, ({ names: all, changes, keepsOld, added, from, to }) => {
        // No path may be the folder of another.
        const free = all.filter((name) => !all.some((other) => other.startsWith(`${name}/`)));
        const before = [...free.map((name) => file(`${from}/${name}`)), file('m')];
        const copied = free.flatMap((name, at): Entry[] => {
          const path = `${to}/${name}`;
          switch (changes[at]) {
            case 'gone':
              return [];
            case 'edited':
              return [file(path, `${name} edited`)];
            case 'touched':
              return [{ ...file(path), mtimeMs: 5, executable: true }];
            case 'link':
              return [{ type: 'link', path, target: 'elsewhere' }];
            case 'folder':
              return [{ type: 'folder', path }];
            default:
              return [file(path)];
          }
        });
        const more = added.map((name) => file(`${to}/${name}`));
        const kept = keepsOld ? before : before.slice(-1);
        const { text } = difference(before, [...kept, ...copied, ...more]);
        if (linesOf(text).some((line) => line.startsWith('&'))) copies += 1;
        difference([...kept, ...copied, ...more], before);
      }),
      { numRuns: 200 },
    );
    expect(copies).toBeGreaterThan(20);
  });

  test.each([
    ['copies what is not there', '&\tapp/7\tapp/2\n'],
    ['copies to where something is', '&\tapp/1\tother\n'],
    ['copies a folder into itself', '&\tapp/1\tapp/1/0\n'],
    ['copies more than there is', '&\tapp/1\ta\n&\tapp/1\tb\n'],
    ['copies upwards', '&\tapp/1\t../app\n'],
    ['has a copy in a copy', '&\tapp/1\tapp/2\n&\tother\tapp/2/0\n'],
    ['deletes what a copy does not have', '&\tapp/1\tapp/2\n-\tapp/2/none\n'],
    ['touches what a copy does not have', '&\tapp/1\tapp/2\n=f\t1\tapp/2/none\n'],
    ['deletes a folder that is not there', '-/\tnone\n'],
    ['says more of a folder that is gone', '-/\tapp\n-\tapp/1/0/file-0\n'],
    ['goes back', '&\tapp/1\tapp/2\n-\tapp/1/0/file-0\n'],
  ])('is refused that %s', (_, lines) => {
    const before = [...filesIn('app/1', 20), file('other/one')];
    const { text, from, to } = difference(before, [...before, file('x')]);
    const altered = `${text.slice(0, text.indexOf('\n') + 1)}${lines}.\t${lines.split('\n').length - 1}\n`;
    expect(codeOf(() => applyDifference([altered], from, to, pages.read, pages.write))).toMatch(
      /manifest-damaged|path-refused/,
    );
  });
});
