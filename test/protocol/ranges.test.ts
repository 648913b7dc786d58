import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatContentRange, readContentRange, readRange } from '../../src/protocol/ranges.js';

describe('a range', () => {
  it.each([
    ['bytes=0-', { start: 0, end: 99 }],
    ['bytes=40-', { start: 40, end: 99 }],
    ['bytes=40-49', { start: 40, end: 49 }],
    ['bytes=40-1000', { start: 40, end: 99 }],
    ['bytes=-10', { start: 90, end: 99 }],
    ['bytes=-1000', { start: 0, end: 99 }],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
  ])('%s of 100 bytes is read', (header, expected) => {
    expect(readRange(header, 100)).toEqual(expected);
  });

  it.each([undefined, '', 'bytes=', 'bytes=-', 'bytes=0-1,5-6', 'bytes=9-3', 'lines=0-1', 'bytes=x-', 'bytes=1e3-'])(
    'that makes no sense is ignored: %s',
    (header) => expect(readRange(header, 100)).toBeUndefined(),
  );

  it('of an empty object cannot be satisfied', () => {
    expect(readRange('bytes=0-', 0)).toBe('unsatisfiable');
  });

  it('always lies within the object, and is what Content-Range says', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), (from, to, size) => {
        for (const header of [`bytes=${from}-${to}`, `bytes=${from}-`, `bytes=-${to}`]) {
          const range = readRange(header, size);
          if (range === undefined || range === 'unsatisfiable') continue;
          expect(0 <= range.start && range.start <= range.end && range.end < size).toBe(true);
          expect(readContentRange(formatContentRange(range, size))).toEqual({ ...range, size });
        }
      }),
    );
  });
});
