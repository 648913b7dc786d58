import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodePatch } from '../../src/encoding/patch-decode.js';
import { encodePatch } from '../../src/encoding/patch-encode.js';
import { anyBase, anyEdits, edited, sourceOf } from './edits.js';

test('a patch gives the new content, whatever was done to the old', () => {
  fc.assert(
    fc.property(anyBase, anyEdits, (base, edits) => {
      const next = edited(base, edits);
      const made = Buffer.concat([...decodePatch(encodePatch(base, next), sourceOf(base), next.length)]);
      expect(made.equals(next)).toBe(true);
    }),
  );
});
