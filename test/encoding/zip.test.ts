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

it('is a zip that other tools open: contents, names, links, executable bits and times', async () => {
  const file = join(folder, 'small.zip');
  const contents = {
    'bin/run': Buffer.from('#!/bin/sh\n'.repeat(500)),
    'grün/ä ö': Buffer.from('umlauts'),
    leer: Buffer.alloc(0),
  };
  const mtimeMs = Date.UTC(2024, 1, 3, 4, 5, 7);
  await writeZip(
    file,
    [
      { ...fileEntry('bin/run', contents['bin/run'].length, mtimeMs), executable: true },
      { type: 'folder', path: 'empty' },
      fileEntry('grün/ä ö', contents['grün/ä ö'].length, mtimeMs),
      fileEntry('leer', 0, mtimeMs),
      { type: 'link', path: 'link', target: 'bin/run' },
    ],
    ({ path }) => [contents[path as keyof typeof contents]],
    true,
  );
  expect(listed(file)).toEqual([
    { name: 'bin/run', size: 5000, mode: 0o100755, links: null },
    { name: 'empty/', size: 0, mode: 0o040755, links: null },
    { name: 'grün/ä ö', size: 7, mode: 0o100644, links: null },
    { name: 'leer', size: 0, mode: 0o100644, links: null },
    { name: 'link', size: 7, mode: 0o120777, links: 'bin/run' },
  ]);
  execFileSync('python3', ['-m', 'zipfile', '-e', file, join(folder, 'out')]);
  expect(execFileSync('cat', [join(folder, 'out/bin/run')])).toEqual(contents['bin/run']);
});

it('holds more entries than a zip without ZIP64 can count', async () => {
  const file = join(folder, 'many.zip');
  const names = Array.from({ length: 65_540 }, (_, at) => `f${String(at).padStart(6, '0')}`);
  const entries = names.map((name) => fileEntry(name, 1, 0));
  await writeZip(file, entries, () => [Buffer.from('x')], false);
  const found = listed(file);
  expect(found).toHaveLength(names.length);
  expect(found.at(-1)).toMatchObject({ name: names.at(-1), size: 1 });
});

it.each([65_534, 65_535])('is read with %i entries, where ZIP64 begins', async (count) => {
  const file = join(folder, 'edge.zip');
  const entries = Array.from({ length: count }, (_, at) => fileEntry(String(at), 0, 0));
  await writeZip(file, entries, () => [], false);
  expect(listed(file)).toHaveLength(count);
});
