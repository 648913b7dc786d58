import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { request as requestSecurely } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../bin/depotd.js', import.meta.url));

/** The kernel kills the daemon when its parent is gone. Files closed to their owner are closed to it, also where root runs the tests. */
const restraints = [
  '--pdeathsig',
  'KILL',
  ...(process.geteuid?.() === 0 ? ['--bounding-set', '-all', '--inh-caps', '-all'] : []),
];

/** How long a daemon may take on a busy machine: to answer after its start, and to end after SIGTERM. */
const patienceMs = 60_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One running process of depotd. */
export interface Daemon {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** Resolves when it answers on both its sockets. @throws when it ends before. */
  ready(sockets: { readonly socket: string; readonly url: string }): Promise<void>;
  /** SIGTERM. @throws when it had to be killed in the end. */
  stop(): Promise<Ended>;
  kill(): Promise<Ended>;
  signal(name: NodeJS.Signals): void;
}

/**
 * Starts a daemon that cannot outlive this process, however that ends, and that has no privileges: setpriv (of
 * util-linux) sees to both.
 */
export function startDaemon(options: {
  readonly name: string;
  readonly config: string;
  readonly env: Readonly<Record<string, string>>;
  readonly onOutput: (text: string) => void;
}): Daemon {
  let output = '';
  const child = spawn('setpriv', [...restraints, process.execPath, program, '--config', options.config], {
    env: { ...environment(), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      options.onOutput(text);
    });
  }
  let end: Ended | undefined;
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve((end = { code, signal })));
  });
  const signal = (name: NodeJS.Signals): void => void child.kill(name);
  const kill = (): Promise<Ended> => {
    signal('SIGKILL');
    return ended;
  };

  return {
    pid: child.pid ?? -1,
    ended,
    signal,
    kill,
    async ready({ socket, url }) {
      const { hostname, port, protocol } = new URL(url);
      const answering = async (): Promise<boolean> =>
        (await answers({ socketPath: socket })) && (await answers({ hostname, port, protocol }));
      for (const deadline = Date.now() + patienceMs; !(await answering()); await delay(20)) {
        if (end !== undefined) {
          throw new Error(`${options.name} ended with ${end.code ?? end.signal} before it was ready\n${output}`);
        }
        if (Date.now() > deadline) throw new Error(`${options.name} is not ready after ${patienceMs} ms\n${output}`);
      }
    },
    async stop() {
      signal('SIGTERM');
      const inTime = await Promise.race([ended, delay(patienceMs, undefined, { ref: false })]);
      if (inTime !== undefined) return inTime;
      await kill();
      throw new Error(`${options.name} did not end within ${patienceMs} ms of SIGTERM\n${output}`);
    },
  };
}

/** Without what a surrounding service manager or configuration would tell the daemon. */
export function environment(): NodeJS.ProcessEnv {
  const { DEPOT_CONFIG, NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID, RUNTIME_DIRECTORY, FORCE_COLOR, ...rest } =
    process.env;
  return { ...rest, NO_COLOR: '1' };
}

/** Whatever the answer. A connection alone says little: a killed daemon's may be open for a moment longer. */
function answers(
  address: { socketPath: string } | { hostname: string; port: string; protocol: string },
): Promise<boolean> {
  const ask = 'protocol' in address && address.protocol === 'https:' ? requestSecurely : request;
  return new Promise((resolve) => {
    const asked = ask({ ...address, rejectUnauthorized: false, path: '/', agent: false, timeout: 1000 }, (response) => {
      response.destroy();
      resolve(true);
    });
    asked.once('timeout', () => asked.destroy()).once('error', () => resolve(false));
    asked.end();
  });
}
