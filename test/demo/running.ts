import { spawn, type ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { temporaryFolder } from '../harness/temporary.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const demo = [process.execPath, '--import', 'tsx', fileURLToPath(new URL('demo.ts', import.meta.url))];
const daemonFile = 'bin/depotd.js';
export const nothing = { processes: [], folders: [] };

/** A demo in a process of its own. */
export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  output(): string;
  /** Resolves when the output has this text. */
  says(text: string): Promise<void>;
  /** Of the processes that its temporary folder is named to, the daemons. */
  daemons(): Promise<readonly number[]>;
  /** All of these, and what is in that folder. */
  traces(): Promise<{ readonly processes: readonly number[]; readonly folders: readonly string[] }>;
}

/** `script` makes a terminal for the demo; it goes away with `script`. */
export function startOnTerminal(): Promise<Running> {
  return start([
    'script',
    '--quiet',
    '--return',
    '--command',
    `stty rows 24 columns 80; exec ${demo.join(' ')}`,
    '/dev/null',
  ]);
}

export async function start([file = '', ...args]: readonly string[]): Promise<Running> {
  const folder = await temporaryFolder();
  const child = spawn(file, args, { cwd: root, env: { ...process.env, TMPDIR: folder, TERM: 'xterm' } });
  onTestFinished(() => void child.kill('SIGTERM'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  return {
    process: child,
    ended: new Promise((resolve) => child.once('close', resolve)),
    output: () => output,
    says: (text) => expect.poll(() => output, { timeout: 60_000, interval: 20 }).toContain(text),
    daemons: () => processesOn(folder, daemonFile),
    async traces() {
      const names = await readdir(folder);
      return { processes: await processesOn(folder), folders: names.filter((name) => name.startsWith('depotd-demo-')) };
    },
  };
}

async function processesOn(folder: string, program = ''): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return pids.filter((_, at) => commands[at]?.includes(folder) === true && commands[at].includes(program)).map(Number);
}

export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
