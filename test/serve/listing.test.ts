import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { buildManifest } from '../../src/manifest/build.js';
import type { Entry, FileEntry } from '../../src/model/entry.js';
import { everything, type Selection } from '../../src/model/selection.js';
import { sha256 } from '../../src/model/sha256.js';
import type { ListedEntry } from '../../src/model/listing.js';
import { listHeld, listPath } from '../../src/serve/listing.js';
import { historyRows, requireRepository } from '../../src/serve/queries.js';
import { Store } from '../../src/store/store.js';
import { unsignedHead } from '../harness/heads.js';
import { temporaryFolder } from '../harness/temporary.js';

let store: Store;

beforeEach(async () => {
  store = Store.open(await temporaryFolder());
  onTestFinished(() => store.close());
});

function file(path: string, size = 10): FileEntry {
  return { type: 'file', path, object: sha256(path), size, mtimeMs: 1_000, executable: false };
}

async function publish(generation: number, entries: readonly Entry[], publishedAtMs = 0): Promise<void> {
  const root = buildManifest(entries, (text) => store.pages.write(text));
  await store.heads.put(
    unsignedHead({
      repository: 'tools',
      kind: 'mirror',
      context: 'enterprise',
      epoch: '0'.repeat(32),
      generation,
      previous: generation === 1 ? null : (store.heads.get('tools', generation - 1)?.sha256 ?? null),
      root: { sha256: root.sha256, length: root.length },
      files: root.files,
      bytes: root.bytes,
      publishedAt: new Date(publishedAtMs).toISOString(),
    }),
  );
  store.heads.markComplete('tools', generation, [everything]);
}

async function list(
  path: string,
  selection: Selection | null = null,
): Promise<{ batches: number; entries: ListedEntry[] }> {
  const entries: ListedEntry[] = [];
  let batches = 0;
  await listPath(store, 'tools', path, null, selection, async (sent) => {
    batches += 1;
    entries.push(...sent);
  });
  return { batches, entries };
}

test('a folder is listed with the sums of what lies below, a file and an empty folder as themselves', async () => {
  await publish(1, [file('a', 5), file('b/c/d', 7), file('b/e', 11), { type: 'folder', path: 'f' }]);
  const found = async (path: string): Promise<unknown[]> =>
    (await list(path)).entries.map(({ type, path: at, bytes, files }) => [type, at, bytes, files]);
  expect(await found('')).toEqual([
    ['file', 'a', 5, 1],
    ['folder', 'b', 18, 2],
    ['folder', 'f', 0, 0],
  ]);
  expect(await found('/b/c/')).toEqual([['file', 'b/c/d', 7, 1]]);
  expect(await found('a')).toEqual([['file', 'a', 5, 1]]);
  expect(await found('f')).toEqual([]);
});

test('what the depot does not follow is marked', async () => {
  await publish(1, [file('mac/a'), file('win/a')]);
  const selection = { include: ['mac/**'], exclude: [] };
  expect((await list('win', selection)).entries).toMatchObject([{ path: 'win/a', selected: false }]);
  expect((await list('mac', selection)).entries).toMatchObject([{ path: 'mac/a', selected: true }]);
});

test('a long listing is sent in pieces, waiting for each', async () => {
  await publish(
    1,
    Array.from({ length: 1200 }, (_, at) => file(`f${String(at).padStart(5, '0')}`)),
  );
  const { batches, entries } = await list('');
  expect(entries).toHaveLength(1200);
  expect(batches).toBe(3);
});

test('an empty repository lists nothing, and is no error', async () => {
  await publish(1, []);
  expect((await list('')).entries).toEqual([]);
});

test('where nothing was taken over yet there is nothing to list', async () => {
  await expect(list('')).rejects.toMatchObject({ code: 'not-found', hint: 'depot poll tools --wait' });
});

test('the paths of a hold are listed; an unknown hold is not found', async () => {
  const hold = { id: 'h1', repository: 'tools', kind: 'deletions', reason: 'many', epoch: null } as const;
  store.holds.add({ ...hold, files: 0, bytes: 0, generation: 2, sinceMs: 0 });
  store.holds.addPaths('h1', [
    { path: 'b', size: 2 },
    { path: 'a', size: 1 },
  ]);
  const entries: ListedEntry[] = [];
  const status = await listHeld(store, 'h1', async (sent) => void entries.push(...sent));
  expect(status).toMatchObject({ id: 'h1', files: 2, bytes: 3 });
  expect(entries.map(({ path, bytes }) => [path, bytes])).toEqual([
    ['a', 1],
    ['b', 2],
  ]);
  await expect(listHeld(store, 'h2', async () => undefined)).rejects.toMatchObject({ code: 'not-found' });
});

test('history merges what was published and what cycles did, newest first, up to the limit', async () => {
  const cycle = {
    repository: 'tools',
    outcome: 'applied',
    addedFiles: 1,
    replacedFiles: 0,
    deletedFiles: 0,
    fetchedFiles: 1,
    fetchedBytes: 10,
    error: null,
  } as const;
  await publish(1, [file('a')], 1_000);
  await publish(2, [file('a'), file('b')], 3_000);
  store.cycles.insert({ ...cycle, startedAtMs: 1_500, endedAtMs: 2_000, fromGeneration: null, toGeneration: 1 });
  const rows = historyRows(store, ['tools'], ['tools'], 10);
  expect(rows.map(({ outcome, toGeneration }) => [outcome, toGeneration])).toEqual([
    ['published', 2],
    ['applied', 1],
    ['published', 1],
  ]);
  expect(rows[0]).toMatchObject({ fromGeneration: 1, total: { files: 2, bytes: 20 } });
  expect(rows[1]).toMatchObject({ total: { files: 1, bytes: 10 }, fetched: { files: 1, bytes: 10 } });
  expect(historyRows(store, ['tools'], [], 10)).toHaveLength(1);
  expect(historyRows(store, ['tools'], ['tools'], 2)).toHaveLength(2);
});

test('an unknown repository is refused with those that are known', () => {
  expect(() => requireRepository('tols', ['media', 'tools'])).toThrow(
    expect.objectContaining({ code: 'not-found', hint: 'known here: media, tools' }),
  );
  expect(() => requireRepository('tools', ['media', 'tools'])).not.toThrow();
});
