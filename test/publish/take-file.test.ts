import {
  appendFileSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { mkdir, readFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/model/sha256.js';
import { Unknown } from '../../src/publish/attempt.js';
import { fingerprintOf, type Fingerprint } from '../../src/publish/fingerprint.js';
import { newScratch, type Scratch } from '../../src/publish/scratch.js';
import { takeFile, type TakeOptions, type Taken } from '../../src/publish/take-file.js';
import { layoutOf } from '../../src/store/layout.js';
import { temporaryFolder } from '../harness/temporary.js';
import { master, type Master } from './master.js';
import { asNobody } from '../harness/nobody.js';

const mebibyte = 1024 * 1024;
/** Older kernels count file times in ticks of up to 10 ms. */
const tickMs = 15;
let folder: string;
let path: string;
let scratch: Scratch;

beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder, 'file');
  const layout = layoutOf(join(folder, 'data'));
  await mkdir(layout.staging, { recursive: true });
  scratch = newScratch(layout);
});

function seen(): Fingerprint {
  return fingerprintOf(lstatSync(path, { bigint: true }));
}

function take(expected: Fingerprint, changes: Partial<TakeOptions> = {}): Taken {
  return takeFile(path, expected, { scratch, isHeld: () => false, onBytes: () => undefined, ...changes });
}

function pattern(bytes: number): Buffer {
  return Buffer.alloc(bytes, 'the quick brown fox jumps over the lazy dog\n');
}

describe.each([
  ['empty', 0],
  ['small', 1000],
  ['just small', mebibyte],
  ['just large', mebibyte + 1],
  ['large', 5 * mebibyte + 17],
])('a file that is %s', (_, bytes) => {
  const content = pattern(bytes);

  it('is taken whole, with its hash and a copy', async () => {
    writeFileSync(path, content);
    expect(take(seen())).toEqual({ sha256: sha256(content), copied: true });
    expect((await readFile(scratch.path)).equals(content)).toBe(true);
  });

  it('is not copied where its object is held', async () => {
    writeFileSync(path, content);
    const held = sha256(content);
    expect(take(seen(), { isHeld: (object) => object === held })).toEqual({ sha256: held, copied: false });
    await expect(stat(scratch.path)).rejects.toThrow('ENOENT');
  });

  it.each<[string, () => void]>([
    ['grows', () => appendFileSync(path, 'more')],
    ['is cut', () => truncateSync(path, Math.floor(bytes / 2))],
    ['is overwritten in place', () => writeSync(openSync(path, 'r+'), 'X', 0)],
    [
      'is replaced by another of the same size',
      () => (writeFileSync(`${path}.new`, content), renameSync(`${path}.new`, path)),
    ],
    ['is replaced by a link', () => (renameSync(path, `${path}.old`), symlinkSync(`${path}.old`, path))],
    ['is deleted', () => rmSync(path)],
  ])('is not taken when it %s while it is read', async (what, change) => {
    if (bytes === 0 && what === 'is cut') return;
    writeFileSync(path, content);
    await delay(tickMs);
    let calls = 0;
    const expected = seen();
    const onBytes = (): void => {
      calls += 1;
      if (calls === 1) change();
    };
    expect(take(expected, { onBytes })).toBe('changing');
  });

  it('is not taken when it changed since the source was looked through', () => {
    writeFileSync(path, content);
    const expected = seen();
    appendFileSync(path, 'x');
    expect(take(expected)).toBe('changing');
  });
});

it('does not take a file that is reached through a link put in its place, nor what is not a file', async () => {
  writeFileSync(path, 'x');
  const expected = seen();
  renameSync(path, `${path}.moved`);
  symlinkSync(`${path}.moved`, path);
  expect(take(expected)).toEqual(new Unknown(expect.stringContaining('ELOOP') as unknown as string));
  rmSync(path);
  await mkdir(path);
  expect(take(expected)).toBe('changing');
  rmSync(path, { recursive: true });
  expect(take(expected)).toBe('changing');
});

it('says why a file cannot be read', async () => {
  writeFileSync(path, 'x', { mode: 0 });
  const expected = seen();
  expect(await asNobody([folder], () => take(expected))).toEqual(
    new Unknown('it cannot be read: permission denied (EACCES)'),
  );
});

it('keeps a sparse file sparse', async () => {
  writeFileSync(path, pattern(mebibyte));
  await truncate(path, 64 * mebibyte);
  appendFileSync(path, 'end');
  expect(take(seen())).toMatchObject({ copied: true });
  expect((await stat(scratch.path)).blocks * 512).toBeLessThan(4 * mebibyte);
  expect((await readFile(scratch.path)).equals(await readFile(path))).toBe(true);
});

it('stops between two pieces, and lets the scratch file be removed', async () => {
  writeFileSync(path, pattern(3 * mebibyte));
  const stop = new Error('stop');
  const onBytes = (): void => {
    throw stop;
  };
  expect(() => take(seen(), { onBytes })).toThrow(stop);
  scratch.remove();
  await expect(stat(scratch.path)).rejects.toThrow('ENOENT');
});

it('takes a file with several names, each as a file of its own', async () => {
  const depot = await master();
  await mkdir(depot.source);
  writeFileSync(join(depot.source, 'a'), 'shared');
  linkSync(join(depot.source, 'a'), join(depot.source, 'b'));
  await depot.publisher.publish();
  expect(await depot.tree()).toEqual({ a: 'shared', b: 'shared' });
});

describe('a file that changes between the look and the reading', () => {
  it('keeps its published state, is reported, and is taken whole on the next round', async () => {
    let change: (() => void) | undefined;
    const depot = await master({ before: { 'read-files': () => change?.() } });
    await mkdir(depot.source);
    writeFileSync(join(depot.source, 'log'), 'one');
    await depot.publisher.publish();

    writeFileSync(join(depot.source, 'log'), 'one two');
    writeFileSync(join(depot.source, 'new'), 'n');
    writeFileSync(join(depot.source, 'other'), 'o');
    change = () => {
      appendFileSync(join(depot.source, 'log'), ' three');
      appendFileSync(join(depot.source, 'new'), 'n');
    };
    expect(await depot.publisher.publish()).toMatchObject({ generation: 2, changing: ['log', 'new'], heldBack: [] });
    expect(await depot.tree()).toEqual({ log: 'one', other: 'o' });

    change = undefined;
    expect(await depot.publisher.publish()).toMatchObject({ generation: 3, changing: [] });
    expect(await depot.tree()).toEqual({ log: 'one two three', new: 'nn', other: 'o' });
  });

  it('is gone on the next round where it was deleted', async () => {
    const depot: Master = await master({
      before: { 'read-files': () => depot.announced.length > 0 && rmSync(join(depot.source, 'a')) },
    });
    await mkdir(depot.source);
    writeFileSync(join(depot.source, 'a'), '1');
    writeFileSync(join(depot.source, 'b'), '1');
    await depot.publisher.publish();
    writeFileSync(join(depot.source, 'a'), '2');
    expect(await depot.publisher.publish()).toMatchObject({ published: false, changing: ['a'] });
    expect(await depot.publisher.publish()).toMatchObject({ published: true, delete: { files: 1 } });
  });
});
