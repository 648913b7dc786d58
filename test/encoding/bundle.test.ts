import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packBundle, unpackBundle, type BundledFile } from '../../src/encoding/bundle.js';
import { compressSolid, prefixOf } from '../../src/encoding/solid.js';
import { DepotError } from '../../src/model/errors.js';
import { noise } from './source.js';

const nothing = prefixOf([]);

/** The files that come, and the code of the error that ends them. */
async function unpack(bundle: Uint8Array, sizes: readonly number[], prefix = nothing) {
  const files: BundledFile[] = [];
  try {
    for await (const file of unpackBundle([bundle], prefix, sizes)) files.push(file);
  } catch (error) {
    if (!(error instanceof DepotError)) throw error;
    return { files, code: error.code };
  }
  return { files, code: null };
}

describe('a bundle', () => {
  it('brings any files, those that are left out apart (property)', async () => {
    const files = fc.uniqueArray(fc.tuple(fc.nat(200), fc.uint8Array({ maxLength: 2_000 })), {
      selector: ([place]) => place,
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(files, fc.array(fc.uint8Array({ maxLength: 500 }), { maxLength: 3 }), async (all, bases) => {
        const packed = all.map(([place, bytes]) => ({ place, bytes: Buffer.from(bytes) }));
        const sizes: number[] = [];
        for (const { place, bytes } of packed) sizes[place] = bytes.length;
        const known = Array.from(sizes, (size) => size ?? 0);
        const prefix = prefixOf(bases);
        expect(await unpack(await packBundle(packed, prefix, 3), known, prefix)).toEqual({ files: packed, code: null });
      }),
      { numRuns: 50 },
    );
  });

  it('costs next to nothing for files that changed a little', async () => {
    const before = Array.from({ length: 200 }, (_, at) => noise(4_000, at + 1));
    const after = before.map((bytes, at) => {
      const changed = Buffer.from(bytes);
      changed.write(`changed ${at}`, at * 10);
      return changed;
    });
    const prefix = prefixOf(before);
    const bundle = await packBundle(
      after.map((bytes, place) => ({ place, bytes })),
      prefix,
      9,
    );
    expect(bundle.length).toBeLessThan(200 * 60);
    expect(
      (
        await unpack(
          bundle,
          after.map(({ length }) => length),
          prefix,
        )
      ).files.map(({ bytes }) => bytes),
    ).toEqual(after);
  });

  it('that is cut off anywhere brings the files before the cut, whole', async () => {
    const contents = Array.from({ length: 50 }, (_, at) => noise(10_000, at + 1));
    const bundle = await packBundle(
      contents.map((bytes, place) => ({ place, bytes })),
      nothing,
      3,
    );
    const sizes = contents.map(({ length }) => length);
    for (const part of [0.2, 0.5, 0.9]) {
      const { files, code } = await unpack(bundle.subarray(0, Math.floor(bundle.length * part)), sizes);
      expect(code).toBe(files.length === 0 ? null : 'transfer-cut');
      // A block of zstd is 128 KiB: what lies in the one that was cut is lost.
      expect(files.length).toBeGreaterThan(50 * part - 15);
      for (const { place, bytes } of files)
        expect(Buffer.from(bytes).equals(contents[place] ?? Buffer.alloc(0))).toBe(true);
    }
  });

  it('is refused where a file has another size than it must, and where it holds more than was asked for', async () => {
    const bundle = await packBundle([{ place: 0, bytes: Buffer.from('four') }], nothing, 3);
    expect(await unpack(bundle, [5])).toEqual({ files: [], code: 'object-damaged' });
    expect(await unpack(bundle, [])).toEqual({ files: [], code: 'object-damaged' });
    const bomb = compressSolid(nothing, Buffer.alloc(50_000_000), 3);
    expect(await unpack(bomb, [4])).toEqual({ files: [], code: 'object-damaged' });
  });

  it('that is damaged is refused, or brings other bytes (property)', async () => {
    const contents = Array.from({ length: 5 }, (_, at) => Buffer.from(`content ${at} `.repeat(100)));
    const bundle = await packBundle(
      contents.map((bytes, place) => ({ place, bytes })),
      nothing,
      3,
    );
    const sizes = contents.map(({ length }) => length);
    await fc.assert(
      fc.asyncProperty(fc.nat(bundle.length - 1), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
        const damaged = Buffer.from(bundle);
        damaged[at] = (damaged[at] ?? 0) ^ bits;
        const { files, code } = await unpack(damaged, sizes);
        expect([null, 'object-damaged', 'transfer-cut']).toContain(code);
        for (const { place, bytes } of files) expect(bytes.length).toBe(sizes[place]);
      }),
      { numRuns: 200 },
    );
  });
});
