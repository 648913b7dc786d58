import { createPrivateKey } from 'node:crypto';
import { statSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it, afterAll } from 'vitest';
import { stringify } from 'yaml';
import { controlClient } from '../../src/serve/control-client.js';
import { parseToken } from '../../src/trust/invitation.js';
import { command, type CommandResult } from '../harness/command.js';
import { startDaemon, type Daemon } from '../harness/daemon.js';
import { freePorts } from '../harness/port.js';
import { afterTheLast, temporaryFolder } from '../harness/temporary.js';
import { readTree, tree } from '../harness/tree.js';

let folder: string;
let token: string;
/** What was printed, by whom, and the arguments of all processes meanwhile. */
const said = new Map<string, string>();
const commandLines = new Set<string>();

async function run(config: string, ...args: string[]): Promise<CommandResult> {
  let isRunning = true;
  const watched = (async () => {
    while (isRunning) await watchProcesses();
  })();
  const result = await command(config, args).finally(() => (isRunning = false));
  await watched;
  said.set(`depot ${args.join(' ')} (${said.size})`, result.stderr + (args[0] === 'invite' ? '' : result.stdout));
  return result;
}

async function succeed(config: string, ...args: string[]): Promise<CommandResult> {
  const result = await run(config, ...args);
  expect(result.exitCode, `depot ${args.join(' ')}: ${result.stderr}${result.stdout}`).toBe(0);
  return result;
}

async function watchProcesses(): Promise<void> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    commandLines.add(await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => ''));
  }
  await delay(20);
}

async function start(name: string): Promise<Daemon> {
  const config = join(folder, `${name}.yaml`);
  const data = join(folder, name);
  const onOutput = (text: string): void => void said.set(name, `${said.get(name) ?? ''}${text}`);
  const daemon = startDaemon({ name, config, env: {}, onOutput });
  afterAll(async () => {
    await daemon.kill();
  });
  const api = controlClient({ sockets: [join(data, 'control.sock')], data });
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await delay(50)) {
    const status = await api.status({ tree: false }).catch(() => undefined);
    if (status?.running === true) return daemon;
  }
  throw new Error(`${name} does not answer\n${said.get(name)}`);
}

async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

interface Secret {
  readonly of: string;
  /** Any of its forms. */
  readonly bytes: readonly Buffer[];
}

/** The private halves of all keys in the data directories, and the token, in the forms in which they could leak. */
async function secrets(): Promise<Secret[]> {
  const found: Secret[] = [{ of: 'the token', bytes: formsOf(Buffer.from(parseToken(token).key, 'base64url')) }];
  for (const file of await filesBelow(folder)) {
    const text = await readFile(file, 'latin1');
    for (const [pem] of text.matchAll(/-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/g)) {
      const { d = '' } = createPrivateKey(pem).export({ format: 'jwk' });
      const lines = pem.split('\n').filter((line) => line.length > 40 && !line.includes('-----'));
      const last = lines.map((line) => Buffer.from(line));
      found.push({ of: file, bytes: [...formsOf(Buffer.from(d, 'base64url')), ...last] });
    }
  }
  return found;
}

function formsOf(secret: Buffer): Buffer[] {
  return [secret, ...(['hex', 'base64url', 'base64'] as const).map((form) => Buffer.from(secret.toString(form)))];
}

const whenDone = afterTheLast();
beforeAll(async () => {
  folder = await temporaryFolder(whenDone);
  const [port, childPort] = await freePorts(2);
  const origin = join(folder, 'origin.yaml');
  const munich = join(folder, 'munich-1.yaml');
  await tree(join(folder, 'source'), { a: 'a', 'b/c': 'c' });
  const tools = { kind: 'mirror', context: 'enterprise', source: join(folder, 'source'), settle: '1h' };
  const settings = { depot: 'origin', site: 'enterprise', listen: `https://127.0.0.1:${port}` };
  await writeFile(origin, stringify({ ...settings, data: join(folder, 'origin'), repositories: { tools } }));
  await succeed(origin, 'ca', 'init');
  await start('origin');
  await succeed(origin, 'publish', 'tools', '--wait');
  token = (await succeed(origin, 'invite', 'munich-1', '--site', 'enterprise/munich')).stdout.trim();
  await mkdir(join(folder, 'tokens'), { mode: 0o700 });
  await writeFile(join(folder, 'tokens', 'token'), token);
  await writeFile(
    join(folder, 'tokens', 'damaged'),
    token.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a')),
  );
  const joining = ['--listen', `https://127.0.0.1:${childPort}`, '--data', join(folder, 'munich-1')];
  const damaged = await run(munich, 'join', '--token-file', join(folder, 'tokens', 'damaged'), ...joining);
  expect(damaged.exitCode).not.toBe(0);
  await succeed(munich, 'join', '--token-file', join(folder, 'tokens', 'token'), ...joining);
  const again = await run(munich, 'join', '--force', '--token-file', join(folder, 'tokens', 'token'), ...joining);
  expect(again.exitCode).not.toBe(0);
  await start('munich-1');
  await succeed(munich, 'poll', '--wait');
  for (const config of [origin, munich]) {
    await succeed(config, 'cert', '--renew');
    for (const args of [['status'], ['status', '--json'], ['cert'], ['cert', '--json']]) await succeed(config, ...args);
  }
  await succeed(origin, 'revoke', 'munich-1');
  expect((await run(munich, 'poll', '--wait')).exitCode).not.toBe(0);
}, 300_000);

describe('after a company was founded, a depot joined, published, renewed and revoked', () => {
  it('the depot has what was published', async () => {
    expect(await readTree(join(folder, 'munich-1/trees/tools'))).toEqual({ a: 'a', 'b/c': 'c' });
  });

  it.each(['origin', 'munich-1'])('each file of the keys of %s is its owner’s alone', async (name) => {
    const keys = join(folder, name, 'keys');
    const entries = await readdir(keys, { recursive: true });
    const modes = await Promise.all(
      ['', ...entries].map(async (entry) => [entry, (await lstat(join(keys, entry))).mode & 0o777] as const),
    );
    for (const [entry, mode] of modes) {
      expect([entry, mode.toString(8)]).toEqual([entry, statSync(join(keys, entry)).isDirectory() ? '700' : '600']);
    }
    expect(modes.length).toBeGreaterThan(3);
  });

  it('no private key and no token stands in a log, an answer of a command, an argument, or a file beside the keys', async () => {
    const all = await secrets();
    expect(all.length).toBeGreaterThan(10);
    const places = new Map<string, Buffer>();
    for (const [who, text] of said) places.set(who, Buffer.from(text, 'latin1'));
    places.set('arguments', Buffer.from([...commandLines].join('\n'), 'latin1'));
    for (const file of await filesBelow(folder)) {
      if (!file.includes('/keys/') && !file.includes('/tokens/')) places.set(file, await readFile(file));
    }
    expect([...commandLines].some((line) => line.includes('--token-file'))).toBe(true);
    for (const { of, bytes } of all) {
      for (const [place, content] of places) {
        for (const form of bytes) expect(content.includes(form), `${of} stands in ${place}`).toBe(false);
      }
    }
    for (const [place, content] of places) {
      expect(content.includes('PRIVATE KEY'), place).toBe(false);
      expect(content.includes(token), place).toBe(false);
    }
  });
});
