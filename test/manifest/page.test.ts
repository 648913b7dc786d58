import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boundaryLevel } from '../../src/manifest/boundary.js';
import { buildManifest } from '../../src/manifest/build.js';
import { entryLine } from '../../src/manifest/line.js';
import { branchLine, childPages, pageHeader, parsePage, type Page } from '../../src/manifest/page.js';
import { findEntry, readEntries } from '../../src/manifest/read.js';
import { DepotError } from '../../src/model/errors.js';
import { sha256 } from '../../src/model/sha256.js';
import { boundaryPaths, entrySet } from './arbitrary-entries.js';
import { codeOf } from './code-of.js';
import { pagesInMemory } from './pages-in-memory.js';

const object = '0'.repeat(64);
const leaf = (...lines: string[]): string => `depotd-page\t1\t0\n${lines.map((line) => `${line}\n`).join('')}`;
const branch = (facts: { sha256?: string; length?: number; sums?: string; last: string }): string =>
  `${facts.sha256 ?? object}\t${facts.length ?? 100}\t${facts.sums ?? '1\t1\t1'}\t${facts.last}`;
const interior = (level: number, ...lines: string[]): string =>
  `depotd-page\t1\t${level}\n${lines.map((line) => `${line}\n`).join('')}`;

function parse(text: string): Page {
  return parsePage(text, { sha256: sha256(text), length: Buffer.byteLength(text) });
}

function format(page: Page): string {
  const lines = page.branches === undefined ? page.entries.map(entryLine) : page.branches.map(branchLine);
  return pageHeader(page.level) + lines.join('');
}

describe('a page is refused', () => {
  const [edge = ''] = boundaryPaths[0];
  test.each([
    ['without anything', ''],
    ['with another first line', 'depotd-page\t2\t0\n'],
    ['of a level written otherwise', 'depotd-page\t1\t00\n'],
    ['of a level that no hash reaches', 'depotd-page\t1\t42\n'],
    ['with a byte order mark', `\ufeff${leaf('d\ta')}`],
    ['with a last line that is cut off', leaf('d\ta').slice(0, -1)],
    ['with an empty line', leaf('d\ta', '')],
    ['with carriage returns', leaf('d\ta').replaceAll('\n', '\r\n')],
    ['with an unknown kind', leaf('p\ta')],
    ['with a line of one field', leaf('dd')],
    ['with a field too few', leaf(`f\t${object}\t1\ta`)],
    ['with a field too many', leaf(`f\t${object}\t1\t1\t1\ta`)],
    ['with a hash in capitals', leaf(`f\t${'A'.repeat(64)}\t1\t1\ta`)],
    ['with a hash that is short', leaf(`f\t${'a'.repeat(63)}\t1\t1\ta`)],
    ['with a size beyond 2^53', leaf(`f\t${object}\t9007199254740992\t1\ta`)],
    ['with a negative time', leaf(`f\t${object}\t1\t-1\ta`)],
    ['with a time beyond all calendars', leaf(`f\t${object}\t1\t8640000000000001\ta`)],
    ['with more bytes than can be counted', leaf(`f\t${object}\t9007199254740991\t1\ta`, `f\t${object}\t1\t1\tb`)],
    ['with a path twice', leaf('d\ta', 'd\ta')],
    ['with paths out of order', leaf('d\tb', 'd\ta')],
    ['in the order of UTF-16', leaf('d\t\u{1f600}', 'd\t\uffee')],
    ['going on behind a boundary', leaf(`d\t${edge}`, 'd\tz')],
    ['listing nothing on a higher level', interior(1)],
    ['listing an empty page', interior(1, branch({ sums: '0\t0\t0', last: 'a' }))],
    ['listing a page too long to be one', interior(1, branch({ length: 64 * 1024 * 1024 + 1, last: 'a' }))],
    ['with a field too many in a list of pages', interior(1, branch({ last: 'a\tb' }))],
    ['with more files than entries', interior(1, branch({ sums: '1\t2\t0', last: 'a' }))],
  ])('%s', (_, text) => expect(codeOf(() => parse(text))).toBe('manifest-damaged'));

  test.each(['1.0', '01', '1e3', ' 1', '+1', '0x1', '', '-0', 'NaN', '١'])('with a number written as %j', (number) => {
    expect(codeOf(() => parse(leaf(`f\t${object}\t${number}\t1\ta`)))).toBe('manifest-damaged');
  });

  test.each([
    ['a path upwards', leaf('d\ta/../b')],
    ['a path from the root of the disk', leaf('d\t/etc')],
    ['a link out of the repository', leaf('l\t../x\ta')],
    ['a link to the root of the disk', leaf('l\t/etc\ta')],
    ['a path upwards in a list of pages', interior(1, branch({ last: '../a' }))],
  ])('as a refused path with %s', (_, text) => expect(codeOf(() => parse(text))).toBe('path-refused'));

  test('naming page, line and what is wrong', () => {
    const text = leaf('d\ta', 'd\tc', 'd\tb');
    expect(() => parse(text)).toThrow(`page ${sha256(text)}, line 4: "b" follows "c"`);
  });
});

