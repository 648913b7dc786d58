import { expect, test } from 'vitest';
import { sha256 } from '../../src/model/sha256.js';
import type { SourceFile, SourceRow } from '../../src/store/sources.js';
import type { Store } from '../../src/store/store.js';
import { keep, temporaryStore } from './fixture.js';

const root = sha256('the manifest');
const source: SourceRow = {
  repository: 'tools',
  path: '/srv/tools',
  device: 1,
  inode: 2,
  filesystem: 'ext4',
  mounts: [],
  lastScanMs: 5,
  files: 3,
  heldBack: [],
  heldBackCount: 0,
};
const file = (path: string, other: Partial<SourceFile> = {}): SourceFile => ({
  ...{ path, type: 'file', size: 1, mtimeUs: 1, ctimeUs: 2, inode: 77, executable: false },
  ...{ target: null, object: null, problem: null },
  ...other,
});

async function settled(paths: readonly string[] | null = []): Promise<Store> {
  const store = await temporaryStore();
  store.sources.write('tools', { puts: ['a', 'b', 'c'].map((path) => file(path, { object: sha256(path) })) });
  store.sources.put(source);
  store.sourceChanges.settle('tools', { root, paths });
  return store;
}

test('knows nothing before it was compared, with another manifest, or of another repository', async () => {
  const store = await temporaryStore();
  store.sources.put(source);
  expect(store.sourceChanges.since('tools', root)).toBeUndefined();
  store.sourceChanges.settle('tools', { root, paths: [] });
  expect(store.sourceChanges.since('tools', root)).toEqual([]);
  expect(store.sourceChanges.since('tools', sha256('another'))).toBeUndefined();
  expect(store.sourceChanges.since('other', root)).toBeUndefined();
});

test('notes rows that come, go or get other content, and keeps what stayed unsettled', async () => {
  const store = await settled(['x']);
  const [held = root] = await keep(store, 'held');
  store.sources.write('tools', { puts: [file('d')], deletes: ['b', 'never there'] });
  const { size, mtimeUs, ctimeUs, inode } = file('');
  store.sources.setObject('tools', [{ path: 'c', size, mtimeUs, ctimeUs, inode, object: held }]);
  store.sources.setObject('tools', [{ path: 'a', size, mtimeUs, ctimeUs, inode, object: sha256('a') }]);
  store.sources.put({ ...source, lastScanMs: 9 });
  expect(store.sourceChanges.since('tools', root)).toEqual(['b', 'c', 'd', 'x']);
  store.sourceChanges.settle('tools', { root: sha256('next'), paths: ['c'] });
  expect(store.sourceChanges.since('tools', root)).toBeUndefined();
  expect(store.sourceChanges.since('tools', sha256('next'))).toEqual(['c']);
});

test('asks for all to be compared while something cannot be looked at, and until it was compared once more', async () => {
  const store = await settled();
  store.sources.write('tools', { puts: [file('folder', { type: 'unknown', problem: 'no permission' })] });
  expect(store.sourceChanges.since('tools', root)).toBeUndefined();
  store.sourceChanges.settle('tools', { root, paths: [] });
  store.sources.write('tools', { deletes: ['folder'] });
  expect(store.sourceChanges.since('tools', root)).toBeUndefined();
  store.sourceChanges.settle('tools', { root, paths: [] });
  expect(store.sourceChanges.since('tools', root)).toEqual([]);
});

test('forgets where it is not known what stayed', async () => {
  const store = await settled(null);
  expect(store.sourceChanges.since('tools', root)).toBeUndefined();
});
