import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { syncFilesystem, syncMany, writeFileDurably } from '../../src/store/durable.js';
import { temporaryFolder } from '../harness/temporary.js';

test('replaces a file as a whole, with the mode that was asked for, in a folder that it makes', async () => {
  const root = await temporaryFolder();
  const umask = process.umask(0o077);
  onTestFinished(() => void process.umask(umask));
  const file = join(root, 'new/folder/file');
  await writeFileDurably(file, 'old');
  await writeFileDurably(file, Buffer.from('new'), { mode: 0o600 });
  expect(readFileSync(file, 'utf8')).toBe('new');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(root, 'new/folder'))).toEqual(['file']);
});

test('leaves nothing behind where it cannot replace', async () => {
  const root = await temporaryFolder();
  mkdirSync(join(root, 'taken/by-a-folder'), { recursive: true });
  await expect(writeFileDurably(join(root, 'taken'), 'x')).rejects.toMatchObject({ code: 'EISDIR' });
  expect(readdirSync(root)).toEqual(['taken']);
});

test('leaves the old file where what should replace it ends with an error', async () => {
  const root = await temporaryFolder();
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('half');
    throw new Error('cut');
  };
  await writeFileDurably(join(root, 'file'), 'old');
  await expect(writeFileDurably(join(root, 'file'), broken())).rejects.toThrow('cut');
  expect(readFileSync(join(root, 'file'), 'utf8')).toBe('old');
  expect(readdirSync(root)).toEqual(['file']);
});

test('makes few and many files durable, and does not hide one that is gone', async () => {
  const root = await temporaryFolder();
  const files = Array.from({ length: 20 }, (_, at) => join(root, String(at)));
  for (const file of files) writeFileSync(file, 'x');
  await syncMany(root, files);
  await syncMany(root, files.slice(0, 3));
  await expect(syncMany(root, [join(root, 'gone')])).rejects.toMatchObject({ code: 'ENOENT' });
});

test('syncs file by file where the filesystem as a whole cannot be, and says so when that was asked for', async () => {
  const root = await temporaryFolder();
  const files = Array.from({ length: 20 }, (_, at) => join(root, String(at)));
  for (const file of files) writeFileSync(file, 'x');
  const path = process.env['PATH'];
  onTestFinished(() => void (process.env['PATH'] = path));
  process.env['PATH'] = root;
  await syncMany(root, files);
  await expect(syncFilesystem(root)).rejects.toMatchObject({ code: 'internal', hint: expect.any(String) });
});
