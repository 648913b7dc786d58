import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodePatch } from '../../src/encoding/patch-decode.js';
import { encodePatch } from '../../src/encoding/patch-encode.js';
import { DepotError } from '../../src/model/errors.js';
import { code } from './code.js';
import { anyBase, anyEdits, edited, sourceOf } from './edits.js';
import { noise } from './noise.js';

const empty = new Uint8Array(0);

function decoded(patch: Uint8Array, base: Uint8Array, size: number): Buffer {
  return Buffer.concat([...decodePatch(patch, sourceOf(base), size)]);
}

/** What came of a patch that was not right: so many bytes, or the code of an error. */
function outcome(patch: Uint8Array, base: Uint8Array, size: number): number | string {
  let length = 0;
  try {
    for (const piece of decodePatch(patch, sourceOf(base), size)) {
      length += piece.length;
      expect(length).toBeLessThanOrEqual(size);
    }
  } catch (thrown) {
    if (!(thrown instanceof DepotError)) throw thrown;
    return thrown.code;
  }
  return length;
}

describe('a patch', () => {
  test('gives the new content, whatever was done to the old', () => {
    fc.assert(
      fc.property(anyBase, anyEdits, (base, edits) => {
        const next = edited(base, edits);
        expect(decoded(encodePatch(base, next), base, next.length).equals(next)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    ['nothing from nothing', empty, empty],
    ['something from nothing', empty, noise(1000, 1, 1000)],
    ['nothing from something', noise(1000, 1, 1000), empty],
    ['the same', noise(300_000, 1, 300_000), noise(300_000, 1, 300_000)],
    ['something else', noise(5000, 1, 5000), noise(5000, 2, 5000)],
    ['less than a window', noise(20, 1, 20), noise(7, 1, 7)],
    ['padding', new Uint8Array(100_000), new Uint8Array(200_001)],
  ])('makes %s', (_, base, next) => {
    expect(decoded(encodePatch(base, next), base, next.length).equals(next)).toBe(true);
  });

  test('reads both contents where they lie in larger ones', () => {
    const [base, next] = [noise(9001, 3, 9001), noise(9001, 3, 9001)];
    next.fill(7, 4000, 4100);
    const [within, nextWithin] = [Buffer.concat([noise(3, 1, 3), base]), Buffer.concat([noise(5, 1, 5), next])];
    expect(encodePatch(within.subarray(3), nextWithin.subarray(5))).toEqual(encodePatch(base, next));
  });

  test('says next to nothing of addresses that changed because functions grew', () => {
    const [base, next] = [code(0), code(48)];
    expect(encodePatch(base, next).length).toBeLessThan(next.length / 25);
  });

  test('comes out in pieces of at most 1 MiB', () => {
    const base = noise(1_500_000, 1, 1_500_000);
    const next = Buffer.concat([base, noise(1_200_000, 9, 1_200_000)]);
    const pieces = [...decodePatch(encodePatch(base, next), sourceOf(base), next.length)];
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(1024 ** 2);
    expect(Buffer.concat(pieces).equals(next)).toBe(true);
  });

  test('of version 1 is read for ever', () => {
    const patch = readFileSync(new URL('../golden/encoding/code.patch', import.meta.url));
    expect(decoded(patch, code(0), code(48).length).equals(code(48))).toBe(true);
  });
});

describe('a damaged patch', () => {
  const base = Buffer.concat([code(0), noise(20_000, 5, 20_000)]);
  const next = Buffer.concat([code(48), noise(3000, 6, 3000), noise(20_000, 5, 20_000)]);
  const patch = encodePatch(base, next);

  test('is refused where it is cut off', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: patch.length - 1 }), (length) => {
        expect(outcome(patch.subarray(0, length), base, next.length)).toBe('object-damaged');
      }),
    );
  });

  test('is refused, or gives as many bytes as it should, where bits are flipped', () => {
    const flips = fc.array(fc.tuple(fc.nat(patch.length - 1), fc.integer({ min: 1, max: 255 })), { minLength: 1 });
    fc.assert(
      fc.property(flips, (changes) => {
        const altered = Buffer.from(patch);
        for (const [at, bits] of changes) altered[at] = (altered[at] ?? 0) ^ bits;
        expect(['object-damaged', next.length]).toContain(outcome(altered, base, next.length));
      }),
      { numRuns: 60 },
    );
  });

  test('is refused, or gives as many bytes as it should, where its streams are noise', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 4, maxLength: 4 }), (streams) => {
        const head = Buffer.alloc(16);
        streams.forEach((stream, i) => head.writeUInt32BE(stream.length, 4 * i));
        const made = Buffer.concat([patch.subarray(0, 15), head, ...streams]);
        expect(['object-damaged', 100_000]).toContain(outcome(made, base, 100_000));
      }),
      { numRuns: 60 },
    );
  });

  test('is refused on a base that is shorter, or for a content that is', () => {
    expect(outcome(patch, base.subarray(0, 1000), next.length)).toBe('object-damaged');
    expect(outcome(patch, base, next.length - 1)).toBe('object-damaged');
  });

  test('is refused with more behind its end', () => {
    expect(outcome(Buffer.concat([patch, patch]), base, next.length)).toBe('object-damaged');
  });
});
