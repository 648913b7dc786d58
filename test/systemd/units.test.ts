import { execFile } from 'node:child_process';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../../src/cli/exit-codes.js';
import { defaultConfigPath } from '../../src/config/location.js';
import { temporaryFolder } from '../harness/temporary.js';
import { exe, folder, tree } from '../harness/tree.js';

const units = fileURLToPath(new URL('../../systemd', import.meta.url));
let service = '';

beforeAll(async () => {
  service = await readFile(join(units, 'depotd.service'), 'utf8');
});

describe('depotd.service', () => {
  it('gives systemd nothing to complain about, with or without the drop-in', async () => {
    const root = await installed();
    expect(await run('systemd-analyze', 'verify', `--root=${root}`, 'depotd.service')).toEqual({ code: 0, output: '' });
    await cp(join(units, 'depotd.service.d'), join(root, 'etc/systemd/system/depotd.service.d'), { recursive: true });
    expect(await run('systemd-analyze', 'verify', `--root=${root}`, 'depotd.service')).toEqual({ code: 0, output: '' });
  });

  it('would not get away with a setting that systemd does not know', async () => {
    const root = await installed();
    await tree(root, { 'etc/systemd/system/depotd.service': service.replace('WatchdogSec', 'WatchDogSec') });
    const { output } = await run('systemd-analyze', 'verify', `--root=${root}`, 'depotd.service');
    expect(output).toContain(`Unknown key 'WatchDogSec'`);
  });

  it.each([
    ['as it is', false],
    ['on port 443', true],
  ])('exposes little: at most 2.0 of 10 %s', async (_how, withDropIn) => {
    const root = await installed();
    const dropIns = join(root, 'etc/systemd/system/depotd.service.d');
    if (withDropIn) await cp(join(units, 'depotd.service.d'), dropIns, { recursive: true });
    const args = ['security', '--offline=true', '--no-pager', `--root=${root}`, '--threshold=20', 'depotd.service'];
    const { code, output } = await run('systemd-analyze', ...args);
    expect(output).toMatch(/Overall exposure level for depotd.service: [012][.]\d/);
    expect(code).toBe(0);
  });

  it('starts the program of the package with the default configuration', async () => {
    const { bin } = JSON.parse(await readFile(join(units, '../package.json'), 'utf8')) as {
      bin: Record<string, string>;
    };
    const [program, ...args] = setting('ExecStart').split(' ');
    expect(Object.keys(bin)).toContain(program);
    expect(args).toEqual(['--config', defaultConfigPath]);
  });

  it('is not restarted after what only a person can mend', () => {
    const hopeless = [exitCodes.usage, exitCodes.configuration, exitCodes.dataDirectory];
    expect(setting('RestartPreventExitStatus')).toBe(hopeless.map(({ code }) => code).join(' '));
  });

  it('leaves the compiler of V8 able to work', () => {
    expect(service).not.toMatch(/^MemoryDenyWriteExecute/m);
  });
});

it('sysusers and tmpfiles agree on the user and the folders of the unit', async () => {
  const root = await temporaryFolder();
  await tree(root, { 'etc/': folder() });
  const users = await run('systemd-sysusers', `--root=${root}`, join(units, 'depotd.sysusers.conf'));
  expect(users.code).toBe(0);
  const [name, , , , , home] = (await readFile(join(root, 'etc/passwd'), 'utf8')).trim().split(':');
  expect(name).toBe(setting('User'));
  expect(home).toBe(`/var/lib/${setting('StateDirectory')}`);

  // To remove what is not there only reads the file, and so needs no privileges.
  const fragment = join(units, 'depotd.tmpfiles.conf');
  expect(await run('systemd-tmpfiles', '--remove', `--root=${root}`, fragment)).toEqual({ code: 0, output: '' });
  expect(await readFile(fragment, 'utf8')).toContain(`d /etc/depotd 0750 root ${setting('Group')} -\n`);
});

function setting(name: string): string {
  const value = new RegExp(`^${name}=(.*)$`, 'm').exec(service)?.[1];
  if (value === undefined) throw new Error(`depotd.service has no ${name}=`);
  return value;
}

/** A root folder with the unit, stubs of the programs that it runs, and of the units that it comes after. */
async function installed(): Promise<string> {
  const root = await temporaryFolder();
  const stub = '[Unit]\nDescription=stub\n';
  const targets = ['sysinit', 'basic', 'shutdown', 'multi-user', 'network-online'];
  await tree(root, {
    'etc/systemd/system/depotd.service': service,
    ...Object.fromEntries(targets.map((name) => [`etc/systemd/system/${name}.target`, stub])),
    'etc/systemd/system/system.slice': stub,
    'etc/systemd/system/systemd-journald.socket': `${stub}[Socket]\nListenStream=/run/stub\n`,
    'etc/systemd/system/systemd-journald.service': `${stub}[Service]\nExecStart=/usr/bin/kill\n`,
    'usr/bin/kill': exe('#!/bin/sh\n'),
    'usr/local/bin/depotd': exe('#!/bin/sh\n'),
  });
  return root;
}

function run(program: string, ...args: string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = execFile(program, args, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, output: stdout + stderr }),
    );
  });
}
