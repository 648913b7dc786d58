import { describe, expect, test } from 'vitest';
import { buildManifest } from '../../src/manifest/build.js';
import { applyDifference, decodeDifference } from '../../src/manifest/stream.js';
import type { Entry } from '../../src/model/entry.js';
import { sha256 } from '../../src/model/sha256.js';
import { codeOf } from './code-of.js';
import { differenceText } from './difference-text.js';
import { pagesInMemory } from './pages-in-memory.js';

function file(path: string, version: number): Entry {
  return {
    type: 'file',
    path,
    object: sha256(`${path} ${version}`),
    size: version,
    mtimeMs: version,
    executable: false,
  };
}

const pages = pagesInMemory();
const from = buildManifest([file('a', 1), file('b', 1), file('c', 1)], pages.write);
const to = buildManifest([file('a', 2), file('c', 1), { type: 'link', path: 'd', target: 'Ω' }], pages.write);
const other = buildManifest([file('z', 1)], pages.write);
const whole = differenceText(from, to, pages.read);
const head = whole.slice(0, whole.indexOf('\n') + 1);

function apply(text: string): string {
  return codeOf(() => applyDifference([text], from, to, pages.read, pages.write));
}

describe('a difference stream', () => {
  test('that is whole leads to its root', () => {
    expect(applyDifference([whole], from, to, pages.read, pages.write)).toEqual(to);
  });

  test('between equal manifests has no edits', () => {
    const text = [differenceText(from, from, pages.read)];
    expect(text).toEqual([
      `depotd-difference\t2\t${from.sha256}\t${from.length}\t${from.sha256}\t${from.length}\n.\t0\n`,
    ]);
    expect(applyDifference(text, from, from, pages.read, pages.write)).toEqual(from);
  });

  test('that ends early is refused, wherever it is cut', () => {
    for (let length = 0; length < whole.length; length += 1) {
      expect(apply(whole.slice(0, length)), `cut at ${length}`).toMatch(/manifest-damaged|path-refused/);
    }
  });

  test.each([
    ['goes on behind its end', `${whole}-\tz\n`],
    ['ends twice', `${whole}.\t3\n`],
    ['counts other edits', whole.replace('.\t3', '.\t2')],
    ['writes its count otherwise', whole.replace('.\t3', '.\t03')],
    ['is of another format', whole.replace('\t2\t', '\t1\t')],
    ['has no head', whole.slice(head.length)],
    ['has a longer head', whole.replace('\n', '\tx\n')],
    ['says the length of a root otherwise', whole.replace(`\t${from.length}\t`, `\t0${from.length}\t`)],
    ['comes from another manifest', whole.replace(from.sha256, other.sha256)],
    ['leads to another manifest', whole.replace(to.sha256, other.sha256)],
    ['leads elsewhere than it says', whole.replace(sha256('a 2'), sha256('a 3'))],
    ['deletes what is not there', whole.replace('-\tb', '-\tbb')],
    ['is out of order', `${head}-\tb\n-\ta\n.\t2\n`],
    ['has an unknown kind of line', `${head}!\tb\n.\t1\n`],
    ['has a delete of two fields', `${head}-\t1\tb\n.\t1\n`],
    ['touches with a time written otherwise', `${head}=f\t01\ta\n.\t1\n`],
    ['has an endless line', `${head}-\t${'x'.repeat(20_000)}`],
  ])('is refused that %s', (_, text) => {
    expect(text).not.toBe(whole);
    expect(apply(text)).toBe('manifest-damaged');
  });

  test('is refused that has a path upwards', () => {
    expect(apply(whole.replace('-\tb', '-\t../b'))).toBe('path-refused');
    expect(apply(whole.replace('\tΩ\t', '\t../Ω\t'))).toBe('path-refused');
  });

  test('is refused as soon as a line is too long, not when memory is full', () => {
    let asked = 0;
    function* endless(): Generator<string> {
      yield head;
      for (;;) {
        asked += 1;
        yield 'x'.repeat(4096);
      }
    }
    expect(codeOf(() => [...decodeDifference(endless()).lines])).toBe('manifest-damaged');
    expect(asked).toBeLessThan(10);
  });

  test('says for an edited file what is new, for another time no object, and for a deleted one its path', () => {
    const before = [file('edited', 1), file('gone', 1), file('touched', 1)];
    const after = [file('edited', 2), { ...file('touched', 1), mtimeMs: 5, executable: true } as Entry];
    const a = buildManifest(before, pages.write);
    const b = buildManifest(after, pages.write);
    const lines = differenceText(a, b, pages.read).split('\n').slice(1);
    expect(lines).toEqual([`+f\t${sha256('edited 2')}\t2\t2\tedited`, '-\tgone', '=x\t5\ttouched', '.\t3', '']);
  });
});
