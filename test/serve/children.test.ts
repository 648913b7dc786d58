import { once } from 'node:events';
import { appendFile, chmod, readdir, readlink, rm, truncate, utimes } from 'node:fs/promises';
import { Agent, request, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { realHost } from '../../src/host.js';
import { metadataName } from '../../src/model/metadata.js';
import { demandsHash, type Demands } from '../../src/model/selection.js';
import { sha256 } from '../../src/model/sha256.js';
import type { ReportRow } from '../../src/model/report-row.js';
import { ParentClient } from '../../src/protocol/client.js';
import { limits } from '../../src/protocol/limits.js';
import { formatRoute } from '../../src/protocol/routes.js';
import { Uploads } from '../../src/serve/uploads.js';
import { relayTo } from '../protocol/misbehaving.js';
import { childSite, hosted, self } from './hosted.js';

const who = { 'depotd-depot': 'munich-1', 'depotd-site': childSite };
const big = Buffer.alloc(3_000_000, 'depot ');

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** One request as it is, without a client's good manners. */
function ask(
  url: string,
  path: string,
  options: { method?: string; headers?: OutgoingHttpHeaders; body?: string | Buffer } = {},
): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const asked = request(url, { path, method, headers: { ...who, ...headers }, agent: new Agent() }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

function saidIn(answer: Answer): unknown {
  return JSON.parse(answer.body.toString());
}

async function read(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const held: Uint8Array[] = [];
  for await (const chunk of chunks) held.push(chunk);
  return Buffer.concat(held);
}

/** Files of objects that this process has open. */
async function openObjects(): Promise<string[]> {
  const links = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''));
  return (await Promise.all(links)).filter((path) => path.includes('/objects/'));
}

function row(depot: string, site: string): ReportRow {
  return { depot, site, parent: 'region-1', version: '0.1.0', at: '2026-11-21T10:00:00.000Z', repositories: [] };
}

describe('the directory', () => {
  it('names the repositories whose scope covers the child', async () => {
    const { child } = await hosted();
    const answer = await child().directory();
    expect(answer).toMatchObject({
      directory: {
        ...self,
        repositories: [{ name: 'bavaria' }, { name: 'tools', context: 'enterprise', master: 'origin' }],
      },
    });
  });

  it('is not sent again under the hash that the state names', async () => {
    const { child, publish } = await hosted();
    await publish('tools', { a: '1' });
    const client = child();
    const state = await client.state('tools');
    const directory = await client.directory();
    expect(state).toMatchObject({ state: { directory: directory === 'unchanged' ? '' : directory.hash } });
    expect(await client.directory(state === 'unchanged' ? '' : state.state.directory)).toBe('unchanged');
  });
});

