import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { asDepotError, DepotError } from '../../src/model/errors.js';
import { sha256 } from '../../src/model/sha256.js';
import { writeFileDurably } from '../../src/store/durable.js';
import { freeSpace } from '../../src/store/space.js';
import { temporaryFolder } from '../harness/temporary.js';
import { keep, openStore, staged } from './fixture.js';

/** A file system of its own, of 4 MiB. Mounting takes root. */
async function smallDisk(): Promise<string> {
  const folder = await temporaryFolder();
  run('mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder);
  onTestFinished(() => run('umount', '--lazy', folder));
  return folder;
}

function run(command: string, ...parameters: string[]): void {
  const { status, stderr } = spawnSync(command, parameters, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${parameters.join(' ')} ended with ${status}: ${stderr}`);
}

function fill(folder: string, leaveBytes: number): string {
  const file = join(folder, 'ballast');
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(file, Buffer.alloc(bavail * bsize - leaveBytes));
  return file;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    return asDepotError(error, 'test').code;
  }
}

test('tells how much may still be written', async () => {
  const disk = await smallDisk();
  expect(await freeSpace(disk)).toEqual({ free: 4 * 1024 * 1024, total: 4 * 1024 * 1024 });
});

test.each([0, 4, 8, 12, 16, 32])(
  'takes a batch as a whole or gives it back when %i KiB are left, and takes it once there is room',
  async (kibibytes) => {
    const store = openStore(await smallDisk());
    const [held = sha256('')] = await keep(store, 'held');
    const objects = Array.from({ length: 40 }, (_, at) => staged(store, `object ${at}`));
    const ballast = fill(store.layout.data, kibibytes * 1024);
    const code = await codeOf(store.objects.admit(objects));
    if (code === 'none') {
      expect(objects.filter(({ sha256 }) => !store.objects.has(sha256))).toEqual([]);
    } else {
      expect(code).toBe('disk-full');
      expect(objects.map(({ from }) => readFileSync(from, 'utf8'))).toEqual(objects.map((_, at) => `object ${at}`));
      expect(objects.filter(({ sha256 }) => store.objects.has(sha256))).toEqual([]);
    }
    expect(store.objects.has(held)).toBe(true);
    rmSync(ballast);
    if (code !== 'none') await store.objects.admit(objects);
    expect(objects.filter(({ sha256 }) => !store.objects.has(sha256))).toEqual([]);
  },
);

test('keeps the old file, and no half of the new one, when the disk is full', async () => {
  const disk = await smallDisk();
  const file = join(disk, 'file');
  await writeFileDurably(file, 'old');
  const ballast = fill(disk, 8192);
  expect(await codeOf(writeFileDurably(file, Buffer.alloc(100_000)))).toBe('disk-full');
  expect(readFileSync(file, 'utf8')).toBe('old');
  rmSync(ballast);
  expect((await freeSpace(disk)).free).toBeGreaterThan(4 * 1024 * 1024 - 8192);
});

test('keeps no half of a page when the disk is full', async () => {
  const store = openStore(await smallDisk());
  const noise = Array.from({ length: 4000 }, (_, at) => sha256(String(at))).join('\n');
  const ballast = fill(store.layout.data, 8192);
  const failure = ((): unknown => {
    try {
      return store.pages.write(noise);
    } catch (error) {
      return asDepotError(error, 'test');
    }
  })();
  expect(failure).toBeInstanceOf(DepotError);
  expect(failure).toMatchObject({ code: 'disk-full' });
  const ref = { sha256: sha256(noise), length: noise.length };
  expect(store.pages.has(ref)).toBe(false);
  rmSync(ballast);
  expect(store.pages.write(noise)).toEqual(ref);
});
