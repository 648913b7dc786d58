import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { sha256 } from '../../src/model/sha256.js';
import { inlineJobs } from '../../src/store/job.js';
import { relist } from '../../src/store/rebuild.js';
import { Store } from '../../src/store/store.js';
import { temporaryFolder } from '../harness/temporary.js';
import { runsTypeScript } from '../harness/typescript.js';
import { keep, openStore, publish, temporaryStore } from './fixture.js';

const mode = (path: string): number => statSync(path).mode & 0o777;

test('makes a data directory that everybody may pass through, with trees that everybody may read', async () => {
  const { layout } = openStore(join(await temporaryFolder(), 'data'));
  expect(mode(layout.data)).toBe(0o751);
  expect(mode(layout.trees)).toBe(0o755);
  expect(mode(layout.objects)).toBe(0o750);
  expect(mode(layout.database)).toBe(0o640);
});

test('leaves the modes of an existing data directory to its administrator', async () => {
  const { layout } = await temporaryStore();
  chmodSync(layout.data, 0o700);
  openStore(layout.data);
  expect(mode(layout.data)).toBe(0o700);
});

test.each([
  ['a file in place of the data directory', (data: string) => writeFileSync(data, '')],
  ['a file in place of a folder', (data: string) => (mkdirSync(data), writeFileSync(join(data, 'objects'), ''))],
  ['a folder in place of the catalogue', (data: string) => mkdirSync(join(data, 'state.db'), { recursive: true })],
])('names %s', async (_what, spoil) => {
  const data = join(await temporaryFolder(), 'data');
  spoil(data);
  expect(() => Store.open(data)).toThrow(expect.objectContaining({ code: 'data-unusable', hint: expect.any(String) }));
});

test('refuses a catalogue of a newer depotd', async () => {
  const store = await temporaryStore();
  store.db.pragma('user_version = 999');
  expect(() => Store.open(store.layout.data)).toThrow(
    expect.objectContaining({ code: 'data-unusable', message: expect.stringContaining('has version 999') }),
  );
});

/** What may happen to a catalogue. The store is closed. */
const losses: Record<string, (database: string) => void> = {
  'is gone': (database) => rmSync(database),
  'is empty': (database) => truncateSync(database, 0),
  'is something else': (database) => writeFileSync(database, 'no database'.repeat(1000)),
  'lost its second half': (database) => truncateSync(database, Math.floor(statSync(database).size / 2)),
  'has noise in its tables': (database) => {
    const { size } = statSync(database);
    truncateSync(database, 4096);
    truncateSync(database, size);
  },
};

test.each(Object.entries(losses))('builds the catalogue anew from the files when it %s', async (_what, lose) => {
  const data = await temporaryFolder();
  const before = Store.open(data);
  const contents = { a: 'first', b: 'second', c: 'rotten' };
  const { head } = await publish(before, contents, { generation: 3 });
  const rotten = before.layout.objectFile(sha256('rotten'));
  chmodSync(rotten, 0o644);
  writeFileSync(rotten, 'ROTTEN');
  before.close();
  lose(before.layout.database);

  const store = openStore(data);
  expect(store.needsRelist).toBe(true);
  expect(store.heads.newest('tools')?.head).toEqual(head);
  expect(store.heads.completeness('tools', 3)).toBeUndefined();
  expect(store.objects.has(sha256('first'))).toBe(false);
  expect(await inlineJobs(store)(relist, {})).toEqual({ files: 3, bytes: 17, damaged: 1 });
  expect(store.needsRelist).toBe(false);
  expect(store.objects.has(sha256('first'))).toBe(true);
  expect(store.objects.has(sha256('rotten'))).toBe(false);
  expect(store.objects.belongs('tools', sha256('rotten'))).toBe(true);
  expect(await inlineJobs(store)(relist, {})).toEqual({ files: 0, bytes: 0, damaged: 0 });
});

