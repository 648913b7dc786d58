import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { acquireLock } from '../../src/store/lock.js';
import { temporaryFolder } from '../harness/temporary.js';
import { runsTypeScript } from '../harness/typescript.js';

const holder = `
  import { acquireLock } from ${JSON.stringify(new URL('../../src/store/lock.ts', import.meta.url).href)};
  acquireLock(process.argv[1], 0);
  process.stdout.write('held');
  setInterval(() => undefined, 1000);
`;

test('refuses a second process, naming the first, and lets it in at once when that one was killed', async () => {
  const data = await temporaryFolder();
  const first = spawn(process.execPath, [...runsTypeScript, '--input-type=module', '--eval', holder, data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void first.kill('SIGKILL'));
  await once(first.stdout, 'data');
  expect(() => acquireLock(data, 1)).toThrow(
    expect.objectContaining({
      code: 'data-locked',
      message: expect.stringContaining(`process ${first.pid}, since 1970-01-01T00:00:00.000Z`),
    }),
  );
  const ended = once(first, 'exit');
  first.kill('SIGKILL');
  await ended;
  acquireLock(data, 1).release();
});

test('refuses a second lock within the process, and gives it again after release', async () => {
  const data = await temporaryFolder();
  const lock = acquireLock(data, 0);
  expect(JSON.parse(readFileSync(join(data, 'daemon.json'), 'utf8'))).toMatchObject({ pid: process.pid });
  expect(() => acquireLock(data, 0)).toThrow(expect.objectContaining({ code: 'data-locked' }));
  expect(() => acquireLock(data, 0)).toThrow(expect.objectContaining({ code: 'data-locked' }));
  lock.release();
  acquireLock(data, 0).release();
});

test('makes the data directory where there is none', async () => {
  const data = join(await temporaryFolder(), 'deep', 'data');
  acquireLock(data, 0).release();
  expect(statSync(data).mode & 0o777).toBe(0o751);
});

test('makes the data directory, and names one that cannot be made', async () => {
  const folder = await temporaryFolder();
  acquireLock(join(folder, 'new'), 0).release();
  writeFileSync(join(folder, 'file'), '');
  expect(() => acquireLock(join(folder, 'file'), 0)).toThrow(expect.objectContaining({ code: 'data-unusable' }));
});
