import { request, Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { limits } from '../../src/protocol/limits.js';
import { listenerLimits, type ListenerLimits } from '../../src/serve/limits.js';
import { listen, type Listener } from '../../src/serve/listener.js';
import { freePort } from '../harness/port.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const anywhere = { host: '127.0.0.1', port: 0 };
const hello: Handler = async (_, response) => void response.end('hello');

async function listening(handler: Handler = hello, allowed: Partial<ListenerLimits> = {}): Promise<Listener> {
  const listener = await listen(anywhere, handler, { limits: { ...listenerLimits, ...allowed } });
  onTestFinished(() => listener.close(0));
  return listener;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

function get(url: string, agent = new Agent()): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** Says these bytes to the server, and gives all that it says until it hangs up. */
function say(url: string, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes));
    let heard = '';
    socket.on('data', (chunk) => (heard += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(heard));
  });
}

describe('a listener', () => {
  it.each(['127.0.0.1', '127.7.7.7', 'localhost', '::1', '[::1]'])('serves on loopback: %s', async (host) => {
    const listener = await listen({ host, port: 0 }, hello);
    onTestFinished(() => listener.close(0));
    expect((await get(listener.url)).body).toBe('hello');
  });

  it.each(['0.0.0.0', '::', '192.0.2.1', '10.0.0.1', '::ffff:10.0.0.1'])(
    'refuses what others can reach: %s',
    async (host) => {
      await expect(listen({ host, port: 0 }, hello)).rejects.toMatchObject({
        code: 'listen-failed',
        message: expect.stringContaining('not on loopback'),
        hint: expect.stringContaining('127.0.0.1'),
        retry: 'never',
      });
    },
  );

  it('says that there is no such name', async () => {
    await expect(listen({ host: 'nowhere.invalid', port: 0 }, hello)).rejects.toMatchObject({ code: 'listen-failed' });
  });

  it('says how to find out who has the port', async () => {
    const { url } = await listening();
    const port = Number(new URL(url).port);
    await expect(listen({ host: '127.0.0.1', port }, hello)).rejects.toMatchObject({
      code: 'listen-failed',
      hint: expect.stringContaining(`ss -ltnp 'sport = :${port}'`),
    });
  });

  it('tells those beyond its connections to come back', async () => {
    const { url } = await listening(hello, { connectionsPerPeer: 2 });
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    const answers = await Promise.all([1, 2, 3].map(() => get(url, agent)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 503]);
    expect(answers.find(({ status }) => status === 503)?.headers['retry-after']).toBe('30');
    agent.destroy();
    await delay(50);
    expect((await get(url)).status).toBe(200);
  });

  it('answers what is not HTTP with a reason', async () => {
    const { url } = await listening();
    expect(await say(url, 'EHLO example\r\n\r\n')).toMatch(/^HTTP\/1.1 400 .*"code":"bad-request"/s);
  });

  it('answers headers that are too long with a reason', async () => {
    const { url } = await listening();
    const long = `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(limits.headerBytes)}\r\n\r\n`;
    expect(await say(url, long)).toMatch(/^HTTP\/1.1 431 /);
  });

  it('hangs up on those who do not finish their headers', async () => {
    const { url } = await listening(hello, { headersMs: 200 });
    expect(await say(url, 'GET / HTTP/1.1\r\nhost:')).toMatch(/^HTTP\/1.1 408 /);
  });

  it('hangs up on those who do not read their answer', async () => {
    const { url } = await listening(
      async (_, response) => {
        const more = (): void => {
          while (response.write('x'.repeat(100_000))) continue;
          response.once('drain', more);
        };
        more();
      },
      { idleMs: 300 },
    );
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () =>
      socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'),
    );
    socket.on('error', () => undefined);
    await delay(1_000);
    const closed = new Promise((resolve) => socket.once('close', () => resolve('closed')));
    socket.resume();
    expect(await closed).toBe('closed');
  });
});

describe('a listener that closes', () => {
  it('accepts nothing more, and lets answers under way end', async () => {
    let begun: (() => void) | undefined;
    const isBegun = new Promise<void>((resolve) => (begun = resolve));
    const listener = await listening(async (_, response) => {
      response.write('slow ');
      begun?.();
      await delay(200);
      response.end('answer');
    });
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    const answer = get(listener.url, agent);
    await isBegun;
    const closed = listener.close(5_000);
    await expect(get(listener.url)).rejects.toThrow('ECONNREFUSED');
    expect((await answer).body).toBe('slow answer');
    await closed;
  });

  it('does not wait for connections that are kept open', async () => {
    const listener = await listening();
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    await get(listener.url, agent);
    const begin = performance.now();
    await listener.close(5_000);
    expect(performance.now() - begin).toBeLessThan(1_000);
  });

  it('cuts answers that do not end within the grace', async () => {
    const listener = await listening(async (_, response) => void response.write('never'));
    const answer = get(listener.url);
    await delay(100);
    await listener.close(200);
    await expect(answer).rejects.toThrow('aborted');
  });
});

describe('a listener that moves', () => {
  it('listens at the new place before it leaves the old one, where answers end', async () => {
    const listener = await listening(async (_, response) => {
      response.write('slow ');
      await delay(200);
      response.end('answer');
    });
    const old = listener.url;
    const answer = get(old);
    await delay(50);
    const port = await freePort();
    await listener.rebind({ host: '127.0.0.1', port }, 5_000);
    expect(listener.url).toBe(`http://127.0.0.1:${port}`);
    expect((await answer).body).toBe('slow answer');
    expect((await get(listener.url)).body).toBe('slow answer');
    await expect(get(old)).rejects.toThrow('ECONNREFUSED');
  });

  it('stays where it is when the new place is taken', async () => {
    const listener = await listening();
    const other = await listening();
    const before = listener.url;
    const taken = { host: '127.0.0.1', port: Number(new URL(other.url).port) };
    await expect(listener.rebind(taken, 1_000)).rejects.toMatchObject({ code: 'listen-failed' });
    expect(listener.url).toBe(before);
    expect((await get(before)).body).toBe('hello');
  });

  it('does nothing when it is there already', async () => {
    const listener = await listening();
    const port = Number(new URL(listener.url).port);
    await listener.rebind({ host: 'localhost', port }, 1_000);
    expect((await get(listener.url)).body).toBe('hello');
  });
});