describe('the state', () => {
  it('names the newest head and the newest complete generation', async () => {
    const { child, publish, store } = await hosted();
    const first = await publish('tools', { a: '1' });
    const second = await publish('tools', { a: '2' });
    store.heads.clearComplete('tools');
    store.heads.markComplete('tools', 1, [{ include: [], exclude: [] }]);
    expect(await child().state('tools')).toMatchObject({
      state: {
        repository: 'tools',
        depot: 'region-1',
        head: { generation: 2, sha256: second.sha256 },
        complete: { generation: 1, sha256: first.sha256 },
      },
    });
  });

  it('keeps what it names as complete, while the child asks for parts of it', async () => {
    let now = 1_000_000_000;
    const { child, publish, store } = await hosted({ now: () => now });
    const first = await publish('tools', { a: '1' });
    const client = child();
    await client.state('tools');
    await publish('tools', { a: '2' });
    now += 23 * 3_600_000;
    await client.page('tools', first.head.root);
    now += 23 * 3_600_000;
    expect(store.fetches.generations('tools', now)).toEqual(new Set([1]));
    await client.state('tools');
    expect(store.fetches.generations('tools', now)).toEqual(new Set([2]));
  });

  it('is there before the first head is', async () => {
    const { child } = await hosted();
    expect(await child().state('bavaria')).toMatchObject({ state: { head: null, complete: null } });
  });

  it('says what is complete for the demand of the child that asks', async () => {
    const { child, publish } = await hosted();
    const mac = [{ include: ['mac/**'], exclude: [] }];
    await publish('tools', { 'mac/a': '1' }, mac);
    const client = child();
    expect(await client.state('tools')).toMatchObject({ state: { head: { generation: 1 }, complete: null } });
    const demands: Demands = { tools: mac };
    await client.report({ rows: [], demand: { hash: demandsHash(demands), repositories: demands } });
    expect(await client.state('tools')).toMatchObject({ state: { complete: { generation: 1 } } });
    expect(await child('munich-2').state('tools')).toMatchObject({ state: { complete: null } });
  });

  it('that has not changed costs one request of less than 1,000 bytes, there and back', async () => {
    const { child, publish, url } = await hosted();
    await publish('tools', { a: '1' });
    const first = await child().state('tools');
    const relay = await relayTo(url);
    const client = new ParentClient({ url: relay.url, depot: 'munich-1', site: childSite, version: '0.1.0' });
    expect(await client.state('tools', first === 'unchanged' ? '' : first.etag)).toBe('unchanged');
    await client.close();
    expect(relay.text().match(/HTTP\/1\.1/g)).toHaveLength(2);
    expect(relay.bytes()).toBeLessThan(1_000);
    expect(relay.bytes()).toBeGreaterThan(100);
  });

  it('has another ETag when the head, the completeness or the directory changes', async () => {
    const { child, publish, store, directory } = await hosted();
    const client = child();
    const etags = new Set<string>();
    const note = async (): Promise<void> => {
      const answer = await client.state('tools');
      if (answer !== 'unchanged') etags.add(answer.etag);
    };
    await note();
    await publish('tools', { a: '1' });
    await note();
    store.heads.clearComplete('tools');
    await note();
    directory.push({ name: 'new', kind: 'mirror', context: 'enterprise', master: 'origin' });
    await note();
    directory.push({ name: 'lyon', kind: 'mirror', context: 'enterprise/france/lyon', master: 'origin' });
    await note();
    expect(etags.size).toBe(4);
  });
});