test('goes on with a rebuild where it was interrupted', async () => {
  const data = await temporaryFolder();
  const before = Store.open(data);
  await keep(before, ...Array.from({ length: 20 }, (_, at) => `object ${at}`));
  before.close();
  rmSync(before.layout.database);
  const store = openStore(data);
  const stopping = new AbortController();
  const onProgress = ({ files }: { files: number }): void => (files === 7 ? stopping.abort() : undefined);
  await expect(inlineJobs(store)(relist, {}, { signal: stopping.signal, onProgress })).rejects.toThrow();
  const again = openStore(data);
  expect(again.needsRelist).toBe(true);
  const { files } = await inlineJobs(again)(relist, {});
  expect(files).toBeGreaterThan(0);
  expect(files).toBeLessThan(20);
  expect([...again.objects.unknown()]).toEqual([]);
});

test('reads a data directory without changing it', async () => {
  const store = await temporaryStore();
  await publish(store, { a: 'content' });
  store.db.pragma('wal_checkpoint(TRUNCATE)');
  const reader = openStore(store.layout.data, { readOnly: true });
  expect(reader.heads.newest('tools')?.head.generation).toBe(1);
  expect(() => reader.heads.clearComplete('tools')).toThrow(/readonly/);
  expect(reader.pages.read(reader.heads.newest('tools')?.head.root ?? { sha256: sha256(''), length: 0 })).toContain(
    'a',
  );
});

test('says what to do where there is nothing to read', async () => {
  const data = await temporaryFolder();
  expect(() => Store.open(data, { readOnly: true })).toThrow(
    expect.objectContaining({ code: 'data-unusable', hint: expect.stringContaining('start the daemon') }),
  );
  expect(readdirSync(data)).toEqual([]);
  writeFileSync(join(data, 'state.db'), 'no database'.repeat(1000));
  expect(() => Store.open(data, { readOnly: true })).toThrow(/is broken/);
  expect(existsSync(join(data, 'state.db'))).toBe(true);
});

/** Runs code against the store as a user who owns nothing. */
function asNobody(code: string, data: string): string {
  const script = `
    import { Store } from ${JSON.stringify(new URL('../../src/store/store.ts', import.meta.url).href)};
    try {
      const store = Store.open(process.argv[1], { readOnly: true });
      ${code}
      store.close();
    } catch (error) {
      process.stdout.write(error.code + ': ' + error.message);
    }
  `;
  const nobody = { uid: 65534, gid: 65534, encoding: 'utf8' } as const;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [...runsTypeScript, '--input-type=module', '--eval', script, data],
    nobody,
  );
  return stdout + stderr;
}

const tell = `process.stdout.write(store.heads.repositories().join());`;

async function foreignData(): Promise<Store> {
  const folder = await temporaryFolder();
  chmodSync(folder, 0o755);
  return openStore(join(folder, 'data'));
}

test('reads the data directory of another user after an orderly stop, though it cannot write there', async () => {
  const store = await foreignData();
  await publish(store, { a: 'content' });
  chmodSync(store.layout.database, 0o644);
  store.close();
  expect(readdirSync(store.layout.data)).not.toContain('state.db-wal');
  expect(asNobody(tell, store.layout.data)).toBe('tools');
  expect(readdirSync(store.layout.data)).not.toContain('state.db-shm');
});

test('reads the data directory of another user after a crash, from the log that was left', async () => {
  const store = await foreignData();
  await publish(store, { a: 'content' });
  const crashed = join(dirname(store.layout.data), 'crashed');
  mkdirSync(crashed);
  for (const name of ['state.db', 'state.db-wal']) {
    copyFileSync(join(store.layout.data, name), join(crashed, name));
    chmodSync(join(crashed, name), 0o644);
  }
  expect(asNobody(tell, crashed)).toBe('tools');
  expect(readdirSync(crashed).sort()).toEqual(['state.db', 'state.db-wal']);
});

test('tells a user who may not read the catalogue so', async () => {
  const store = await foreignData();
  expect(asNobody(tell, store.layout.data)).toMatch(/^data-unusable: no access to the data directory/);
});
