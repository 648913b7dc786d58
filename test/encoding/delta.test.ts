import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeDelta, encodeDelta } from '../../src/encoding/delta.js';
import { compressSolid, prefixOf } from '../../src/encoding/solid.js';
import { DepotError } from '../../src/model/errors.js';
import { bytesOf, noise, together } from './source.js';

const encode = (base: Buffer, next: Buffer): Buffer =>
  together(encodeDelta(bytesOf(base), bytesOf(next), () => undefined));
const decode = (delta: Buffer, base: Buffer, size: number): Buffer =>
  together(decodeDelta(bytesOf(delta), bytesOf(base), size));

/** Inserts, deletes, moves and overwrites, as `[what, at, length]` in thousandths of the file. */
const edits = fc.array(fc.tuple(fc.nat(3), fc.nat(999), fc.integer({ min: 1, max: 300 })), { maxLength: 6 });

function edited(base: Buffer, all: readonly (readonly [number, number, number])[]): Buffer {
  let next = base;
  for (const [what, atPart, lengthPart] of all) {
    const at = Math.floor((next.length * atPart) / 1000);
    const length = Math.floor((next.length * lengthPart) / 1000);
    const [before, cut, after] = [next.subarray(0, at), next.subarray(at, at + length), next.subarray(at + length)];
    if (what === 0) next = Buffer.concat([before, noise(lengthPart, atPart), cut, after]);
    if (what === 1) next = Buffer.concat([before, after]);
    if (what === 2) next = Buffer.concat([before, after, cut]);
    if (what === 3) next = Buffer.concat([before, noise(cut.length, lengthPart), after]);
  }
  return next;
}

describe('a delta', () => {
  it('turns any content into any other (property)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5_000 }), edits, fc.uint8Array({ maxLength: 300 }), (first, all, more) => {
        const base = Buffer.from(first);
        const next = Buffer.concat([edited(base, all), more]);
        expect(decode(encode(base, next), base, next.length).equals(next)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('is small where little changed, wherever that is', () => {
    const base = noise(3_000_000);
    const next = Buffer.concat([base.subarray(0, 1_000_000), Buffer.from('inserted'), base.subarray(1_200_000)]);
    expect(encode(base, next).length).toBeLessThan(1_000);
  });

  it('of a file of several segments is made on what lies near the same place', () => {
    const base = noise(60_000_000);
    const programs = Buffer.from(base);
    // Some bytes of each kilobyte, as where the addresses of a program have moved.
    for (let at = 30_000_000; at < 50_000_000; at += 1_000) programs.fill(7, at, at + 4);
    const next = Buffer.concat([programs.subarray(0, 40_000_000), noise(1_000, 9), programs.subarray(45_000_000)]);
    const delta = encode(base, next);
    expect(delta.length).toBeLessThan(300_000);
    expect(decode(delta, base, next.length).equals(next)).toBe(true);
  });

  it('has a content for its base that begins as a dictionary of zstd does', () => {
    const base = Buffer.concat([Buffer.from('37a430ec', 'hex'), noise(100_000)]);
    const next = Buffer.concat([base, Buffer.from('more')]);
    const delta = encode(base, next);
    expect(delta.length).toBeLessThan(200);
    expect(decode(delta, base, next.length).equals(next)).toBe(true);
  });

  it('that is damaged gives an error, or other bytes, and never more than there should be (property)', () => {
    const base = noise(20_000);
    const next = Buffer.concat([base.subarray(0, 9_000), noise(500, 2), base.subarray(9_100)]);
    const delta = encode(base, next);
    fc.assert(
      fc.property(fc.nat(delta.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, bits, isCut) => {
        const damaged = Buffer.from(isCut ? delta.subarray(0, at) : delta);
        if (!isCut) damaged[at] = (damaged[at] ?? 0) ^ bits;
        let length = 0;
        try {
          for (const piece of decodeDelta(bytesOf(damaged), bytesOf(base), next.length)) length += piece.length;
        } catch (error) {
          expect(error).toBeInstanceOf(DepotError);
          expect(error).toMatchObject({ code: 'object-damaged' });
        }
        expect(length).toBeLessThanOrEqual(next.length);
      }),
      { numRuns: 300 },
    );
  });

  describe('that would take long and make nothing', () => {
    const base = noise(3_000_000);
    const segment = (length: number, content: Buffer): Buffer => {
      const body = compressSolid(prefixOf([base]), content, 1);
      const head = Buffer.alloc(19);
      head.writeUInt8(1, 0);
      head.writeUInt32BE(length, 1);
      head.writeUInt32BE(base.length, 11);
      head.writeUInt32BE(body.length, 15);
      return Buffer.concat([head, body]);
    };
    const delta = (...segments: readonly Buffer[]): Buffer =>
      Buffer.concat([Buffer.from('depotd-delta 1\n'), ...segments]);
    const large = base.subarray(0, 1024 ** 2);

    it.each([0, 1, 1024 ** 2 - 1])('is refused at a segment of %d bytes that is not the last one', (length) => {
      const small = segment(length, base.subarray(0, length));
      expect(() => decode(delta(small, small), base, 2 * 1024 ** 2)).toThrow(/a segment that cannot be, at 15$/);
      const good = delta(segment(large.length, large), small);
      expect(decode(good, base, 2 * 1024 ** 2)).toHaveLength(large.length + length);
    });

    it('is refused at a segment that makes less than it says', () => {
      const lying = segment(large.length, Buffer.alloc(0));
      expect(() => decode(delta(lying, lying), base, 300 * 1024 ** 2)).toThrow(/makes 0 bytes in place of 1048576/);
    });
  });
});
