import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fileEntry, listed, writeZip } from './zips.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zip-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const mebibyte = Buffer.alloc(1024 ** 2);

it('holds a file of more than 4 GiB, and what stands behind it', async () => {
  const file = join(folder, 'large.zip');
  const size = 4 * 1024 ** 3 + 5 * 1024 ** 2;
  const entries = [fileEntry('disk.img', size, 0), fileEntry('readme', 5, 0)];
  const content = function* ({ path }: { path: string }): Generator<Uint8Array> {
    if (path === 'readme') yield Buffer.from('hello');
    else for (let at = 0; at < size; at += mebibyte.length) yield mebibyte;
  };
  await writeZip(file, entries, content, false);
  expect(listed(file)).toMatchObject([
    { name: 'disk.img', size },
    { name: 'readme', size: 5 },
  ]);
  // Reads both with their checksums.
  execFileSync('python3', ['-m', 'zipfile', '-t', file]);
}, 120_000);
