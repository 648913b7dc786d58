import { spawn, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../harness/port.js';
import { countedLine } from './counted-line.js';
import { cpuMs, cpuOfChildrenMs } from './processes.js';

/** One run of it: from start to end, both sides' processor time, and bytes on the wire both ways. */
export interface RsyncRun {
  readonly ms: number;
  readonly cpuMs: number;
  readonly bytes: number;
}

/** The daemon of rsync over a folder, and copies of that. */
export interface Rsync {
  /** Brings the copy of this name up to date: `rsync -a --delete`, with `compress` also `-z`. */
  copy(name: string, options: { readonly compress: boolean }): Promise<RsyncRun>;
  close(): Promise<void>;
}

/** @throws where there is no rsync */
export function rsyncVersion(): string {
  const { stdout, error } = spawnSync('rsync', ['--version'], { encoding: 'utf8' });
  if (error !== undefined)
    throw new Error('rsync is not installed, and the bench compares with it: apt-get install rsync');
  return /version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
}

/** Serves `source` on loopback; copies are kept below `folder`. */
export async function startRsync(source: string, folder: string): Promise<Rsync> {
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const config = join(folder, 'rsyncd.conf');
  const asRoot = process.getuid?.() === 0 ? 'uid = 0\ngid = 0\n' : '';
  await writeFile(config, `use chroot = no\n${asRoot}[source]\npath = ${source}\nread only = yes\n`);
  const serving = ['rsync', '--daemon', '--no-detach', '--address=127.0.0.1', `--port=${port}`, `--config=${config}`];
  const daemon = spawn('setpriv', ['--pdeathsig', 'KILL', ...serving], { stdio: 'ignore' });
  const ended = new Promise((resolve) => daemon.once('close', resolve));
  const { pid } = daemon;
  if (pid === undefined) throw new Error('setpriv (of util-linux) cannot be started');
  await listening(port);
  const line = await countedLine(port);

  return {
    async copy(name, { compress }) {
      const args = ['-a', '--delete', ...(compress ? ['-z'] : [])];
      const cpuBefore = cpuMs(pid) + cpuOfChildrenMs();
      line.take();
      const startedAt = performance.now();
      await run([...args, `rsync://127.0.0.1:${line.port}/source/`, `${join(folder, name)}/`]);
      const ms = performance.now() - startedAt;
      await delay(50); // the daemon has waited for its child by then
      return { ms, cpuMs: cpuMs(pid) + cpuOfChildrenMs() - cpuBefore, bytes: line.take().bytes };
    },
    async close() {
      line.close();
      daemon.kill();
      await ended;
    },
  };
}

function run(args: readonly string[]): Promise<void> {
  const child = spawn('rsync', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`rsync ${args.join(' ')} ended with ${code}: ${said}`));
    });
  });
}

async function listening(port: number): Promise<void> {
  const accepts = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
  for (const deadline = Date.now() + 10_000; !(await accepts()); await delay(20)) {
    if (Date.now() > deadline) throw new Error('the daemon of rsync does not listen');
  }
}
