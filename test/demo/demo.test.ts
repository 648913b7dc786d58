import { spawn, type ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../harness/temporary.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const demo = [process.execPath, '--import', 'tsx', fileURLToPath(new URL('demo.ts', import.meta.url))];
const nothing = { processes: [], folders: [] };

it('takes changes through three levels, and ends with 0 when every copy equals the source', async () => {
  const running = await start([...demo, '--once']);
  await running.says('publishes generation 1');
  const { processes, folders } = await running.traces();
  expect(processes).toHaveLength(7);
  expect(folders).toHaveLength(1);

  expect(await running.ended, running.output()).toBe(0);
  expect(running.output()).toContain('Every copy equals the source.');
  expect(await running.traces()).toEqual(nothing);
  expect(processes.filter(isRunning)).toEqual([]);
}, 180_000);

it('says that it shows lines where the output is no terminal, and leaves nothing behind after SIGINT', async () => {
  const running = await start(demo);
  await running.says('as with --once');
  await running.says('publishes generation 1');
  const { processes } = await running.traces();
  expect(processes).toHaveLength(7);
  running.process.kill('SIGINT');

  expect(await running.ended).toBe(130);
  expect(await running.traces()).toEqual(nothing);
  expect(processes.filter(isRunning)).toEqual([]);
}, 120_000);

it('draws on a terminal, gives the terminal back at q even while daemons start, and leaves nothing behind', async () => {
  const running = await startOnTerminal();
  await running.says('starting');
  running.process.stdin?.write('q');

  expect(await running.ended).toBe(0);
  expect(running.output()).toMatch(/\u001b\[\?1049l[^\u001b]*done\.\s*$/);
  expect(await running.traces()).toEqual(nothing);
}, 120_000);

it('leaves nothing behind when its terminal goes away', async () => {
  const running = await startOnTerminal();
  await running.says('fetching');
  const { processes } = await running.traces();
  expect(processes.length).toBeGreaterThan(0);
  running.process.kill('SIGKILL');

  await expect.poll(running.traces, { timeout: 30_000 }).toEqual(nothing);
}, 120_000);

interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  output(): string;
  /** Resolves when the output has this text. */
  says(text: string): Promise<void>;
  /** Processes that its temporary folder is named to, and what is in that folder. */
  traces(): Promise<{ readonly processes: readonly number[]; readonly folders: readonly string[] }>;
}

/** `script` makes a terminal for the demo; it goes away with `script`. */
function startOnTerminal(): Promise<Running> {
  return start([
    'script',
    '--quiet',
    '--return',
    '--command',
    `stty rows 24 columns 80; exec ${demo.join(' ')}`,
    '/dev/null',
  ]);
}

async function start([file = '', ...args]: readonly string[]): Promise<Running> {
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
    async traces() {
      const names = await readdir(folder);
      return { processes: await processesOn(folder), folders: names.filter((name) => name.startsWith('depotd-demo-')) };
    },
  };
}

async function processesOn(folder: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return pids.filter((_, at) => commands[at]?.includes(folder)).map(Number);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
