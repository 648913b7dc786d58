import { spawnSync } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { configPath } from '../../src/config/location.js';
import { loadSettings } from '../../src/config/settings.js';
import { asNobody } from '../harness/nobody.js';
import { temporaryFolder } from '../harness/temporary.js';

async function fileOf(content: string | Uint8Array): Promise<string> {
  const file = join(await temporaryFolder(), 'depot.yaml');
  await writeFile(file, content);
  return file;
}

test('reads a file with a byte order mark and the line ends of Windows', async () => {
  const file = await fileOf('\ufeffdepot: a\r\nsite: e\r\n');
  expect(await loadSettings(file)).toMatchObject({ file, depot: 'a', site: 'e' });
});

test('a missing file is told apart, and the hint names the command that writes one', async () => {
  const file = join(await temporaryFolder(), 'depot.yaml');
  await expect(loadSettings(file)).rejects.toMatchObject({
    code: 'config-missing',
    message: `cannot read the configuration ${file}: there is no such file`,
    hint: `write one: depot init --config ${file}`,
    retry: 'never',
  });
});

test('a folder is not a configuration', async () => {
  await expect(loadSettings(await temporaryFolder())).rejects.toMatchObject({
    code: 'config-missing',
    message: expect.stringContaining('it is a folder'),
  });
});

test('a file that may not be read is told apart', async () => {
  const file = await fileOf('depot: a\n');
  await chmod(file, 0);
  await asNobody([dirname(file)], async () => {
    await expect(loadSettings(file)).rejects.toMatchObject({
      code: 'config-missing',
      message: expect.stringContaining('this user may not read it'),
    });
  });
});

test('a file of more than 1 MiB is refused, and so is a device that never ends', async () => {
  const message = expect.stringMatching(/:1:1: the file is larger than 1 MiB/);
  await expect(loadSettings(await fileOf('#'.repeat(1024 * 1024 + 1)))).rejects.toMatchObject({ message });
  await expect(loadSettings('/dev/zero')).rejects.toMatchObject({ code: 'config-invalid', message });
});

test('a file of exactly 1 MiB is read', async () => {
  const text = 'depot: a\nsite: e\n';
  const file = await fileOf(`${text}${'#'.repeat(1024 * 1024 - text.length)}`);
  expect(await loadSettings(file)).toMatchObject({ depot: 'a' });
});

test('a file that is not UTF-8 is refused at the first foreign byte', async () => {
  const latin1 = await fileOf(Buffer.from('depot: a\nsite: e/m\xfcnchen\n', 'latin1'));
  await expect(loadSettings(latin1)).rejects.toMatchObject({
    code: 'config-invalid',
    problems: [{ line: 2, column: 10, message: 'the file is not UTF-8 from here on; save it as UTF-8' }],
  });
  const utf16 = await fileOf(Buffer.from('\ufeffdepot: a\n', 'utf16le'));
  await expect(loadSettings(utf16)).rejects.toMatchObject({
    message: expect.stringContaining('the file is not UTF-8 but UTF-16; save it as UTF-8'),
  });
});

test('a binary file gives one clear problem', async () => {
  const { stdout } = spawnSync('gzip', ['-c'], { input: 'depot: a\n' });
  await expect(loadSettings(await fileOf(stdout))).rejects.toMatchObject({
    code: 'config-invalid',
    problems: [{ line: 1, message: expect.stringContaining('not UTF-8') }],
  });
});

test('the option goes before the environment, and that before the usual place', () => {
  expect(configPath('a.yaml', { DEPOT_CONFIG: 'b.yaml' })).toBe('a.yaml');
  expect(configPath(undefined, { DEPOT_CONFIG: 'b.yaml' })).toBe('b.yaml');
  expect(configPath(undefined, { DEPOT_CONFIG: '' })).toBe('/etc/depotd/depot.yaml');
});
