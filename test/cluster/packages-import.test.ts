import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import type { PackageStatus } from '../../src/model/package-status.js';
import { afterTheLast, temporaryFolder } from '../harness/temporary.js';
import { exe, readTree, tree } from '../harness/tree.js';
import type { Depot } from '../harness/depot.js';
import { pollAll } from './chain.js';
import { startPackages } from './package-desk.js';

let origin: Depot;
let region: Depot;
let work: string;
let folder: string;

const whenDone = afterTheLast();
beforeAll(async () => {
  ({ origin, region, work } = await startPackages(whenDone));
});

beforeEach(async () => {
  folder = await temporaryFolder();
});

const run = (...args: string[]) => origin.cli('package', 'import', ...args);
const shown = (name: string): Promise<PackageStatus> => origin.json('package', 'show', `apps/${name}`);

/** Zips what is in a folder, as another tool does. */
function zipped(from: string): string {
  execFileSync('python3', ['-c', zipAll, `${from}.zip`, from]);
  return `${from}.zip`;
}

const zipAll = `
import os, stat, sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as file:
  for at, folders, names in os.walk(sys.argv[2]):
    for name in folders + names:
      path = os.path.join(at, name)
      inside = os.path.relpath(path, sys.argv[2])
      if os.path.islink(path):
        member = zipfile.ZipInfo(inside)
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(member, os.readlink(path))
      else: file.write(path, inside)
`;

it.each(['folder', 'zip'] as const)('takes over the revisions of a %s, in order, up to the clients', async (kind) => {
  const name = `vlc-${kind}`;
  const from = join(folder, 'vlc');
  const versions = {
    '3.0.9': { 'bin/vlc': exe('one'), readme: 'one' },
    '3.0.10': { 'bin/vlc': exe('two'), readme: 'one' },
    '3.0.21': { 'bin/vlc': exe('three'), readme: 'three', 'grün/ä': 'new' },
  };
  for (const [version, files] of Object.entries(versions)) await tree(join(from, version), files);
  await symlink('bin/vlc', join(from, '3.0.21/start'));
  await mkdir(join(from, '3.0.21/empty'));
  await writeFile(join(from, '3.0.9/.DS_Store'), 'left behind');
  const source = kind === 'zip' ? zipped(from) : from;
  const order = [`apps/${name}`, source, '--type', 'app', '--to', 'enterprise', '--release'];

  const dry = await run(...order, '--dry-run');
  expect(dry.stdout).toContain('they would be revisions 1 to 3, distributed to enterprise; 3 would be released');
  expect(dry.stdout).toContain('left out: 3.0.9/.DS_Store');
  expect((await origin.json<PackageStatus[]>('package', 'list', 'apps')).map((each) => each.name)).not.toContain(name);

  const { exitCode, stdout } = await run(...order);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('3.0.10');
  const { revisions } = await shown(name);
  expect(revisions.map(({ state, version }) => [state, version])).toEqual([
    ['distributed', '3.0.9'],
    ['distributed', '3.0.10'],
    ['released', '3.0.21'],
  ]);
  await pollAll(region);
  await pollAll(region);
  const seen = await readTree(join(region.tree('apps'), name, '3'));
  expect(seen).toEqual({
    'bin/vlc': exe('three'),
    'empty/': { type: 'folder' },
    'grün/ä': 'new',
    readme: 'three',
    start: { type: 'link', target: 'bin/vlc' },
  });
  expect(await readdir(work)).not.toContain(`.import-${name}`);

  // What was imported already is known: nothing is made of it.
  const again = await run(`apps/${name}`, source, '--from', '3.0.21');
  expect([again.exitCode, again.stdout]).toEqual([0, expect.stringContaining('is what the revision before is')]);
});

