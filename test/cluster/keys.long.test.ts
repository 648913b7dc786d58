import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type { KeysChange } from '../../src/model/trust-status.js';
import type { Depot } from '../harness/depot.js';
import { tree } from '../harness/tree.js';
import { control, cycle, pollAll, publish, startPair, statusOf } from './chain.js';
import { unlike } from './unlike.js';

const words = 'correct horse battery';

vi.setConfig({ testTimeout: 120_000 });

/** The online keys and the root key of the repository, as `depot keys` lists them. */
async function places(depot: Depot): Promise<string[]> {
  const { keys } = await control(depot).keys.list();
  return keys
    .filter(({ repository }) => repository === 'tools')
    .map(({ role, where, threshold }) => `${role} ${where} ${threshold}`);
}

const online = ['targets here 1', 'snapshot here 1', 'timestamp here 1'];

it('rotates keys with the root key under a passphrase, and the child follows by itself', async () => {
  const { cluster, origin, region } = await startPair({ 'bin/tool': 'v1' });
  await pollAll(region);
  const passphrases = join(cluster.folder, 'words');
  await writeFile(passphrases, `${words}\n`);
  expect(await origin.cli('status', '--check')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('* root key of tools is on this machine: depot keys protect tools\n'),
  });
  expect(await places(origin)).toEqual(['root here 1', ...online]);
  expect(await origin.cli('keys', 'protect', 'tools', '--passphrase-file', passphrases)).toMatchObject({ exitCode: 0 });
  expect(await places(origin)).toEqual(['root sealed 1', ...online]);
  expect((await statusOf(origin)).repositories).toMatchObject([{ trust: { rootKey: 'sealed', authenticated: true } }]);

  const change = await origin.json<KeysChange>('keys', 'rotate', 'tools', '--passphrase-file', passphrases);
  const roles = ['targets', 'snapshot', 'timestamp'];
  expect(change).toEqual({ repository: 'tools', roles, root: 2, generation: 2, rootKey: 'sealed' });
  expect(await cycle(region)).toMatchObject({
    outcome: 'applied',
    toGeneration: 2,
    fetched: { files: 0 },
    error: null,
  });
  expect((await statusOf(region)).repositories).toMatchObject([{ trust: { authenticated: true } }]);
  expect(await region.cli('trust', 'reset', 'nope', '--yes')).toMatchObject({ exitCode: 6 });
  expect(await origin.cli('trust', 'reset', 'tools', '--yes')).toMatchObject({ exitCode: 2 });
  expect(origin.log() + JSON.stringify(await statusOf(origin))).not.toContain(words);
});

it('takes a root key away, and adds another that must sign too', async () => {
  const { cluster, source, origin, region } = await startPair({ 'bin/tool': 'v1' });
  await pollAll(region);
  const [passphrases, first, second] = ['words', 'first.key', 'second.key'].map((name) => join(cluster.folder, name));
  if (passphrases === undefined || first === undefined || second === undefined) throw new Error('three files');
  await writeFile(passphrases, `${words}\n`);
  const protect = ['keys', 'protect', 'tools', '--passphrase-file', passphrases, '--export', first];
  expect(await origin.cli(...protect)).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('no longer at this depot'),
  });
  expect((await stat(first)).mode & 0o777).toBe(0o600);
  expect(await places(origin)).toEqual(['root elsewhere 1', ...online]);

  const brought = ['--passphrase-file', passphrases, '--root-key', first];
  const add = ['keys', 'add', 'tools', '--threshold', '2', '--export', second, '--new-passphrase-file', passphrases];
  expect(await origin.cli(...add, ...brought)).toMatchObject({ exitCode: 0 });
  expect(await places(origin)).toEqual(['root elsewhere 2', 'root elsewhere 2', ...online]);
  expect(await origin.cli('keys', 'rotate', 'tools', ...brought)).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('needs 2 of the root keys, and 1 can be used'),
  });
  expect(await origin.cli('keys', 'rotate', 'tools', ...brought, second)).toMatchObject({ exitCode: 0 });
  await tree(source, { 'bin/tool': 'v2' });
  await publish(origin);
  expect(await cycle(region)).toMatchObject({ outcome: 'applied', error: null });
  expect(await unlike(source, region.tree('tools'))).toEqual([]);
  expect(origin.log()).not.toContain((await readFile(first, 'utf8')).slice(100, 140));
});
