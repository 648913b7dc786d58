import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * Stands by for one filesystem and ends with its input. A daemon of some hundred megabytes takes 15 ms to start a process,
 * and cannot do anything else meanwhile; a shell takes one. What a terminal or a service manager sends to all is ignored: a
 * barrier that was asked for is waited for.
 */
const script = `trap '' HUP INT TERM
while read -r _; do if sync -f -- "$FOLDER" 2>/dev/null; then echo 1; else echo 0; fi; done`;

const idleMs = 5000;

interface Barrier {
  readonly shell: ChildProcess;
  readonly waiting: ((isDurable: boolean) => void)[];
  idle: NodeJS.Timeout | undefined;
}

/** Those of this thread, by their folders. */
const barriers = new Map<string, Barrier>();

/**
 * Makes all durable that was written to the filesystem of a folder before. Node has no syncfs(2); `sync -f` of coreutils
 * is one. False where it cannot be run, or the disk reports an error.
 */
export async function syncFilesystemOf(folder: string): Promise<boolean> {
  const barrier = barriers.get(folder) ?? begin(folder);
  clearTimeout(barrier.idle);
  return new Promise((resolve) => {
    barrier.waiting.push(resolve);
    hold(barrier.shell, true);
    barrier.shell.stdin?.write('\n');
  });
}

function begin(folder: string): Barrier {
  const env = { PATH: process.env['PATH'], FOLDER: folder };
  const shell = spawn('sh', ['-c', script], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  const barrier: Barrier = { shell, waiting: [], idle: undefined };
  const forget = (): void => void (barriers.get(folder) === barrier && barriers.delete(folder));
  const fail = (): void => {
    forget();
    for (const answer of barrier.waiting.splice(0)) answer(false);
  };
  barriers.set(folder, barrier);
  shell.once('error', fail).once('close', fail);
  shell.stdin.on('error', () => undefined); // it was killed, which `close` tells
  createInterface(shell.stdout).on('line', (line) => {
    barrier.waiting.shift()?.(line === '1');
    if (barrier.waiting.length > 0) return;
    hold(shell, false);
    barrier.idle = setTimeout(() => {
      forget();
      shell.stdin.end();
    }, idleMs).unref();
  });
  return barrier;
}

/** A shell that only stands by keeps no thread from ending. */
function hold(shell: ChildProcess, isNeeded: boolean): void {
  const handles = [shell, shell.stdin, shell.stdout] as unknown as ({ ref(): void; unref(): void } | null)[];
  for (const handle of handles) {
    if (isNeeded) handle?.ref();
    else handle?.unref();
  }
}