it('fills the work copy with the mode of its folder, and makes no revision of it', async () => {
  await origin.json('package', 'create', 'apps/tool', '--type', 'app');
  await chmod(join(work, 'tool'), 0o2770);
  await tree(join(folder, 'tool'), { 'MyApp.app/Contents/run': exe('x'), 'MyApp.app/Contents/info': 'y' });
  const { exitCode, stdout } = await run('apps/tool', zipped(join(folder, 'tool')));
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining('depot package publish apps/tool')]);
  const mode = async (path: string) => ((await stat(join(work, 'tool', path))).mode & 0o7777).toString(8);
  expect(
    await Promise.all(['', 'MyApp.app/Contents', 'MyApp.app/Contents/run', 'MyApp.app/Contents/info'].map(mode)),
  ).toEqual(['2770', '2770', '770', '660']);
  expect((await shown('tool')).revisions).toEqual([]);
});

it('never takes away changes of a work copy unasked', async () => {
  await origin.json('package', 'create', 'apps/edited', '--type', 'app');
  await writeFile(join(work, 'edited/mine'), 'a day of work');
  await tree(join(folder, 'new'), { setup: 'new' });
  const { exitCode, stderr } = await run('apps/edited', join(folder, 'new'));
  expect(exitCode).toBe(15);
  expect(stderr).toContain('rule: changes-stay');
  expect(stderr).toContain('--replace');
  expect(await readTree(join(work, 'edited'))).toEqual({ mine: 'a day of work' });

  expect((await run('apps/edited', join(folder, 'new'), '--replace')).exitCode).toBe(0);
  expect(await readTree(join(work, 'edited'))).toEqual({ setup: 'new' });
});

it('lists all problems, and changes nothing where there is one', async () => {
  await tree(join(folder, 'bad'), { '1/a': 'x', '2/con': 'x', '2/x|y': 'x', '3/': { type: 'folder' } });
  const order = ['apps/bad', join(folder, 'bad'), '--type', 'app', '--to', 'enterprise'];
  const { exitCode, stdout } = await run(...order);
  expect(exitCode).toBe(15);
  for (const path of ['2/con', '2/x|y', '3']) expect(stdout).toContain(path);
  expect((await origin.json<PackageStatus[]>('package', 'list', 'apps')).map(({ name }) => name)).not.toContain('bad');
});

it('refuses a zip that would write elsewhere, or is cut off, and leaves the work copy as it was', async () => {
  await origin.json('package', 'create', 'apps/safe', '--type', 'app');
  const evil = join(folder, 'evil.zip');
  const names = `[('../out', 'x'), ('/abs', 'x'), ('C:/x', 'x'), ('ok', 'x')]`;
  execFileSync('python3', [
    '-c',
    `import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], 'w') as file:\n  for name, text in ${names}: file.writestr(name, text)`,
    evil,
  ]);
  const { exitCode, stdout } = await run('apps/safe', evil);
  expect(exitCode).toBe(15);
  for (const path of ['../out', '/abs', 'C:/x']) expect(stdout).toContain(path);

  await tree(join(folder, 'fine'), { a: 'x'.repeat(5000), b: 'y' });
  const good = await readFile(zipped(join(folder, 'fine')));
  const wrong = join(folder, 'wrong.zip');
  good[good.indexOf('PK\u0001\u0002') + 16] = (good[good.indexOf('PK\u0001\u0002') + 16] ?? 0) ^ 1;
  await writeFile(wrong, good);
  const damaged = await run('apps/safe', wrong);
  expect([damaged.exitCode, damaged.stderr]).toEqual([11, expect.stringContaining('checksum')]);
  await writeFile(wrong, good.subarray(0, 100));
  expect((await run('apps/safe', wrong)).exitCode).toBe(2);
  expect(await readdir(join(work, 'safe'))).toEqual([]);
  expect(await readdir(work)).not.toContain('.import-safe');
});

it('says which option is missing', async () => {
  await tree(join(folder, 'vlc'), { '1/a': 'x', '2/a': 'y' });
  const source = join(folder, 'vlc');
  expect((await run('apps/none', source)).stderr).toContain('--type TYPE creates apps/none');
  expect((await run('apps/none', source, '--type', 'app')).stderr).toContain('--to SITE');
  expect((await run('apps/none', folder, '--type', 'app')).stderr).toContain('--under vlc');
  expect((await run('apps/none', join(folder, 'gone'))).exitCode).toBe(6);
});
