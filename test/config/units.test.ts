import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatRate, formatSize, meantRates, meantSize, parseRate, parseSize } from '../../src/config/units.js';

it('reads rates in bits and bytes, powers of ten and of two', () => {
  expect(parseRate('64kbit/s')).toBe(8_000);
  expect(parseRate('1.5Mbit/s')).toBe(187_500);
  expect(parseRate('1Gbit/s')).toBe(125_000_000);
  expect(parseRate('1Mibit/s')).toBe(131_072);
  expect(parseRate('2Mbyte/s')).toBe(2_000_000);
  expect(parseRate('2MiB/s')).toBe(2 * 2 ** 20);
  for (const text of ['20Mb/s', '20MB/s', '20M', '20', 'Mbit/s', '20 Mbit/s', '20mbit/s', '-1bit/s']) {
    expect(parseRate(text), text).toBeUndefined();
  }
});

it('gives both readings of a rate that can be read in two ways', () => {
  expect(meantRates('20Mb/s')).toEqual(['20Mbit/s', '20Mbyte/s']);
  expect(meantRates('20Mbps')).toEqual(['20Mbit/s', '20Mbyte/s']);
  expect(meantRates('20M')).toEqual(['20Mbit/s', '20Mbyte/s']);
  expect(meantRates('512')).toEqual(['512bit/s', '512byte/s']);
  expect(meantRates('20MB/s')).toEqual(['20Mbyte/s', '20Mibyte/s']);
  expect(meantRates('64Kbit/s')).toEqual(['64kbit/s', '64Kibit/s']);
  expect(meantRates('20 Mbit/s')).toEqual(['20Mbit/s']);
  expect(meantRates('20 mbits/sec')).toEqual(['20Mbit/s']);
  expect(meantRates('2 mib/s')).toEqual(['2Mibit/s', '2Mibyte/s']);
  expect(meantRates('fast')).toEqual([]);
});

it('writes rates and sizes so that they read the same', () => {
  fc.assert(
    fc.property(fc.integer({ min: 8_000, max: 1e12 }), (bits) => {
      expect(parseRate(formatRate(bits / 8))).toBe(bits / 8);
    }),
  );
  expect(formatRate(187_500)).toBe('1.5Mbit/s');
  expect(formatRate(2 * 2 ** 20)).toBe('16777.216kbit/s');
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 20 }), (kib) => {
      expect(parseSize(formatSize(kib * 1024))).toBe(kib * 1024);
    }),
  );
  expect(formatSize(256 * 1024)).toBe('256KiB');
  expect(meantSize('256 kb')).toBe('256KiB');
});
