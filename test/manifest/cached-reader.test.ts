import { expect, test } from 'vitest';
import { cachedReader } from '../../src/manifest/cached-reader.js';
import { pagesInMemory } from './pages-in-memory.js';

test('pages used last are not read again, older ones are', () => {
  const pages = pagesInMemory();
  const refs = ['a', 'b', 'c'].map(pages.put);
  const read = cachedReader(pages.read, 2);
  const order = [0, 1, 0, 2, 0, 1].map((at) => refs[at] ?? refs[0]);
  const texts = order.map((ref) => (ref === undefined ? '' : read(ref)));
  expect(texts.join('')).toBe('abacab');
  expect(pages.counts().read).toBe(4);
});
