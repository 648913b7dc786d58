import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { initCommand } from '../../src/cli/init.js';
import type { Keyboard } from '../../src/cli/interview.js';
import { configCommand } from '../../src/cli/config-check.js';
import { loadSettings } from '../../src/config/settings.js';
import { temporaryFolder } from '../harness/temporary.js';
import { runCommand, type Ran } from './run-command.js';

const nobody: Keyboard = { input: new PassThrough(), output: new PassThrough() };

function init(file: string, args: readonly string[], keyboard = nobody): Promise<Ran> {
  return runCommand((program) => initCommand(program, keyboard), ['--config', file, 'init', ...args]);
}

/** A person at a terminal who types these lines, all at once and before the questions come. */
function person(...lines: readonly string[]): { keyboard: Keyboard; seen: () => string } {
  const [input, output] = [new PassThrough(), new PassThrough()];
  let seen = '';
  output.on('data', (text: Buffer) => (seen += text.toString()));
  input.end(lines.map((line) => `${line}\n`).join(''));
  const plain = (): string => seen.replace(/\x1b\[\d*[A-Z]/g, '');
  return {
    keyboard: { input: Object.assign(input, { isTTY: true }), output: Object.assign(output, { isTTY: true }) },
    seen: plain,
  };
}

async function newFile(): Promise<string> {
  return join(await temporaryFolder(), 'etc', 'depot.yaml');
}

const child = ['--depot', 'munich-1', '--site', 'enterprise/munich', '--parent', 'http://127.0.0.1:8441'];

describe('by options', () => {
  test('writes a file that config check accepts, with a comment for each key, closed to others', async () => {
    const file = await newFile();
    const { stdout, error } = await init(file, [...child, 'http://127.0.0.1:8442', '--data', '/srv/depot']);
    expect(error).toBeUndefined();
    expect(stdout).toBe(
      `wrote ${file}\n\nnext:\n  depot config check ${file}\n  depotd --config ${file}\n  depot --config ${file} status\n`,
    );
    expect(await loadSettings(file)).toMatchObject({
      depot: 'munich-1',
      data: '/srv/depot',
      parents: [{ url: 'http://127.0.0.1:8441' }, { url: 'http://127.0.0.1:8442' }],
      follow: 'all',
    });
    expect((await stat(file)).mode & 0o777).toBe(0o640);
    const lines = (await readFile(file, 'utf8')).split('\n');
    expect(lines[0]).toMatch(/^# yaml-language-server: \$schema=\/.*\/config\/depot\.schema\.json$/);
    for (const [at, line] of lines.entries()) if (/^\s*[a-z-]+:/.test(line)) expect(lines[at - 1]).toMatch(/^\s*# /);
    const checked = await runCommand(configCommand, ['config', 'check', file]);
    expect(checked.error).toBeUndefined();
  });

  test('writes an origin with a repository', async () => {
    const file = await newFile();
    const published = ['--repository', 'tools', '--source', '/srv/tools', '--context', 'enterprise'];
    const { stdout, error } = await init(file, [
      '--depot',
      'o',
      '--site',
      'enterprise',
      '--origin',
      ...published,
      '--json',
    ]);
    expect(error).toBeUndefined();
    expect(JSON.parse(stdout)).toEqual({ file, depot: 'o', site: 'enterprise', data: '/var/lib/depotd' });
    expect(await loadSettings(file)).toMatchObject({
      parents: [],
      follow: [],
      repositories: [{ name: 'tools', source: '/srv/tools', exclude: ['**/.DS_Store', '**/Thumbs.db'] }],
    });
  });

  test('without a terminal, names the options that are missing', async () => {
    const file = await newFile();
    const { error } = await init(file, ['--site', 'enterprise', '--repository', 'tools']);
    expect(error).toMatchObject({
      code: 'bad-request',
      message: 'missing: --depot, --parent (or --origin), --source, --context',
      hint: 'give these options, or run this on a terminal to be asked',
    });
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });

  test('refuses bad options all at once, by their names, with the rules of the file', async () => {
    const file = await newFile();
    const options = ['--depot', 'a b', '--site', 'e', '--origin', '--listen', 'http://0.0.0.0:1', '--data', 'x'];
    const { error } = await init(file, [...options, '--repository', 't', '--source', '/s', '--context', 'f']);
    expect((error as Error).message.split('\n')).toEqual([
      expect.stringMatching(/^--depot: found "a b"; a name has .*; did you mean a-b\?$/),
      expect.stringMatching(/^--listen: found "http:\/\/0\.0\.0\.0:1"; plain HTTP is for loopback only/),
      '--data: found "x"; allowed: an absolute path, beginning with "/"',
      '--context: found "f", which does not cover this depot\'s own site "e"; allowed: e',
    ]);
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });

  test.each([
    [['--origin', '--parent', 'http://127.0.0.1:1'], '--origin and --parent exclude each other'],
    [['--source', '/srv/tools'], '--source and --context need --repository'],
  ])('refuses %s', async (options, message) => {
    const { error } = await init(await newFile(), options);
    expect(error).toMatchObject({ code: 'bad-request', message });
  });

  test('overwrites a file only when told to', async () => {
    const file = join(await temporaryFolder(), 'depot.yaml');
    await writeFile(file, 'mine');
    const refused = await init(file, child);
    expect(refused.error).toMatchObject({
      message: `${file} exists already`,
      hint: expect.stringContaining('--force'),
    });
    expect(await readFile(file, 'utf8')).toBe('mine');
    expect((await init(file, [...child, '--force'])).error).toBeUndefined();
    expect(await loadSettings(file)).toMatchObject({ depot: 'munich-1' });
  });

  test('shows a file name with a space as a shell takes it', async () => {
    const file = join(await temporaryFolder(), "Bob's depot.yaml");
    const { stdout } = await init(file, child);
    expect(stdout).toContain(`depotd --config '${file.replace("'", "'\\''")}'\n`);
  });
});

describe('by questions', () => {
  test('asks for what is missing, explains an answer that does not do, and asks again', async () => {
    const file = await newFile();
    const { keyboard, seen } = person(
      'munich 1',
      'munich-1',
      '',
      'enterprise/munich',
      '',
      '/srv/depot',
      'http://127.0.0.1:8443',
      'http://127.0.0.1:8441, http://127.0.0.1:8442',
      'tools',
      '/srv/depot/tools',
      '/srv/tools',
      '',
    );
    const { error } = await init(file, [], keyboard);
    expect(error).toBeUndefined();
    expect(seen()).toMatch(/found "munich 1"; a name has .*; did you mean munich-1\?/);
    expect(seen()).toContain('http://127.0.0.1:8443 is where this depot itself listens; name the depot above');
    expect(seen()).toContain('which lies in the data directory /srv/depot; a source must be a folder of its own');
    expect(await loadSettings(file)).toMatchObject({
      depot: 'munich-1',
      site: 'enterprise/munich',
      listen: { port: 8443 },
      data: '/srv/depot',
      parents: [{ url: 'http://127.0.0.1:8441' }, { url: 'http://127.0.0.1:8442' }],
      repositories: [{ name: 'tools', source: '/srv/tools', context: 'enterprise' }],
    });
  });

  test('takes Return for what stands in brackets: an origin that publishes nothing yet', async () => {
    const file = await newFile();
    const { keyboard } = person('', '', '', '');
    expect((await init(file, ['--depot', 'o', '--site', 'e'], keyboard)).error).toBeUndefined();
    expect(await loadSettings(file)).toMatchObject({ depot: 'o', parents: [], repositories: [] });
  });

  test('asks nothing when the options say enough', async () => {
    const { keyboard, seen } = person();
    expect((await init(await newFile(), child, keyboard)).error).toBeUndefined();
    expect(seen()).toBe('');
  });

  test('complains of a bad option before the first question', async () => {
    const { keyboard, seen } = person();
    const { error } = await init(await newFile(), ['--depot', 'a b'], keyboard);
    expect(error).toMatchObject({ message: expect.stringMatching(/^--depot: found "a b"/) });
    expect(seen()).toBe('');
  });

  test('writes nothing when the answers end early', async () => {
    const file = await newFile();
    const { keyboard } = person('munich-1');
    const { error } = await init(file, [], keyboard);
    expect(error).toMatchObject({
      code: 'interrupted',
      message: 'stopped before the last answer; nothing was written',
    });
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });
});