describe('metadata and pages', () => {
  it('are served byte for byte', async () => {
    const { child, publish, store } = await hosted();
    const head = await publish('tools', { a: '1' });
    const client = child();
    expect(await client.metadata('tools', metadataName('targets', 1), 10_000)).toEqual(Buffer.from(head.bytes));
    const page = await client.page('tools', head.head.root);
    expect(store.pages.decode(head.head.root, page)).toBe(store.pages.read(head.head.root));
  });

  it('that are not here are not found', async () => {
    const { child, publish } = await hosted();
    await publish('tools', { a: '1' });
    expect(await child().metadata('tools', metadataName('targets', 2), 10_000)).toBeUndefined();
    await expect(child().page('tools', { sha256: sha256('x'), length: 1 })).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});

describe('the scope', () => {
  it('ends where the context does: to others a repository does not exist, on no route', async () => {
    const { child, publish } = await hosted();
    const head = await publish('paris', { a: '1' });
    const client = child();
    const { root } = head.head;
    const refused = { code: 'not-found' };
    await expect(client.state('paris')).rejects.toMatchObject(refused);
    expect(await client.metadata('paris', metadataName('targets', 1), 10_000)).toBeUndefined();
    await expect(client.page('paris', root)).rejects.toMatchObject(refused);
    await expect(client.object('paris', sha256('1'), 1, 0)).rejects.toMatchObject(refused);
    expect(await client.difference('paris', root.sha256, root.sha256)).toBeUndefined();
  });

  it('tells nobody whether a repository exists that is not theirs', async () => {
    const { url, publish } = await hosted();
    await publish('paris', { a: '1' });
    const [foreign, none] = await Promise.all(
      ['paris', 'nosuch'].map((repository) => ask(url, formatRoute({ name: 'state', repository }))),
    );
    expect(foreign?.body.toString().replaceAll('paris', '*')).toBe(none?.body.toString().replaceAll('nosuch', '*'));
    expect(foreign?.status).toBe(404);
  });

  it.each([
    ['enterprise/germany/munich', 200],
    ['enterprise/germany/munich/airport', 200],
    ['enterprise/germany', 404],
    ['enterprise/germany/munich2', 404],
    ['enterprise', 404],
    ['other', 404],
  ])('covers the context and what is below: %s', async (site, status) => {
    const { url } = await hosted();
    const answer = await ask(url, '/v1/repositories/bavaria/state', { headers: { 'depotd-site': site } });
    expect(answer.status).toBe(status);
  });

  it('of an object is that of its repository: another one does not give it', async () => {
    const { child, publish } = await hosted();
    await publish('tools', { a: 'of the tools' });
    await publish('paris', { a: 'of paris' });
    const client = child();
    await expect(client.object('tools', sha256('of paris'), 8, 0)).rejects.toMatchObject({ code: 'not-found' });
    expect((await read((await client.object('tools', sha256('of the tools'), 12, 0)).chunks)).toString()).toBe(
      'of the tools',
    );
  });

  it('needs a name and a site', async () => {
    const { url } = await hosted();
    for (const headers of [
      { 'depotd-depot': '' },
      { 'depotd-site': '' },
      { 'depotd-site': 'enterprise/../france' },
      { 'depotd-depot': 'a b' },
    ]) {
      const answer = await ask(url, '/v1/directory', { headers });
      expect(answer.status).toBe(400);
      expect(saidIn(answer)).toMatchObject({ code: 'bad-request', hint: expect.stringContaining('curl') });
    }
  });

  it('refuses a depot under the name of this one', async () => {
    const { child } = await hosted();
    await expect(child('region-1').state('tools')).rejects.toMatchObject({ code: 'not-allowed' });
  });
});

describe('an object', () => {
  it('is served whole, and from where the last transfer was cut', async () => {
    const { child, publish } = await hosted();
    await publish('tools', { big });
    const client = child();
    const whole = await client.object('tools', sha256(big), big.length, 0);
    expect((await read(whole.chunks)).equals(big)).toBe(true);
    const rest = await client.object('tools', sha256(big), big.length, 2_999_990);
    expect(rest.offset).toBe(2_999_990);
    expect((await read(rest.chunks)).equals(big.subarray(2_999_990))).toBe(true);
  });

  it('has its hash as ETag, and is not sent to those who have it', async () => {
    const { url, publish } = await hosted();
    await publish('tools', { big });
    const path = formatRoute({ name: 'object', repository: 'tools', sha256: sha256(big) });
    const etag = `"${sha256(big)}"`;
    const whole = await ask(url, path);
    expect(whole.headers).toMatchObject({ etag, 'accept-ranges': 'bytes', 'content-length': '3000000' });
    for (const held of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const answer = await ask(url, path, { headers: { 'if-none-match': held } });
      expect([answer.status, answer.body.length]).toEqual([304, 0]);
    }
  });

  it.each([
    [{ range: 'bytes=10-19' }, 206, 10, 'bytes 10-19/3000000'],
    [{ range: 'bytes=-5' }, 206, 5, 'bytes 2999995-2999999/3000000'],
    [{ range: 'bytes=2999999-9999999' }, 206, 1, 'bytes 2999999-2999999/3000000'],
    [{ range: 'bytes=0-1,5-6' }, 200, 3_000_000, undefined],
    [{ range: 'bytes=10-19', 'if-range': `"${sha256(big)}"` }, 206, 10, 'bytes 10-19/3000000'],
    [{ range: 'bytes=10-19', 'if-range': '"another"' }, 200, 3_000_000, undefined],
  ])('in a range: %o', async (headers, status, length, range) => {
    const { url, publish } = await hosted();
    await publish('tools', { big });
    const path = formatRoute({ name: 'object', repository: 'tools', sha256: sha256(big) });
    const answer = await ask(url, path, { headers });
    expect([answer.status, answer.body.length, answer.headers['content-range']]).toEqual([status, length, range]);
  });

  it('says how long it is where a range lies behind its end', async () => {
    const { url, publish } = await hosted();
    await publish('tools', { big });
    const path = formatRoute({ name: 'object', repository: 'tools', sha256: sha256(big) });
    const answer = await ask(url, path, { headers: { range: 'bytes=3000000-' } });
    expect([answer.status, answer.headers['content-range']]).toEqual([416, 'bytes */3000000']);
  });

  it('of no bytes is one, too', async () => {
    const { url, publish } = await hosted();
    await publish('tools', { empty: '' });
    const path = formatRoute({ name: 'object', repository: 'tools', sha256: sha256('') });
    const answer = await ask(url, path);
    expect([answer.status, answer.headers['content-length']]).toEqual([200, '0']);
  });

  it('answers HEAD with what GET would say, without the bytes', async () => {
    const { url, publish } = await hosted();
    await publish('tools', { big });
    const path = formatRoute({ name: 'object', repository: 'tools', sha256: sha256(big) });
    const [head, get] = [await ask(url, path, { method: 'HEAD' }), await ask(url, path)];
    const { date: _head, ...said } = head.headers;
    const { date: _get, ...expected } = get.headers;
    expect(said).toEqual(expected);
    expect(head.body.length).toBe(0);
  });

  it('that is damaged is not served, but put aside', async () => {
    const { child, publish, store } = await hosted();
    await publish('tools', { a: 'content' });
    const file = store.layout.objectFile(sha256('content'));
    await chmod(file, 0o644);
    await truncate(file, 3);
    await appendFile(file, 'tors');
    const client = child();
    await expect(client.object('tools', sha256('content'), 7, 0)).rejects.toMatchObject({ code: 'object-damaged' });
    expect(await client.state('tools')).toMatchObject({ state: { head: { generation: 1 }, complete: null } });
    await expect(client.object('tools', sha256('content'), 7, 0)).rejects.toMatchObject({ code: 'object-missing' });
  });

  it('that vanished is said to be missing, and its generation is not complete any more', async () => {
    const { child, publish, store } = await hosted();
    await publish('tools', { a: 'content' });
    await rm(store.layout.objectFile(sha256('content')));
    const client = child();
    await expect(client.object('tools', sha256('content'), 7, 0)).rejects.toMatchObject({ code: 'object-missing' });
    expect(await client.state('tools')).toMatchObject({ state: { complete: null } });
  });

  it('that shrinks while it is sent is cut, never short', async () => {
    const { url, publish, store } = await hosted();
    const huge = Buffer.alloc(40_000_000, 'x');
    await publish('tools', { huge });
    const file = store.layout.objectFile(sha256(huge));
    await chmod(file, 0o644);
    const path = formatRoute({ name: 'object', repository: 'tools', sha256: sha256(huge) });
    const cut = new Promise((resolve) => {
      const asked = request(url, { path, headers: who }, (response) => {
        response.once('readable', () => {
          void truncate(file, 1_000_000).then(() => response.resume());
        });
        response.on('error', resolve);
        response.on('end', () => resolve('ended'));
      });
      asked.end();
    });
    expect(await cut).toMatchObject({ message: 'aborted' });
  });

  it('is let go of when the child goes away in the middle', async () => {
    const { child, publish, faults } = await hosted();
    const huge = Buffer.alloc(40_000_000, 'x');
    await publish('tools', { huge });
    for (let round = 0; round < 20; round += 1) {
      const stop = new AbortController();
      const body = await child().object('tools', sha256(huge), huge.length, 0, stop.signal);
      await body.chunks[Symbol.asyncIterator]().next();
      await vi.waitFor(async () => expect(await openObjects()).toHaveLength(1));
      stop.abort();
      await vi.waitFor(async () => expect(await openObjects()).toEqual([]));
    }
    expect(faults).toEqual([]);
  });

  it('is let go of when the child goes away with several requests at once on its connection', async () => {
    const { publish, url, faults } = await hosted();
    const huge = Buffer.alloc(40_000_000, 'x');
    await publish('tools', { huge });
    const { hostname, port } = new URL(url);
    const path = formatRoute({ name: 'object', repository: 'tools', sha256: sha256(huge) });
    const headers = Object.entries({ host: 'parent', ...who }).map(([name, value]) => `${name}: ${value}\r\n`);
    for (let round = 0; round < 5; round += 1) {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.write(`GET ${path} HTTP/1.1\r\n${headers.join('')}\r\n`.repeat(3));
      await once(socket, 'data');
      socket.destroy();
      await vi.waitFor(async () => expect(await openObjects()).toEqual([]));
    }
    expect(faults).toEqual([]);
  });

  it('is let go of at once when the child goes away while it waits for its turn on a slow line', async () => {
    const windows = { zone: 'UTC', list: [], otherwise: 1_000 } as const;
    const uploads = new Uploads(realHost, () => ({ windows, eachChild: 'unlimited', atOnce: 8 }));
    const { child, publish, faults } = await hosted({ uploads });
    await publish('tools', { big });
    const stop = new AbortController();
    const taken = Promise.allSettled(
      ['munich-1', 'munich-2', 'munich-3'].map(async (depot) => {
        const { chunks } = await child(depot).object('tools', sha256(big), big.length, 0, stop.signal);
        await read(chunks);
      }),
    );
    await vi.waitFor(async () => expect(await openObjects()).toHaveLength(3));
    stop.abort();
    for (const each of await taken) expect(each.status).toBe('rejected');
    await vi.waitFor(async () => expect(await openObjects()).toEqual([]), 500);
    expect(faults).toEqual([]);
  });

  it('is let go of when the child has gone while it was hashed again', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const { child, publish, store, faults } = await hosted({}, (run) => async (job, input, options) => {
      await held;
      return run(job, input, options);
    });
    const content = Buffer.alloc(4_000_000, 'x');
    await publish('tools', { content });
    await utimes(store.layout.objectFile(sha256(content)), 2_000, 2_000);
    const stop = new AbortController();
    const asked = child().object('tools', sha256(content), content.length, 0, stop.signal);
    const opened = vi.spyOn(store.objects, 'open');
    await vi.waitFor(() => expect(opened).toHaveBeenCalled());
    stop.abort();
    await expect(asked).rejects.toMatchObject({ code: 'interrupted' });
    release();
    await opened.mock.results[0]?.value;
    await vi.waitFor(async () => expect(await openObjects()).toEqual([]));
    expect(faults).toEqual([]);
  });

  it('is served to 200 children at once', async () => {
    const { child, publish } = await hosted();
    const shared = big.subarray(0, 600_000);
    await publish('tools', { shared });
    const client = child();
    const sums = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const body = await client.object('tools', sha256(shared), shared.length, 0);
        return sha256(await read(body.chunks));
      }),
    );
    expect(sums).toHaveLength(200);
    expect(new Set(sums)).toEqual(new Set([sha256(shared)]));
  });
});

