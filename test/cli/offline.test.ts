import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { DepotStatus } from '../../src/model/status.js';
import { afterTheLast, temporaryFolder } from '../harness/temporary.js';
import { sampleDepot, type Sample } from './fixture.js';
import { depot, type Ran } from './recorder.js';

const now = Date.UTC(2026, 10, 21, 12);
let folder: string;
let sample: Sample;

const whenDone = afterTheLast();
beforeAll(async () => {
  folder = await temporaryFolder(whenDone);
  sample = await sampleDepot(folder, now);
  sample.store.close();
});

function run(...args: string[]): Promise<Ran> {
  return depot(['--config', sample.config, ...args], { now: () => now });
}

test.each([
  ['status', 'not running'],
  ['status --tree', 'munich-21'],
  ['ls tools bin', 'tool-latest@'],
  ['history', 'published 3 files'],
  ['history tools', '40 -> 41'],
  ['holds', 'depot approve 7f3a'],
  ['holds 7f3a', 'lib/part-00000.so'],
])('where the daemon is down, depot %s reads the data directory and says so', async (line, words) => {
  const { stdout, stderr, exitCode } = await run(...line.split(' '));
  expect(stdout).toContain(words);
  expect(stderr).toMatch(
    new RegExp(`^no daemon runs for the data directory ${sample.data}; this is what it held .*\n$`),
  );
  expect(exitCode).toBe(0);
});

test('a status from the data directory leaves open what only a running daemon knows', async () => {
  const { stdout } = await run('status', '--json');
  const status = JSON.parse(stdout) as DepotStatus;
  expect(status).toMatchObject({ depot: 'munich-1', running: false, startedAt: null, listen: null, process: null });
  expect(status.parents.map(({ url, answers }) => [url, answers])).toEqual([
    ['http://127.0.0.1:8441', 'yes'],
    ['http://127.0.0.1:8442', 'no'],
  ]);
  const tools = status.repositories.find(({ name }) => name === 'tools');
  expect(tools).toMatchObject({
    generation: 41,
    newest: 43,
    lag: { generations: 2, seconds: 11_400 },
    waitingFor: 'http://127.0.0.1:8441',
    cycle: null,
    poll: { lastOutcome: 'waiting', nextAt: null },
  });
  expect(status.repositories.find(({ name }) => name === 'scripts')?.source?.mode).toBe('stopped');
});

test.each(['poll', 'plan', 'publish scripts', 'verify', 'approve 7f3a', 'gc', 'reload'])(
  'depot %s needs the daemon, and says how to start it',
  async (line) => {
    const { exitCode, stdout, stderr } = await run(...line.split(' '));
    expect([exitCode, stdout]).toEqual([3, '']);
    const [message, hint] = stderr.split('\nhint:  ');
    expect(message).toBe(`depot: no daemon runs for the data directory ${sample.data}`);
    // systemd starts the daemon of the usual configuration only.
    expect(hint?.startsWith(`start it: depotd --config ${sample.config}`)).toBe(true);
  },
);

test('reading changes nothing in the data directory', async () => {
  const seen = async (): Promise<unknown> => {
    const names = await readdir(sample.data);
    const { mtimeMs } = await stat(join(sample.data, 'state.db'));
    return { names, mtimeMs };
  };
  const before = await seen();
  for (const line of ['status --tree', 'ls tools', 'history', 'holds']) await run(...line.split(' '));
  expect(await seen()).toEqual(before);
});

test('version works where nothing is set up yet', async () => {
  const { stdout, exitCode } = await depot(['--config', join(folder, 'none.yaml'), 'version']);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('no daemon that this command can reach is running');
});

test('a missing configuration is the error, with the command that writes one', async () => {
  const { stderr, exitCode } = await depot(['--config', join(folder, 'none.yaml'), 'status']);
  expect(exitCode).toBe(4);
  expect(stderr).toContain('depot init');
});

test('a data directory that is not there yet is no status, but a daemon to be started', async () => {
  const config = join(folder, 'fresh.yaml');
  await writeFile(config, `depot: fresh\nsite: enterprise\ndata: ${folder}/fresh\nlisten: http://127.0.0.1:8449\n`);
  expect(await depot(['--config', config, 'status'])).toMatchObject({ exitCode: 3, stdout: '' });
  await rm(config);
});

test('a broken configuration is the error where no daemon runs, with all its problems', async () => {
  const config = join(folder, 'broken.yaml');
  await writeFile(
    config,
    `depot: fresh\nsite: enterprise\ndata: ${sample.data}\nlisten: http://127.0.0.1:8449\npol: 1\n`,
  );
  const { stderr, exitCode } = await depot(['--config', config, 'status']);
  expect(exitCode).toBe(4);
  expect(stderr).toContain(`${config}:5:1`);
});
