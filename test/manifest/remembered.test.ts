import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildManifest } from '../../src/manifest/build.js';
import { diffManifests } from '../../src/manifest/diff.js';
import { rememberedDiff } from '../../src/manifest/remembered.js';
import { entrySet } from './arbitrary-entries.js';
import { pagesInMemory } from './pages-in-memory.js';

test('a difference is the same each time, and read from the pages once', () => {
  fc.assert(
    fc.property(entrySet, entrySet, (before, after) => {
      const pages = pagesInMemory();
      const from = buildManifest(before, pages.write);
      const to = buildManifest(after, pages.write);
      const expected = [...diffManifests(from, to, pages.read)];
      expect([...rememberedDiff(from, to, pages.read)]).toEqual(expected);
      const read = (): never => expect.fail('a page was read again');
      expect([...rememberedDiff(from, to, read)]).toEqual(expected);
      expect([...rememberedDiff(to, from, pages.read)]).toEqual([...diffManifests(to, from, pages.read)]);
    }),
  );
});

test('what was not gone through to its end is not remembered', () => {
  const pages = pagesInMemory();
  const file = (path: string) => ({ type: 'link', path, target: 'x' }) as const;
  const from = buildManifest([file('a')], pages.write);
  const to = buildManifest([file('b'), file('c')], pages.write);
  for (const change of rememberedDiff(from, to, pages.read)) if (change.kind === 'delete') break;
  expect([...rememberedDiff(from, to, pages.read)]).toHaveLength(3);
});
