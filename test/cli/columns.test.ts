import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columns, wrap } from '../../src/cli/columns.js';

const plain = (text: string): string => text;

test('columns are as wide as their widest cell, colours not counted', () => {
  const { lines, width } = columns(
    [{ head: 'NAME' }, { head: 'SIZE', align: 'right' }, { head: 'STATE' }],
    [
      ['\u001b[1mtools\u001b[22m', '1', 'current'],
      ['m', '1,204', ''],
    ],
    plain,
  );
  expect(lines.map(stripVTControlCharacters)).toEqual(['NAME    SIZE  STATE', 'tools      1  current', 'm      1,204']);
  expect(width).toBe('tools  1,204  current'.length);
});

test('a line that fits stays as it is, inner spaces included', () => {
  expect(wrap('  a   b', 80)).toEqual(['  a   b']);
});

test('a line that does not fit is broken between words, and goes on indented', () => {
  expect(wrap('! one two three', 9)).toEqual(['! one two', '  three']);
  expect(wrap('  one two', 6)).toEqual(['  one', '    two']);
});

test('breaking loses no word, and keeps to the width where the words allow it', () => {
  const words = fc.array(fc.stringMatching(/^[a-z]{1,10}$/), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(words, fc.integer({ min: 14, max: 60 }), (given, width) => {
      const lines = wrap(given.join(' '), width);
      expect(lines.flatMap((line) => line.trim().split(' '))).toEqual(given);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
    }),
  );
});
