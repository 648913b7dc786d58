import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sha256 } from '../../src/model/sha256.js';
import type { SourceFile, SourceRow } from '../../src/store/sources.js';
import { keep, temporaryStore } from './fixture.js';

const file = (path: string, other: Partial<SourceFile> = {}): SourceFile => ({
  path,
  type: 'file',
  size: 1,
  mtimeUs: 1_700_000_000_000_001,
  ctimeUs: 1_700_000_000_000_002,
  inode: 77,
  executable: false,
  target: null,
  object: null,
  problem: null,
  ...other,
});

const paths = (files: readonly { path: string }[]): string[] => files.map(({ path }) => path);

test('keeps what a source was when it was last looked through', async () => {
  const { sources } = await temporaryStore();
  const row: SourceRow = {
    repository: 'tools',
    path: '/srv/tools',
    device: 2049,
    inode: 2,
    filesystem: 'ext4',
    mounts: ['a/b'],
    lastScanMs: 5,
    files: 3,
    heldBack: [{ path: '\\xff', reason: 'not UTF-8' }],
    heldBackCount: 1,
  };
  sources.put({ ...row, files: 1 });
  sources.put(row);
  expect(sources.get('tools')).toEqual(row);
  expect(sources.get('other')).toBeUndefined();
});

test('puts, replaces and deletes rows of the index, and pages through them', async () => {
  const { sources } = await temporaryStore();
  const link = file('b', { type: 'link', target: '../x', size: 0 });
  sources.write('tools', { puts: [file('c'), file('a', { executable: true }), link, file('d')] });
  sources.write('tools', { puts: [file('c', { size: 9 })], deletes: ['d', 'never there'] });
  sources.write('other', { puts: [file('a')] });
  expect([...sources.rows('tools')]).toEqual([file('a', { executable: true }), link, file('c', { size: 9 })]);
  expect([...sources.at('tools', ['0', 'b', 'bb', 'c'])]).toEqual([link, file('c', { size: 9 })]);
  expect(paths([...sources.stats('tools', { after: null, upTo: null })])).toEqual(['a', 'b', 'c']);
});

test('lists the files to read: unknown content, content that is not held any more, no problems', async () => {
  const store = await temporaryStore();
  const [held = sha256('')] = await keep(store, 'held');
  const gone = sha256('gone');
  store.sources.write('tools', {
    puts: [
      file('a'),
      file('b', { object: held }),
      file('c', { object: gone }),
      file('d', { problem: 'unreadable' }),
      file('e', { type: 'folder' }),
      file('f'),
    ],
  });
  expect(paths(store.sources.unhashed('tools', undefined, 10))).toEqual(['a', 'c', 'f']);
  expect(paths(store.sources.unhashed('tools', 'a', 1))).toEqual(['c']);
  rmSync(store.layout.objectFile(held));
  store.objects.forget(held);
  expect(paths(store.sources.unhashed('tools', undefined, 10))).toEqual(['a', 'b', 'c', 'f']);
  expect(store.sources.problems('tools', undefined, 5)).toEqual([{ path: 'd', problem: 'unreadable' }]);
});

test('cuts a large index into runs of about the same length, and a small one not at all', async () => {
  const { sources } = await temporaryStore();
  const all = Array.from({ length: 10 }, (_, at) => `f${at}`);
  sources.write('tools', { puts: all.map((path) => file(path)) });
  sources.write('other', { puts: [file('a')] });
  const cuts = sources.cuts('tools', 3, 10);
  expect(cuts).toEqual(['f3', 'f6']);
  expect(sources.cuts('tools', 3, 11)).toEqual([]);
  const runs = [null, ...cuts].map((after, at) =>
    paths([...sources.stats('tools', { after, upTo: cuts[at] ?? null })]),
  );
  expect(runs.map((run) => run.length)).toEqual([4, 3, 3]);
  expect(runs.flat()).toEqual(all);
});

test('records content only where the file is still the one that was read', async () => {
  const store = await temporaryStore();
  const [held = sha256('')] = await keep(store, 'held');
  store.sources.write('tools', { puts: [file('a'), file('b', { mtimeUs: 3 }), file('c', { type: 'link' })] });
  const { size, mtimeUs, ctimeUs, inode } = file('');
  const read = ['a', 'b', 'c'].map((path) => ({ path, size, mtimeUs, ctimeUs, inode, object: held }));
  expect(store.sources.setObject('tools', read)).toBe(1);
  expect([...store.sources.rows('tools')].map(({ object }) => object)).toEqual([held, null, null]);
  expect([...store.sources.objects()]).toEqual([held]);
});

test('sees rows that are written ahead of a walk through the index', async () => {
  const { sources } = await temporaryStore();
  const name = (at: number): string => `f${String(at).padStart(5, '0')}`;
  for (let at = 0; at < 3000; at += 500) {
    sources.write('tools', { puts: Array.from({ length: 500 }, (_, row) => file(name(at + row))) });
  }
  let count = 0;
  for (const { path } of sources.rows('tools')) {
    count += 1;
    if (path === name(1500)) sources.write('tools', { deletes: [name(2999)] });
  }
  expect(count).toBe(2999);
});
