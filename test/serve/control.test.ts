import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DepotError } from '../../src/model/errors.js';
import type { GcResult } from '../../src/model/upkeep-status.js';
import type { ControlApi, LongWork, WorkEvent } from '../../src/serve/control-api.js';
import { controlClient } from '../../src/serve/control-client.js';
import { serveControl, type ControlServer } from '../../src/serve/control.js';

let data: string;
let socket: string;
const servers: ControlServer[] = [];

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'depot-control-'));
  socket = join(data, 'control.sock');
});

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  await rm(data, { recursive: true, force: true });
});

async function serve(api: Partial<ControlApi>, path = socket): Promise<ControlServer> {
  const server = await serveControl(complete(api), { path, data, version: '1.2.3' });
  servers.push(server);
  return server;
}

/** What a test does not expect to be asked fails. */
function complete(api: Partial<ControlApi>): ControlApi {
  return new Proxy(api, {
    get: (target, name) =>
      (Reflect.get(target, name) as unknown) ?? (() => Promise.reject(new Error(`${String(name)} was asked for`))),
  }) as ControlApi;
}

function client(sockets: readonly string[] = [socket]): ControlApi {
  return controlClient({ sockets, data });
}

function watcher(signal = new AbortController().signal): LongWork & { readonly events: WorkEvent[] } {
  const events: WorkEvent[] = [];
  return { signal, events, onEvent: async (event) => void events.push(event) };
}

async function failure(promise: Promise<unknown>): Promise<DepotError> {
  const thrown: unknown = await promise.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  );
  if (thrown instanceof DepotError) return thrown;
  throw thrown;
}

const gcResult: GcResult = {
  dryRun: true,
  generations: [],
  pages: { files: 2, bytes: 3 },
  objects: { files: 4, bytes: 5 },
  strays: { files: 0, bytes: 0 },
  dropped: { files: 0, bytes: 0 },
  postponed: false,
};

test('carries arguments there and answers back unchanged', async () => {
  const seen: unknown[] = [];
  await serve({
    history: async (repository, options) => {
      seen.push(repository, options);
      return [];
    },
  });
  expect(await client().history('tools', { limit: 7 })).toEqual([]);
  expect(seen).toEqual(['tools', { limit: 7 }]);
});

test('sends events while the work goes on, and the result after them', async () => {
  const event: WorkEvent = { type: 'line', text: 'a\nb \u{1f680} "c"' };
  await serve({
    gc: async ({ onEvent }) => {
      await onEvent(event);
      await onEvent(event);
      return gcResult;
    },
  });
  const work = watcher();
  expect(await client().gc({ ...work, dryRun: true })).toEqual(gcResult);
  expect(work.events).toEqual([event, event]);
});

test('carries an error with its code and hint, before and after the first event', async () => {
  const error = new DepotError('source-refused', 'the source of tools is empty', { hint: 'look at it' });
  await serve({
    approve: () => Promise.reject(error),
    verify: async (_repository, { onEvent }) => {
      await onEvent({ type: 'line', text: 'first' });
      throw error;
    },
  });
  for (const promise of [client().approve('x'), client().verify(null, watcher())]) {
    expect(await failure(promise)).toMatchObject({
      code: 'source-refused',
      message: error.message,
      hint: 'look at it',
    });
  }
});

test('a fault of the daemon arrives as an internal error that names the command', async () => {
  await serve({ reload: () => Promise.reject(new TypeError('x is not a function')) });
  expect(await failure(client().reload())).toMatchObject({
    code: 'internal',
    message: expect.stringContaining('x is not'),
  });
});

test('refuses arguments that no command sends, and says which', async () => {
  await serve({});
  const error = await failure(client().history('../etc', { limit: 5 }));
  expect(error.code).toBe('bad-request');
  expect(error.message).toContain('"../etc" is not the name of a repository');
  const invited = await failure(client().trust.invite('köln', 'enterprise/köln', { ttlMs: 1, urls: null }));
  expect(invited.message).toMatch(
    /"köln" is not the name of a depot: letters.*; "enterprise\/köln" is not a site: names/,
  );
});

test('stops a verification when the one who asked goes away', async () => {
  let stopped = (): void => undefined;
  const stop = new Promise<void>((resolve) => {
    stopped = resolve;
  });
  await serve({
    verify: async (_repository, { signal, onEvent }) => {
      await onEvent({ type: 'line', text: 'started' });
      await once(signal, 'abort');
      stopped();
      throw signal.reason;
    },
  });
  const gone = new AbortController();
  const verifying = client().verify(null, { signal: gone.signal, onEvent: async () => gone.abort() });
  expect((await failure(verifying)).code).toBe('interrupted');
  await stop;
});

