import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { replaceWorkCopy, type WorkItem } from '../../src/store/work-folder.js';
import { temporaryFolder } from '../harness/temporary.js';

function file(path: string, text: string): WorkItem {
  const content = Buffer.from(text);
  const read = (): Uint8Array[] => [content];
  return { path, kind: 'file', size: content.length, mtimeMs: 0, executable: false, target: '', read };
}

async function workCopy(): Promise<string> {
  const work = join(await temporaryFolder(), 'work');
  await mkdir(work);
  await writeFile(join(work, 'old'), 'old');
  return work;
}

/** From now on `sync` tells, in a file, what is in the work copy and what is kept of the old one when it is run. */
async function tellingSync(log: string, status: number): Promise<void> {
  const bin = await temporaryFolder();
  const script = `#!/bin/sh
for last; do :; done
echo "$(ls "$last/../work" | xargs) | $(ls "$last/new" | xargs) | $(ls "$last/before" | xargs)" >> '${log}'
exit ${status}
`;
  await writeFile(join(bin, 'sync'), script);
  await chmod(join(bin, 'sync'), 0o755);
  const before = process.env['PATH'];
  process.env['PATH'] = `${bin}${delimiter}${before ?? ''}`;
  onTestFinished(() => {
    process.env['PATH'] = before;
  });
}

const { signal } = new AbortController();
const unheard = (): Promise<void> => Promise.resolve();

it('drops no old file before the new ones are durable, first in what they hold and then in their places', async () => {
  const work = await workCopy();
  const log = join(work, '..', 'log');
  await tellingSync(log, 0);
  await replaceWorkCopy(work, [file('a', 'new'), file('b/c', 'new')], unheard, signal);
  expect((await readFile(log, 'utf8')).split('\n')).toEqual(['old | a b | ', 'a b |  | old', '']);
  expect(await readdir(work)).toEqual(['a', 'b']);
});

it('leaves the work copy as it was where the disk does not take the new files', async () => {
  const work = await workCopy();
  await tellingSync(join(work, '..', 'log'), 1);
  const replaced = replaceWorkCopy(work, [file('a', 'new')], unheard, signal);
  await expect(replaced).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining('sync -f') });
  expect(await readdir(work)).toEqual(['old']);
  expect(await readdir(join(work, '..'))).not.toContain('.import-work');
});
