import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configCommand } from '../../src/cli/config-check.js';
import { configSchema } from '../../src/config/schema-file.js';
import { temporaryFolder } from '../harness/temporary.js';
import { folder, tree } from '../harness/tree.js';
import { runCommand } from './run-command.js';

async function fileOf(text: string): Promise<string> {
  const file = join(await temporaryFolder(), 'depot.yaml');
  await writeFile(file, text);
  return file;
}

const check = (...args: string[]) => runCommand(configCommand, ['config', 'check', ...args]);

test('says in words what a configuration comes to', async () => {
  const root = await temporaryFolder();
  await tree(root, { 'data/': folder(), 'tools/': folder() });
  const file = await fileOf(`depot: munich-1
site: enterprise/germany/munich
data: ${root}/data
parent: [http://127.0.0.1:8441, { url: http://127.0.0.1:8442, repositories: [drivers] }]
poll: { every: 30m, jitter: 5%, repositories: { drivers: 5m } }
follow: [{ repository: drivers, include: ["mac/**"], exclude: ["**/*.bak"] }, { repository: office }]
repositories:
  tools: { kind: mirror, context: enterprise/germany, source: ${root}/tools, exclude: ["**/.DS_Store"] }
deletions: { hold-above: { files: 1, percent: 12.5 } }
`);
  expect(await check(file)).toEqual({
    stdout: `${file} is good

depot      munich-1, at enterprise/germany/munich
data       ${root}/data
listens    http://127.0.0.1:8443 (plain HTTP, this machine only)
parents    http://127.0.0.1:8441
           http://127.0.0.1:8442, first for drivers
polls      each 30m ± 5%, and at the start
           drivers each 5m
follows    drivers, only mac/**, without **/*.bak
           office
holds      deletions of more than 1 file or 12.5 % of a repository until they are approved
publishes  tools: ${root}/tools, without **/.DS_Store, for enterprise/germany and all below
             5s after the last change; portable names
             watched up to 20,000 files, above that rescanned each 10m
encodes    zstd 9, for large files 6, in 1GiB of memory; when depots below ask, 50% of a processor
keeps      replaced generations for 1d
logs       info and above
`,
    stderr: '',
    error: undefined,
  });
});

test('says to whom settings are given, and warns of what has no effect in them', async () => {
  const root = await temporaryFolder();
  await tree(root, { 'data/': folder() });
  const file = await fileOf(`depot: origin
site: enterprise
data: ${root}/data
sites:
  enterprise/germany:
    network:
      windows: [{ rate: closed }, { days: sat, rate: unlimited }]
      otherwise: 1Mbit/s
`);
  const { stdout, stderr } = await check(file);
  expect(stdout).toContain('gives      settings to the depots at enterprise/germany and below\n');
  expect(stderr).toBe(
    'warning: sites."enterprise/germany".network.windows[1]: this window never counts: earlier windows hold whenever this one does\n' +
      'warning: sites: nothing of it is signed before depot ca init has made the directory\n',
  );
});

test('warns of what is not ready on this machine, and of what is hardly meant', async () => {
  const root = await temporaryFolder();
  await tree(root, { 'data/inside/': folder(), file: '' });
  await symlink(join(root, 'data/inside'), join(root, 'roundabout'));
  const file = await fileOf(`depot: a
site: e
data: ${root}/data
poll: { repositories: { x: 5m } }
repositories:
  gone: { kind: mirror, context: e, source: ${root}/gone }
  file: { kind: mirror, context: e, source: ${root}/file }
  round: { kind: mirror, context: e, source: ${root}/roundabout }
`);
  const { stderr, error } = await check(file);
  expect(error).toBeUndefined();
  expect(stderr.trimEnd().split('\n')).toEqual([
    `warning: repositories.file.source: ${root}/file is not a folder; nothing is published until it is`,
    `warning: repositories.gone.source: ${root}/gone does not exist here; nothing is published until it does`,
    `warning: repositories.round.source: ${root}/roundabout is ${root}/data/inside, and that and the data directory ${root}/data lie in each other`,
    'warning: poll: there is no parent, so nothing is polled',
  ]);
});

