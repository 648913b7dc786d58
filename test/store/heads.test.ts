import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { HeadFile } from '../../src/model/head.js';
import { everything, type Demand } from '../../src/model/selection.js';
import { sha256 } from '../../src/model/sha256.js';
import { epoch, headOf, openStore, temporaryStore } from './fixture.js';

const root = { sha256: sha256('root'), length: 5, entries: 0, files: 0, bytes: 0 };
const head = (generation: number, other: { epoch?: string; repository?: string } = {}): HeadFile =>
  headOf(root, { generation, ...other });
const mac: Demand = [{ include: ['mac/**'], exclude: [] }];

test('keeps heads as files with the very bytes, and as rows, newest first', async () => {
  const store = await temporaryStore({ now: () => 1234 });
  for (const generation of [1, 10, 9]) await store.heads.put(head(generation));
  await store.heads.put(head(2, { repository: 'other' }));
  expect(store.heads.list('tools').map((row) => row.head.generation)).toEqual([10, 9, 1]);
  expect(store.heads.newest('tools')?.head.generation).toBe(10);
  expect(store.heads.get('tools', 9)).toMatchObject({ seenAtMs: 1234, complete: undefined });
  expect(store.heads.repositories()).toEqual(['other', 'tools']);
  expect(readFileSync(store.layout.headFile('tools', 9))).toEqual(Buffer.from(head(9).bytes));
});

test('refuses a second head of a generation, and takes the same one twice', async () => {
  const { heads } = await temporaryStore();
  await heads.put(head(1));
  await heads.put(head(1));
  const other = headOf({ ...root, files: 1 });
  await expect(heads.put(other)).rejects.toMatchObject({ code: 'head-refused' });
});

test('takes a head of another epoch only after the old line was given up', async () => {
  const store = await temporaryStore();
  const renewed = head(1, { epoch: epoch.split('').reverse().join('') });
  await store.heads.put(head(1));
  await store.heads.put(head(5));
  await expect(store.heads.put(renewed)).rejects.toMatchObject({ code: 'head-refused' });
  store.heads.approveEpoch('tools', renewed.head.epoch);
  expect(store.heads.approvedEpoch('tools')).toBe(renewed.head.epoch);
  store.heads.startOver('tools');
  expect(existsSync(store.layout.headFile('tools', 5))).toBe(false);
  await store.heads.put(renewed);
  expect(store.heads.newest('tools')?.sha256).toBe(renewed.sha256);
});

test('finds the newest generation that is complete for what is wanted', async () => {
  const { heads } = await temporaryStore();
  for (const generation of [1, 2, 3, 4]) await heads.put(head(generation));
  heads.markComplete('tools', 1, [everything]);
  heads.markComplete('tools', 3, mac);
  expect(heads.newestComplete('tools', [everything])?.head.generation).toBe(1);
  expect(heads.newestComplete('tools', mac)?.head.generation).toBe(3);
  expect(heads.completeness('tools', 3)).toEqual(mac);
  heads.clearComplete('tools');
  expect(heads.newestComplete('tools', mac)).toBeUndefined();
});

test('forgets removed generations with their files', async () => {
  const store = await temporaryStore();
  await store.heads.put(head(1));
  store.heads.remove('tools', 1);
  expect(store.heads.get('tools', 1)).toBeUndefined();
  expect(existsSync(store.layout.headFile('tools', 1))).toBe(false);
});

test('sees a head again whose row a power cut took', async () => {
  const store = await temporaryStore();
  await store.heads.put(head(7));
  store.db.exec('DELETE FROM heads');
  writeFileSync(`${store.layout.metadataOf('tools')}/8.targets.json`, '{"half of');
  const again = openStore(store.layout.data);
  expect(again.heads.newest('tools')?.sha256).toBe(head(7).sha256);
  expect(existsSync(`${store.layout.quarantine}/8.targets.json`)).toBe(true);
});

test('does not revive heads of a line that was being given up when the power went', async () => {
  const store = await temporaryStore();
  const renewed = headOf(root, { generation: 1, epoch: 'f'.repeat(32) });
  await store.heads.put(head(5));
  const old = readFileSync(store.layout.headFile('tools', 5));
  store.heads.startOver('tools');
  await store.heads.put(renewed);
  writeFileSync(store.layout.headFile('tools', 5), old);
  const again = openStore(store.layout.data);
  expect(again.heads.list('tools').map((row) => row.sha256)).toEqual([renewed.sha256]);
  expect(existsSync(store.layout.headFile('tools', 5))).toBe(false);
});
