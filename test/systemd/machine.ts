import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { exe, tree, type Tree } from '../harness/tree.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const boot = fileURLToPath(new URL('boot.sh', import.meta.url));

/** A running systemd with depotd installed as the README says, beside the systemd of this machine. */
export interface Machine {
  /** Runs a command inside, as root; the output is that of both streams. */
  run(...command: string[]): Promise<{ readonly code: number | null; readonly output: string }>;
  /** A property of the service, as `systemctl show` gives it. */
  service(property: string): Promise<string>;
  /** What the service has logged. */
  journal(): Promise<string>;
  end(): Promise<void>;
}

/** Needs root. @param work an empty folder @param files laid over the file system: `/etc/depotd/depot.yaml` and the like */
export async function startMachine(work: string, files: Tree): Promise<Machine> {
  const etc = join(work, 'root/etc/systemd/system');
  await tree(join(work, 'root'), {
    'usr/local/bin/depotd': exe(`#!/bin/sh\nexec ${process.execPath} /opt/depotd/bin/depotd.js "$@"\n`),
    'usr/local/bin/depot': exe(`#!/bin/sh\nexec ${process.execPath} /opt/depotd/bin/depot.js "$@"\n`),
    'usr/lib/sysusers.d/depotd.conf': await readFile(join(project, 'systemd/depotd.sysusers.conf'), 'utf8'),
    'usr/lib/tmpfiles.d/depotd.conf': await readFile(join(project, 'systemd/depotd.tmpfiles.conf'), 'utf8'),
    'etc/systemd/system/depotd-test.target': '[Unit]\nRequires=basic.target\nAfter=basic.target\nAllowIsolate=yes\n',
    ...files,
  });
  await cp(join(project, 'systemd/depotd.service'), join(etc, 'depotd.service'));

  let output = '';
  const child = spawn(boot, ['begin', project, work], { stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));

  const run: Machine['run'] = async (...command) => {
    const init = (await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')).trim();
    return execute('nsenter', ['--target', init, '--mount', '--pid', '--cgroup', '--root', '--wd=/', ...command]);
  };
  const machine: Machine = {
    run,
    service: async (property) =>
      (await run('systemctl', 'show', '--value', `--property=${property}`, 'depotd')).output.trim(),
    journal: async () => (await run('journalctl', '--no-pager', '--output=cat', '--unit=depotd')).output,
    async end() {
      child.kill('SIGKILL');
      await ended;
      await removeControlGroups();
    },
  };
  for (const deadline = Date.now() + 60_000; ; await delay(100)) {
    const { output: state } = await run('systemctl', 'is-system-running').catch(() => ({ output: 'not yet' }));
    if (/^(running|degraded)$/m.test(state)) return machine;
    if (Date.now() < deadline) continue;
    await machine.end();
    throw new Error(`systemd does not come up: ${state}\n${output}`);
  }
}

function execute(program: string, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = execFile(program, args, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, output: stdout + stderr }),
    );
  });
}

/** A group can go when the last of its processes has. */
async function removeControlGroups(): Promise<void> {
  const groups = ['', 'unified', 'systemd']
    .map((name) => join('/sys/fs/cgroup', name, 'depotd-test'))
    .filter(existsSync);
  for (let tries = 0; groups.some((group) => existsSync(group)) && tries < 50; tries += 1) {
    await execute('find', [...groups, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';']);
    await delay(100);
  }
}
