import fc from 'fast-check';
import type { ByteSource } from '../../src/encoding/bytes.js';
import { code } from './code.js';
import { noise } from './noise.js';

/** One change to a content, its place and length in thousandths of it; `shift` adds `amount` to a word in every 20 bytes. */
export interface Edit {
  readonly kind: 'insert' | 'delete' | 'move' | 'shift';
  readonly at: number;
  readonly length: number;
  readonly to: number;
  readonly amount: number;
}

/** From nothing to some tens of kilobytes: noise, what repeats, what looks like code. */
export const anyBase: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc
    .tuple(fc.integer({ min: 0, max: 40_000 }), fc.integer(), fc.integer({ min: 1, max: 5000 }))
    .map(([length, seed, period]) => noise(length, seed, period)),
  fc.integer({ min: 0, max: 300 }).map(code),
);

export const anyEdits: fc.Arbitrary<Edit[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('insert', 'delete', 'move', 'shift'),
    at: fc.integer({ min: 0, max: 1000 }),
    length: fc.integer({ min: 0, max: 300 }),
    to: fc.integer({ min: 0, max: 1000 }),
    amount: fc.integer(),
  }),
  { maxLength: 8 },
);

export function edited(base: Uint8Array, edits: readonly Edit[]): Uint8Array {
  return edits.reduce((bytes, edit) => withEdit(bytes, edit), base);
}

export function sourceOf(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read(into, position) {
      const part = bytes.subarray(position, position + into.length);
      into.set(part);
      return part.length;
    },
  };
}

function withEdit(bytes: Uint8Array, { kind, at, length, to, amount }: Edit): Uint8Array {
  const start = Math.floor((bytes.length * at) / 1000);
  const end = Math.min(bytes.length, start + Math.ceil((bytes.length * length) / 1000));
  const part = bytes.subarray(start, end);
  if (kind === 'insert')
    return Buffer.concat([bytes.subarray(0, start), noise(length, amount, length + 1), bytes.subarray(start)]);
  if (kind === 'shift') return Buffer.concat([bytes.subarray(0, start), shifted(part, amount), bytes.subarray(end)]);
  const rest = Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
  if (kind === 'delete') return rest;
  const target = Math.floor((rest.length * to) / 1000);
  return Buffer.concat([rest.subarray(0, target), part, rest.subarray(target)]);
}

function shifted(part: Uint8Array, amount: number): Uint8Array {
  const bytes = Buffer.from(part);
  for (let i = 0; i + 4 <= bytes.length; i += 20) bytes.writeInt32LE((bytes.readInt32LE(i) + amount) | 0, i);
  return bytes;
}
