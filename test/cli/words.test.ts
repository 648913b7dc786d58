import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ago, plural, roughSpan, safe, size, span, until } from '../../src/cli/words.js';

const minute = 60_000;
const hour = 60 * minute;

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 KiB'],
  [1024, '1.0 KiB'],
  [10 * 1024, '10 KiB'],
  [1_048_576, '1.0 MiB'],
  [5 * 1024 ** 3, '5.0 GiB'],
  [2 ** 53, '8.0 PiB'],
])('writes %d bytes as %s', (bytes, text) => {
  expect(size(bytes)).toBe(text);
});

test('a size never takes more than eight characters', () => {
  fc.assert(fc.property(fc.maxSafeNat(), (bytes) => size(bytes).length <= 8));
});

test.each([
  [400, '0 s'],
  [59_400, '59 s'],
  [95_000, '2 min'],
  [59.6 * minute, '1 h'],
  [3 * hour + 10 * minute, '3 h 10 min'],
  [47 * hour, '47 h'],
  [76 * hour, '3 d 4 h'],
  [20 * 24 * hour, '20 d'],
  [-5000, '0 s'],
])('writes %d ms as %s', (ms, text) => {
  expect(span(ms)).toBe(text);
});

test('the rough form keeps the largest unit', () => {
  expect(roughSpan(3 * hour + 10 * minute)).toBe('3 h');
});

test('says when something was and will be', () => {
  const now = Date.UTC(2026, 10, 21, 12);
  expect(ago('2026-11-21T11:57:00.000Z', now)).toBe('3 min ago');
  expect(ago('2026-11-21T12:00:05.000Z', now)).toBe('just now');
  expect(until('2026-11-21T12:12:00.000Z', now)).toBe('in 12 min');
  expect(until('2026-11-21T11:59:00.000Z', now)).toBe('now');
});

test('counts one thing and many', () => {
  expect([plural(1, 'file'), plural(0, 'file'), plural(12_345, 'file')]).toEqual(['1 file', '0 files', '12,345 files']);
});

test('foreign text cannot move the cursor, set colours, or turn the direction of reading', () => {
  expect(safe('a\u001b[31mb\r\nc\u0007\u009b\u202ed')).toBe('a\\x1b[31mb\\x0d\\x0ac\\x07\\x9b\\u{202e}d');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(safe(text))),
  );
});

test('text in any script stays as it is', () => {
  expect(safe('Müller/文件/файл 🚀.txt')).toBe('Müller/文件/файл 🚀.txt');
});