test('lets a poll go on when the one who asked goes away', async () => {
  let finish = (): void => undefined;
  let aborted = false;
  const ended = new Promise<void>((resolve) => {
    finish = resolve;
  });
  await serve({
    poll: async (_repositories, { signal, onEvent }) => {
      await onEvent({ type: 'line', text: 'started' });
      await ended;
      await onEvent({ type: 'line', text: 'nobody hears this' });
      aborted = signal.aborted;
      return { repositories: [], cycles: [] };
    },
  });
  const gone = new AbortController();
  const polling = client().poll(null, { signal: gone.signal, wait: true, onEvent: async () => gone.abort() });
  expect((await failure(polling)).code).toBe('interrupted');
  finish();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(aborted).toBe(false);
});

test('makes the sender of a long listing wait for a slow reader', async () => {
  let sent = 0;
  const text = 'x'.repeat(64 * 1024);
  await serve({
    plan: async (_repository, { onEvent }) => {
      for (; sent < 200; sent += 1) await onEvent({ type: 'line', text });
      return [];
    },
  });
  let held = 0;
  await client().plan(null, {
    steps: true,
    signal: new AbortController().signal,
    onEvent: async () => {
      if (held > 0) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
      held = sent;
    },
  });
  expect(sent).toBe(200);
  expect(held).toBeLessThan(100);
});

test('replaces the socket that a killed daemon left, with a mode for its user and group only', async () => {
  const listen = "require('node:net').createServer().listen(process.argv[1], () => console.log('listening'))";
  const killed = spawn(process.execPath, ['-e', listen, socket]);
  await once(killed.stdout, 'data');
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  expect((await stat(socket)).isSocket()).toBe(true);
  await serve({ holds: async () => [] });
  expect(await client().holds()).toEqual([]);
  expect((await stat(socket)).mode & 0o777).toBe(0o660);
});

test('leaves alone what is not a socket', async () => {
  await writeFile(socket, 'precious');
  const error = await failure(serve({}));
  expect(error).toMatchObject({ code: 'listen-failed', message: expect.stringContaining('something else is there') });
});

test('refuses a path that a socket cannot have, instead of cutting it off', async () => {
  const error = await failure(serve({}, join(data, 'x'.repeat(120))));
  expect(error).toMatchObject({ code: 'listen-failed', hint: expect.stringContaining('shorter') });
});

test('says that the daemon is down where nobody listens', async () => {
  expect(await failure(client().holds())).toMatchObject({
    code: 'daemon-down',
    hint: 'start it: systemctl start depotd',
  });
});

test('passes by the socket of a daemon with another data directory', async () => {
  const other = join(data, 'other.sock');
  servers.push(await serveControl(complete({}), { path: other, data: '/elsewhere', version: '1.2.3' }));
  expect((await failure(client([socket, other]).holds())).code).toBe('daemon-down');
  await serve({ holds: async () => [] });
  expect(await client([other, socket]).holds()).toEqual([]);
});

test('is reached through a link to the socket', async () => {
  await serve({ holds: async () => [] });
  const link = join(data, 'link.sock');
  await symlink(socket, link);
  expect(await client([link]).holds()).toEqual([]);
});

test('reports a daemon that dies in the middle of an answer', async () => {
  const dying = createServer((connection) => {
    connection.once('data', () => {
      connection.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      setTimeout(() => connection.destroy(), 20);
    });
  }).listen(socket);
  await once(dying, 'listening');
  const error = await failure(client().verify(null, watcher()));
  expect(error).toMatchObject({ code: 'daemon-down', message: expect.stringContaining('in the middle') });
  dying.close();
});

test('answers a request that is too long or not its own with an error, and goes on', async () => {
  await serve({ holds: async () => [] });
  const raw = (text: string): Promise<string> =>
    new Promise((resolve) => {
      let answer = '';
      const connection = createConnection(socket, () => connection.write(text));
      connection.on('data', (chunk) => (answer += chunk.toString()));
      connection.on('close', () => resolve(answer));
      connection.on('error', () => resolve(answer));
    });
  expect(await raw('GET /v1/nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).toContain('bad-request');
  const body = 'x'.repeat(70_000);
  expect(
    await raw(
      `POST /v1/holds HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    ),
  ).toContain('at most 65536 bytes');
  expect(await client().holds()).toEqual([]);
});

test('ends at close even where a client stays connected', async () => {
  const server = await serve({ verify: () => new Promise(() => undefined) });
  const pending = client().verify(null, watcher());
  pending.catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await server.close();
  servers.length = 0;
  expect((await failure(pending)).code).toBe('daemon-down');
  expect((await failure(client().holds())).code).toBe('daemon-down');
});