describe('two texts never mean the same', () => {
  test('whatever is changed in a page, what is still accepted is as it would be written', () => {
    const damage = fc.tuple(fc.nat(), fc.nat(2), fc.constantFrom(...'019afxld-\t\n \r/.\u{1f600}\ufeff'));
    fc.assert(
      fc.property(entrySet, fc.array(damage, { maxLength: 3 }), fc.nat(), (entries, damages, which) => {
        const pages = pagesInMemory();
        buildManifest(entries, pages.write);
        const texts = [...pages.texts.values()];
        let text = texts[which % texts.length] ?? '';
        for (const [at, removed, inserted] of damages) {
          const from = at % (text.length + 1);
          text = text.slice(0, from) + inserted + text.slice(from + removed);
        }
        let page: Page;
        try {
          page = parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(DepotError);
          return;
        }
        expect(format(page)).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a page is checked against the page above it', () => {
  const ends = boundaryPaths[0].toSorted();
  const [first = '', second = ''] = ends;
  const good = leaf(`f\t${object}\t5\t0\t${first}`);
  const tail = leaf('d\tx', 'd\ty');

  function readOver(line: (ref: { sha256: string; length: number }) => string, below = good): string {
    const pages = pagesInMemory();
    const lines = [line(pages.put(below)), branch({ ...pages.put(tail), sums: '2\t0\t0', last: 'y' })];
    const root = pages.put(interior(1, ...lines));
    return codeOf(() => [...readEntries(root, pages.read)]);
  }

  test('and accepted where it is as promised', () => {
    expect(readOver((ref) => branch({ ...ref, sums: '1\t1\t5', last: first }))).toBe('accepted');
  });

  test.each([
    ['other entries', '2\t1\t5'],
    ['other files', '1\t0\t5'],
    ['other bytes', '1\t1\t6'],
  ])('and refused with %s', (_, sums) => {
    expect(readOver((ref) => branch({ ...ref, sums, last: first }))).toBe('manifest-damaged');
  });

  test('and refused with another last path', () => {
    expect(readOver((ref) => branch({ ...ref, sums: '1\t1\t5', last: second }))).toBe('manifest-damaged');
  });

  test('and refused where it goes on, although its last path ends no page', () => {
    expect(boundaryLevel('w')).toBe(-1);
    const below = leaf('d\tw');
    expect(readOver((ref) => branch({ ...ref, sums: '1\t0\t0', last: 'w' }), below)).toBe('manifest-damaged');
  });

  test('and refused on another level', () => {
    const pages = pagesInMemory();
    const child = pages.put(good);
    const between = pages.put(interior(1, branch({ ...child, sums: '1\t1\t5', last: first })));
    const root = pages.put(
      interior(
        1,
        branch({ ...between, sums: '1\t1\t5', last: first }),
        branch({ ...pages.put(tail), sums: '2\t0\t0', last: 'y' }),
      ),
    );
    expect(codeOf(() => [...readEntries(root, pages.read)])).toBe('manifest-damaged');
  });

  test('and refused where it begins before the end of the page before it', () => {
    const pages = pagesInMemory();
    const late = pages.put(leaf('d\ta', 'd\ty'));
    const root = pages.put(
      interior(
        1,
        branch({ ...pages.put(good), sums: '1\t1\t5', last: first }),
        branch({ ...late, sums: '2\t0\t0', last: 'y' }),
      ),
    );
    expect(codeOf(() => [...readEntries(root, pages.read)])).toBe('manifest-damaged');
    expect(codeOf(() => findEntry(root, 'y', pages.read))).toBe('manifest-damaged');
  });

  test('and no root lists a single page', () => {
    const pages = pagesInMemory();
    const root = pages.put(interior(1, branch({ ...pages.put(good), sums: '1\t1\t5', last: first })));
    expect(codeOf(() => [...readEntries(root, pages.read)])).toBe('manifest-damaged');
  });
});

test('the pages below a page are known from its text alone', () => {
  const text = interior(1, branch({ last: 'a', length: 7 }), branch({ last: 'b', sha256: 'f'.repeat(64) }));
  const refs = childPages(text, { sha256: sha256(text), length: Buffer.byteLength(text) });
  expect(refs.map(({ sha256: hash, length }) => [hash, length])).toEqual([
    [object, 7],
    ['f'.repeat(64), 100],
  ]);
  expect(childPages(leaf('d\ta'), { sha256: sha256('x'), length: 1 })).toEqual([]);
});