describe('a request that is none', () => {
  it.each([
    ['GET', '/v1/repositories/tools/%73tate', 400],
    ['GET', '/v1/repositories/tools/objects/..%2f..%2fetc%2fpasswd', 400],
    ['GET', '/v1/repositories/tools/../../../etc/passwd', 404],
    ['GET', '/v1/directory?all', 400],
    ['GET', '/', 404],
    ['GET', '/v2/directory', 404],
    ['PUT', '/v1/directory', 405],
    ['DELETE', '/v1/repositories/tools/state', 405],
    ['OPTIONS', '/v1/directory', 405],
    ['GET', '/v1/report', 405],
  ])('%s %s is refused with a reason', async (method, path, status) => {
    const { url, faults } = await hosted();
    const answer = await ask(url, path, { method });
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(saidIn(answer)).toMatchObject({
      code: expect.stringMatching(/^(bad-request|not-found)$/),
      message: expect.any(String),
    });
    if (status === 405) expect(answer.headers.allow).toBeDefined();
    expect(faults).toEqual([]);
  });

  it('that is too long to be one is refused', async () => {
    const { url } = await hosted();
    expect((await ask(url, `/${'x'.repeat(limits.urlBytes)}`)).status).toBe(400);
  });

  it('a body where none belongs is refused, and is not the next request', async () => {
    const { url } = await hosted();
    const answer = await ask(url, '/v1/directory', { headers: { 'content-length': 5 }, body: 'GET /' });
    expect([answer.status, answer.headers.connection]).toEqual([400, 'close']);
  });

  it('a fault inside is told to the log, not to the child', async () => {
    const { url, faults } = await hosted({
      directory: () => {
        throw new Error('secret path /srv/x');
      },
    });
    const answer = await ask(url, '/v1/directory');
    expect(answer.status).toBe(500);
    expect(answer.body.toString()).not.toContain('secret');
    expect(faults).toEqual([expect.stringContaining('secret path')]);
  });
});

