import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ControlApi } from '../../src/serve/control-api.js';
import type { ControlServer } from '../../src/serve/control.js';
import { environment } from '../harness/daemon.js';
import { afterTheLast, temporaryFolder } from '../harness/temporary.js';
import { liveFacts, sampleApi, sampleDepot, serveSample, type Sample } from './fixture.js';

const program = fileURLToPath(new URL('../../bin/depot.js', import.meta.url));
const scripted: { -readonly [Method in keyof ControlApi]?: ControlApi[Method] } = {};
let sample: Sample;
let server: ControlServer;

const whenDone = afterTheLast();
beforeAll(async () => {
  sample = await sampleDepot(await temporaryFolder(whenDone), Date.now());
  server = await serveSample(sample, sampleApi(sample, liveFacts(Date.now()), Date.now, scripted));
});

afterAll(async () => {
  await server.close();
  sample.store.close();
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function shell(line: string, env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const options = {
      env: { ...environment(), DEPOT_CONFIG: sample.config, DEPOT: `${process.execPath} ${program}`, ...env },
    };
    const child = execFile('bash', ['-c', line], options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

test('the command that ships answers from the daemon, found by DEPOT_CONFIG', async () => {
  const { code, stdout } = await shell('$DEPOT status');
  expect(code).toBe(0);
  expect(stdout).toContain('munich-1  enterprise/germany/munich  running for');
});

test('a reader that has seen enough ends the command in silence', async () => {
  const { stdout, stderr, code } = await shell('set -o pipefail; $DEPOT ls tools lib | head -1');
  expect({ stdout, stderr, code }).toEqual({ stdout: 'part-00000.so\n', stderr: '', code: 0 });
});

test('a closed stdout is no failure either', async () => {
  expect(await shell('$DEPOT status --json >&-')).toMatchObject({ stderr: '', code: 0 });
});

test('Ctrl-C stops waiting for a poll, says that it goes on, and ends with 130', async () => {
  let finish = (): void => undefined;
  const polled = new Promise<void>((resolve) => {
    scripted.poll = async (_repositories, { onEvent }) => {
      await onEvent({ type: 'line', text: 'started' });
      await new Promise<void>((done) => {
        finish = done;
      });
      resolve();
      return { repositories: [], cycles: [] };
    };
  });
  const child = spawn(process.execPath, [program, '--config', sample.config, 'poll', '--wait'], { env: environment() });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await once(child.stderr, 'data');
  child.kill('SIGINT');
  expect(await exitCode(child)).toBe(130);
  expect(stderr).toBe(
    'started\ndepot: no longer waiting; the cycle goes on in the daemon\nhint:  watch it: depot status\n',
  );
  finish();
  await polled;
});

test('Ctrl-C is how watching a status ends', async () => {
  const args = [program, '--config', sample.config, 'status', '--watch', '0.2'];
  const child = spawn(process.execPath, args, { env: environment() });
  await once(child.stdout, 'data');
  await once(child.stdout, 'data');
  child.kill('SIGINT');
  expect(await exitCode(child)).toBe(0);
});

test('colours are for terminals only, and not where NO_COLOR is set', async () => {
  const terminal = `script -qec "$DEPOT status" /dev/null`;
  const coloured = { NO_COLOR: '', TERM: 'xterm-256color' };
  expect((await shell(terminal, coloured)).stdout).toContain('\u001b[1mmunich-1');
  expect((await shell(terminal, { ...coloured, NO_COLOR: '1' })).stdout).not.toContain('\u001b[');
  expect((await shell('$DEPOT status', coloured)).stdout).not.toContain('\u001b[');
});

test.runIf(process.getuid?.() === 0)(
  'a user who may not use the socket is told whose it is, and never to join the group root',
  async () => {
    await chmod(dirname(sample.config), 0o755);
    await chmod(sample.config, 0o644);
    const line = `setpriv --reuid 65534 --regid 65534 --clear-groups $DEPOT holds`;
    const { code, stderr } = await shell(line);
    expect(stderr).toMatch(
      /^depot: the control socket .* is for members of the group root only\nhint: {2}run it as root\n$/,
    );
    expect(code).toBe(12);
  },
);

test('the completions of bash come from the commands and from the daemon', async () => {
  const lines = ['st', 'publish ""', 'ls tools bin/', 'approve ""'];
  const tries = lines.map((line) => `try ${line}`).join('\n');
  const { stdout, stderr } = await shell(`
    depot() { $DEPOT "$@"; }; compopt() { :; }
    try() { COMP_WORDS=(depot "$@"); COMP_CWORD=$#; _depot; echo "\${COMPREPLY[*]}"; }
    eval "$(depot completion bash)"
    ${tries}`);
  expect(stderr).toBe('');
  expect(stdout.trim().split('\n')).toEqual(['status', 'scripts', 'bin/tool bin/tool-latest', '7f3a']);
});

async function exitCode(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}
