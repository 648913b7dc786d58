import { expect, test } from 'vitest';
import { readSolid } from '../../src/encoding/solid.js';
import { compressWhole, seemsCompressible } from '../../src/encoding/whole.js';
import { bytesOf, noise, together } from './source.js';

test.each([0, 1, 1_000_000, 1_048_576, 3_500_000])('%i bytes come back as they were', (size) => {
  const content = Buffer.concat([noise(size >> 1), Buffer.alloc(size - (size >> 1), 'text ')]);
  const compressed = together(compressWhole(bytesOf(content), 9, () => undefined));
  expect(together(readSolid(new Uint8Array(0), [compressed], size)).equals(content)).toBe(true);
  if (size > 0) expect(() => together(readSolid(new Uint8Array(0), [compressed], size - 1))).toThrow('holds more');
});

test('what is compressed already is not tried', () => {
  expect(seemsCompressible(bytesOf(noise(2_000_000)))).toBe(false);
  expect(seemsCompressible(bytesOf(Buffer.alloc(2_000_000, 'text ')))).toBe(true);
  expect(seemsCompressible(bytesOf(Buffer.alloc(0)))).toBe(false);
});
