import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256, type Sha256 } from '../../src/model/sha256.js';
import { PrefixSet } from '../../src/store/prefix-set.js';

test('has what was added and nothing else', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(), { maxLength: 3000, size: 'max' }), (numbers) => {
      const set = new PrefixSet();
      const added = numbers.filter((number) => number % 2 === 0);
      for (const number of [...added, ...added]) set.add(sha256(String(number)));
      expect(set.size).toBe(added.length);
      expect(numbers.every((number) => set.has(sha256(String(number))) === (number % 2 === 0))).toBe(true);
    }),
    { numRuns: 20 },
  );
});

test('takes hashes that begin with zeros', () => {
  const zeros = '0'.repeat(64) as Sha256;
  const set = new PrefixSet();
  expect(set.has(zeros)).toBe(false);
  set.add(zeros);
  expect(set.has(zeros)).toBe(true);
  expect(set.size).toBe(1);
});