describe('a report', () => {
  it('brings the rows of the child and of those below it', async () => {
    const { child, store } = await hosted();
    const demand = { hash: demandsHash({}) };
    await child().report({ rows: [row('munich-1', childSite), row('airport-1', `${childSite}/airport`)], demand });
    expect(store.reports.below().map(({ depot }) => depot)).toEqual(['airport-1', 'munich-1']);
  });

  it('asks for a demand that is not known, and for none that is', async () => {
    const { child, store } = await hosted();
    const demands: Demands = { tools: [{ include: ['mac/**'], exclude: [] }] };
    const hash = demandsHash(demands);
    const client = child();
    expect(await client.report({ rows: [], demand: { hash } })).toEqual({ demand: 'send' });
    expect(await client.report({ rows: [], demand: { hash, repositories: demands } })).toEqual({ demand: 'known' });
    expect(await client.report({ rows: [], demand: { hash } })).toEqual({ demand: 'known' });
    expect(store.demands.get('munich-1')).toMatchObject({ site: childSite, hash, demands });
    expect(store.demands.union('tools')).toEqual(demands['tools']);
  });

  it.each([
    ['a foreign site', row('paris-1', 'enterprise/france')],
    ['the site above', row('berlin-1', 'enterprise/germany')],
    ['a neighbour of a similar name', row('munich-9', `${childSite}2`)],
    ['this very depot', row('region-1', childSite)],
  ])('with a row of %s is refused as a whole', async (_, foreign) => {
    const { child, store } = await hosted();
    const report = { rows: [row('munich-1', childSite), foreign], demand: { hash: demandsHash({}) } };
    await expect(child().report(report)).rejects.toMatchObject({
      code: 'not-allowed',
      message: expect.stringContaining(foreign.depot),
    });
    expect(store.reports.below()).toEqual([]);
  });

  it('with a demand that is not what its hash says is refused', async () => {
    const { url } = await hosted();
    const body = JSON.stringify({ rows: [], demand: { hash: sha256('x'), repositories: {} } });
    const answer = await ask(url, '/v1/report', { method: 'POST', body });
    expect([answer.status, saidIn(answer)]).toMatchObject([400, { code: 'bad-request' }]);
  });

  it('that is no report is refused with the field that is wrong', async () => {
    const { url } = await hosted();
    for (const [body, field] of [
      ['<html>', 'JSON'],
      ['{}', 'rows'],
      [
        JSON.stringify({ rows: [{ ...row('a', childSite), depot: '../a' }], demand: { hash: sha256('') } }),
        'rows.0.depot',
      ],
    ] as const) {
      const answer = await ask(url, '/v1/report', { method: 'POST', body });
      expect(answer.status).toBe(400);
      expect(answer.body.toString()).toContain(field);
    }
  });

  it('of more bytes than the limit is refused, declared or not', async () => {
    const { url } = await hosted();
    const declared = await ask(url, '/v1/report', {
      method: 'POST',
      headers: { 'content-length': 17 * 1024 * 1024 },
    }).catch((error: unknown) => error);
    expect(declared).toMatchObject({ status: 400 });
    const endless = new Promise<number>((resolve) => {
      const headers = { ...who, 'transfer-encoding': 'chunked' };
      const asked = request(url, { path: '/v1/report', method: 'POST', headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      asked.on('error', () => resolve(0));
      const more = (): void => {
        while (!asked.destroyed && asked.write(Buffer.alloc(1024 * 1024, ' '))) continue;
      };
      asked.on('drain', more);
      more();
    });
    expect([400, 0]).toContain(await endless);
  });

  it('of 5,000 depots is taken over', async () => {
    const { child, store } = await hosted();
    const rows = Array.from({ length: 5_000 }, (_, n) => row(`depot-${n}`, `${childSite}/b${n}`));
    await child().report({ rows, demand: { hash: demandsHash({}) } });
    expect(store.reports.below()).toHaveLength(5_000);
  });

  it('and each question tells when a child was heard of last', async () => {
    let now = 1_000_000;
    const { child, store } = await hosted({ now: () => now });
    await child().directory();
    now += 3_600_000;
    await child().state('tools');
    expect(store.demands.list()).toMatchObject([{ child: 'munich-1', site: childSite, lastHeardMs: 4_600_000 }]);
  });
});