test('warns of repositories that no parent is asked for, or that are not followed', async () => {
  const file = await fileOf(`depot: a
site: e
data: /${'x'.repeat(100)}
parent: { url: http://127.0.0.1:8441, repositories: [drivers] }
follow: [{ repository: office }]
`);
  const { stderr } = await check(file);
  expect(stderr).toContain('warning: data: the path is too long for a socket in it');
  expect(stderr).toContain(
    'warning: parent: each parent is limited to some repositories; others are fetched from nowhere',
  );
  expect(stderr).toContain('warning: parent: drivers is not followed here; this counts only if a depot below wants it');
});

test('warns of lives that are too short for the way down', async () => {
  const root = await temporaryFolder();
  await tree(root, { 'data/': folder(), 'tools/': folder() });
  const text = `depot: a
site: e
data: ${root}/data
poll: { every: 1d }
signing: { timestamp: 14d, targets: 15d }
`;
  const repositories = `repositories: { tools: { kind: mirror, context: e, source: ${root}/tools } }\n`;
  const { stderr } = await check(await fileOf(text + repositories));
  expect(stderr).toBe(
    'warning: signing.timestamp: 14d is short: with 5 levels of depots that poll each 1d and 3 polls a level, it should be 15d or more, or depots far down hold what has expired\n',
  );
  expect((await check(await fileOf(text))).stderr).toBe('');
});

test('says for programs what it comes to', async () => {
  const file = await fileOf('depot: a\nsite: e\ndata: /nowhere/depot\n');
  const { stdout, stderr } = await check('--json', file);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toMatchObject({
    file,
    valid: true,
    problems: [],
    warnings: [expect.stringMatching(/^data: \/nowhere\/depot does not exist yet/)],
    settings: { depot: 'a', site: 'e', poll: { everyMs: 900_000, repositories: {} } },
  });
});

test('says for programs what is wrong, and fails all the same', async () => {
  const file = await fileOf('depot: a\nsite: e\nlog: loud\n');
  const { stdout, error } = await check('--json', file);
  expect(error).toMatchObject({ code: 'config-invalid' });
  expect(JSON.parse(stdout)).toEqual({
    file,
    valid: false,
    problems: [{ file, line: 3, column: 6, path: 'log', message: 'found "loud"; allowed: debug, info, warn or error' }],
    warnings: [],
    settings: null,
  });
});

test('checks the file of --config when none is named', async () => {
  const file = await fileOf('depot: a\nsite: e\nlogg: info\n');
  const { error } = await runCommand(configCommand, ['--config', file, 'config', 'check']);
  expect(error).toMatchObject({
    message: `${file}:3:1: logg: unknown key; did you mean log?`,
    hint: `correct the file, then: depot config check ${file}`,
  });
});

test('prints the schema that editors take', async () => {
  const { stdout } = await runCommand(configCommand, ['config', 'schema']);
  expect(JSON.parse(stdout)).toEqual(configSchema());
});

test('warns a depot that has joined of addresses with which it will not start', async () => {
  const root = await temporaryFolder();
  await tree(root, { 'data/metadata/.directory/1.root.json': '{}', 'data/metadata/.known.json': '' });
  const about = (addresses: string): Promise<string> => fileOf(`depot: a\nsite: e\ndata: ${root}/data\n${addresses}\n`);
  const parent = await check(await about('listen: https://[::]:8443\nparent: http://127.0.0.1:8441'));
  expect(parent.stderr).toContain('parent: http://127.0.0.1:8441: a depot that has joined speaks https:// only');
  expect(parent.stderr).toContain('will not start');
  expect((await check(await about('listen: http://127.0.0.1:8443'))).stderr).toContain('listen: http://127.0.0.1:8443');
  expect((await check(await about('listen: https://[::]:8443'))).stderr).toBe('');
});

test("says which certificate of the company's PKI is shown, and warns where it is not there", async () => {
  const root = await temporaryFolder();
  await tree(root, { 'data/': folder(), 'depot.pem': '' });
  const files = `{ file: ${root}/depot.pem, key: ${root}/depot.key }`;
  const { stdout, stderr } = await check(
    await fileOf(`depot: a\nsite: e\ndata: ${root}/data\ncertificate: ${files}\n`),
  );
  expect(stdout).toContain(`shows      the certificate in ${root}/depot.pem`);
  expect(stderr).toContain(`certificate.key: there is no file ${root}/depot.key here`);
  await writeFile(join(root, 'depot.key'), '', { mode: 0o644 });
  const open = await check(await fileOf(`depot: a\nsite: e\ndata: ${root}/data\ncertificate: ${files}\n`));
  expect(open.stderr).toContain(`everybody on this machine can read ${root}/depot.key`);
});
