import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resembles } from '../../src/encoding/resemblance.js';
import { bytesOf, noise } from './source.js';

const alike = (base: Buffer, content: Buffer): boolean => resembles(bytesOf(base), bytesOf(content));

describe('two contents', () => {
  it('resemble each other where a part of one is in the other, wherever that is and however it is shifted (property)', () => {
    const place = fc.integer({ min: 0, max: 200_000 });
    fc.assert(
      fc.property(place, place, fc.integer({ min: 20_000, max: 100_000 }), (from, to, length) => {
        const [base, other] = [noise(400_000, 1), noise(400_000, 2)];
        const shared = base.subarray(from, from + length);
        expect(alike(base, Buffer.concat([other.subarray(0, to), shared, other.subarray(to)]))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('do not where they have nothing in common but padding', () => {
    const padding = Buffer.alloc(50_000);
    expect(alike(noise(3_000_000, 1), noise(3_000_000, 2))).toBe(false);
    expect(alike(Buffer.concat([noise(300_000, 1), padding]), Buffer.concat([padding, noise(300_000, 2)]))).toBe(false);
    expect(alike(Buffer.alloc(0), noise(1_000))).toBe(false);
    expect(alike(noise(1_000), Buffer.alloc(10))).toBe(false);
  });
});
