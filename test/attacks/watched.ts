import { createPrivateKey } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { controlClient } from '../../src/serve/control-client.js';
import { command, type CommandResult } from '../harness/command.js';
import { startDaemon } from '../harness/daemon.js';
import type { WhenDone } from '../harness/temporary.js';

/** The depots of a test in one folder, with all that could give a secret away: what is printed, and the arguments of processes. */
export interface Watched {
  /** Each command line that was seen in the system. */
  readonly commandLines: ReadonlySet<string>;
  /** `secret`: what it prints is one, and is meant to be. */
  run(config: string, args: readonly string[], options?: { readonly secret?: boolean }): Promise<CommandResult>;
  succeed(config: string, ...args: string[]): Promise<CommandResult>;
  /** The daemon with `<folder>/<name>.yaml` and the data in `<folder>/<name>`. */
  start(name: string): Promise<void>;
  /** Everything that was said, and every file that is not below one of these folders, by who or where it is. */
  places(hidden: readonly string[]): Promise<ReadonlyMap<string, Buffer>>;
}

export function watch(folder: string, whenDone: WhenDone): Watched {
  const said = new Map<string, string>();
  const commandLines = new Set<string>();
  const lookAround = async (): Promise<void> => {
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      commandLines.add(await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => ''));
    }
    await delay(20);
  };
  const watched: Watched = {
    commandLines,
    async run(config, args, { secret = false } = {}) {
      let isRunning = true;
      const looking = (async () => {
        while (isRunning) await lookAround();
      })();
      const result = await command(config, args).finally(() => (isRunning = false));
      await looking;
      said.set(`depot ${args.join(' ')} (${said.size})`, result.stderr + (secret ? '' : result.stdout));
      return result;
    },
    async succeed(config, ...args) {
      const result = await watched.run(config, args);
      expect(result.exitCode, `depot ${args.join(' ')}: ${result.stderr}${result.stdout}`).toBe(0);
      return result;
    },
    async start(name) {
      const config = join(folder, `${name}.yaml`);
      const data = join(folder, name);
      const onOutput = (text: string): void => void said.set(name, `${said.get(name) ?? ''}${text}`);
      const daemon = startDaemon({ name, config, env: {}, onOutput });
      whenDone(async () => void (await daemon.kill()));
      const api = controlClient({ sockets: [join(data, 'control.sock')], data });
      for (const deadline = Date.now() + 60_000; Date.now() < deadline; await delay(50)) {
        const status = await api.status({ tree: false }).catch(() => undefined);
        if (status?.running === true) return;
      }
      throw new Error(`${name} does not answer\n${said.get(name)}`);
    },
    async places(hidden) {
      const places = new Map([...said].map(([who, text]) => [who, Buffer.from(text, 'latin1')]));
      places.set('arguments', Buffer.from([...commandLines].join('\n'), 'latin1'));
      for (const file of await filesBelow(folder)) {
        if (!hidden.some((name) => file.includes(`/${name}/`))) places.set(file, await readFile(file));
      }
      return places;
    },
  };
  return watched;
}

export interface Secret {
  readonly of: string;
  /** Any of its forms. */
  readonly bytes: readonly Buffer[];
}

/** The private halves of all keys below a folder, in the forms in which they could leak. */
export async function keysBelow(folder: string): Promise<Secret[]> {
  const found: Secret[] = [];
  for (const file of await filesBelow(folder)) {
    const text = await readFile(file, 'latin1');
    for (const [pem] of text.matchAll(/-----BEGIN ((?:\w+ )?PRIVATE KEY)-----[^-]+-----END \1-----/g)) {
      const { d = '' } = createPrivateKey(pem).export({ format: 'jwk' });
      const lines = pem.split('\n').filter((line) => line.length > 40 && !line.includes('-----'));
      found.push({
        of: file,
        bytes: [...formsOf(Buffer.from(d, 'base64url')), ...lines.map((line) => Buffer.from(line))],
      });
    }
  }
  return found;
}

export function formsOf(secret: Buffer): Buffer[] {
  return [secret, ...(['hex', 'base64url', 'base64'] as const).map((form) => Buffer.from(secret.toString(form)))];
}

async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
