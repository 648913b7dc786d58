import type { ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DepotError } from '../../src/model/errors.js';
import { metadataName } from '../../src/model/metadata.js';
import { sha256 } from '../../src/model/sha256.js';
import { ParentClient } from '../../src/protocol/client.js';
import type { ParentOptions } from '../../src/protocol/requester.js';
import { limits } from '../../src/protocol/limits.js';
import { Line } from '../../src/protocol/line.js';
import { realHost } from '../../src/host.js';
import { answering, saying } from './misbehaving.js';

const content = Buffer.from('0123456789'.repeat(1000));
const object = sha256(content);
const other = sha256('something else');
const state = {
  repository: 'tools',
  head: null,
  complete: null,
  metadata: null,
  company: null,
  directory: other,
  depot: 'region-1',
};

function child(url: string, options: Partial<ParentOptions> = {}): ParentClient {
  const client = new ParentClient({ url, depot: 'munich-1', site: 'enterprise/germany', version: '0.1.0', ...options });
  onTestFinished(() => client.close());
  return client;
}

function json(response: ServerResponse, value: unknown, status = 200, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

async function failure(promise: Promise<unknown>): Promise<DepotError> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(DepotError);
  return thrown as DepotError;
}

async function read(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const held: Uint8Array[] = [];
  for await (const chunk of chunks) held.push(chunk);
  return Buffer.concat(held);
}

async function take(client: ParentClient, offset = 0): Promise<{ offset: number; bytes: Buffer }> {
  const body = await client.object('tools', object, content.length, offset);
  return { offset: body.offset, bytes: await read(body.chunks) };
}

describe('a child that polls', () => {
  it('says who it is, and learns whom it talks to', async () => {
    let seen: unknown;
    const url = await answering((request, response) => {
      seen = [request.url, request.headers];
      json(response, state, 200, { etag: '"1"', 'depotd-depot': 'region-1' });
    });
    const client = child(url);
    expect(client.parentDepot).toBeUndefined();
    expect(await client.state('tools')).toEqual({ etag: '"1"', state });
    expect(client.parentDepot).toBe('region-1');
    expect(seen).toMatchObject([
      '/v1/repositories/tools/state',
      { 'depotd-depot': 'munich-1', 'depotd-site': 'enterprise/germany', 'depotd-version': '0.1.0' },
    ]);
  });

  it('asks below the prefix that the URL of its parent has', async () => {
    let path: string | undefined;
    const url = await answering((request, response) => {
      path = request.url;
      json(response, state);
    });
    await child(`${url}/bucket/depot/`).state('tools');
    expect(path).toBe('/bucket/depot/v1/repositories/tools/state');
  });

  it('takes 304 for "nothing new", even with the length of the body that was not sent', async () => {
    const url = await saying('HTTP/1.1 304 Not Modified\r\netag: "1"\r\ncontent-length: 300\r\n\r\n');
    expect(await child(url).state('tools', '"1"')).toBe('unchanged');
  });

  it('refuses a 304 that it did not ask for', async () => {
    const url = await answering((_, response) => response.writeHead(304).end());
    const error = await failure(child(url).state('tools'));
    expect(error.code).toBe('parent-answer');
    expect(error.message).toContain('answered 304');
  });

  it('ignores fields that it does not know', async () => {
    const url = await answering((_, response) => json(response, { ...state, later: { more: 1 } }));
    expect(await child(url).state('tools')).toMatchObject({ state });
  });

  it('makes an ETag of its own where the parent has none that can be sent back', async () => {
    const url = await answering((_, response) => json(response, state, 200, { etag: 'no quotes' }));
    expect(await child(url).state('tools')).toMatchObject({ etag: `"${sha256(JSON.stringify(state))}"` });
  });

  it('refuses the state of another repository', async () => {
    const url = await answering((_, response) => json(response, { ...state, repository: 'office' }));
    expect((await failure(child(url).state('tools'))).message).toContain('the state of office');
  });

  it('names the field of a message that is not as it must be', async () => {
    const url = await answering((_, response) => json(response, { ...state, head: { generation: 0, sha256: object } }));
    const error = await failure(child(url).state('tools'));
    expect(error.code).toBe('parent-answer');
    expect(error.message).toContain('head.generation');
  });

  it('learns the hash of the directory, under which it asks the next time', async () => {
    const directory = { depot: 'region-1', site: 'enterprise', repositories: [], company: null };
    const asked: (string | undefined)[] = [];
    const url = await answering((request, response) => {
      asked.push(request.headers['if-none-match']);
      json(response, directory);
    });
    const client = child(url);
    const hash = sha256(JSON.stringify(directory));
    expect(await client.directory()).toEqual({ hash, directory });
    await client.directory(hash);
    expect(asked).toEqual([undefined, `"${hash}"`]);
  });
});

describe('what answers in place of a parent is named', () => {
  it('nobody', async () => {
    const error = await failure(child('http://127.0.0.1:1').state('tools'));
    expect(error).toMatchObject({ code: 'parent-unreachable', retry: 'now' });
    expect(error.message).toContain('ECONNREFUSED');
    expect(error.hint).toContain('nothing listens there');
  });

  it('a name that nobody knows', async () => {
    const error = await failure(child('http://depot.invalid:1').state('tools'));
    expect(error.code).toBe('parent-unreachable');
    expect(error.hint).toMatch(/name servers of this machine/);
  });

  it('nobody, on a line whose bytes are counted', async () => {
    const line = new Line(realHost, () => ({
      rate: 'unlimited',
      urgentRate: null,
      frame: null,
      opens: null,
      rank: () => 0,
    }));
    const error = await failure(child('http://127.0.0.1:1', { line }).state('tools'));
    expect(error).toMatchObject({ code: 'parent-unreachable', retry: 'now' });
  });

  it('a name that does not exist', async () => {
    expect((await failure(child('http://nowhere.invalid').state('tools'))).code).toBe('parent-unreachable');
  });

  it('one that hangs up without an answer', async () => {
    expect((await failure(child(await saying('')).state('tools'))).code).toBe('parent-unreachable');
  });

  it('one that never answers', async () => {
    const url = await answering(() => undefined);
    expect((await failure(child(url, { headersMs: 300 }).state('tools'))).code).toBe('parent-unreachable');
  });

  it('a service that does not speak HTTP', async () => {
    const error = await failure(child(await saying('SSH-2.0-OpenSSH_9.2\r\n')).state('tools'));
    expect(error.code).toBe('parent-answer');
    expect(error.message).toContain('does not speak HTTP');
  });

  it.each([200, 403, 404, 500])('a captive portal that answers %i with HTML', async (status) => {
    const url = await answering((_, response) =>
      response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end('<html>Please log in</html>'),
    );
    const error = await failure(child(url).state('tools'));
    expect(error.code).toBe('parent-answer');
    expect(error.message).toContain('captive portal');
  });

  it('a captive portal that redirects, which is not followed', async () => {
    let requests = 0;
    const url = await answering((_, response) => {
      requests += 1;
      response.writeHead(302, { location: 'http://login.example/' }).end();
    });
    const error = await failure(child(url).state('tools'));
    expect(error.code).toBe('parent-answer');
    expect(error.message).toContain('redirection to');
    expect(requests).toBe(1);
  });

  it('a server that sends text where JSON is asked for', async () => {
    const url = await answering((_, response) =>
      response.writeHead(200, { 'content-type': 'text/plain' }).end(JSON.stringify(state)),
    );
    expect((await failure(child(url).state('tools'))).message).toContain('text/plain in place of application/json');
  });

  it('a server that sends JSON that is cut short', async () => {
    const url = await answering((_, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"repository":'),
    );
    expect((await failure(child(url).state('tools'))).code).toBe('parent-answer');
  });

  it('a proxy that compresses on the way', async () => {
    const url = await answering((_, response) => json(response, state, 200, { 'content-encoding': 'gzip' }));
    expect((await failure(child(url).state('tools'))).message).toContain('recoded (gzip)');
  });

  it('a gateway whose depot is down', async () => {
    const url = await answering((_, response) => json(response, {}, 502));
    expect((await failure(child(url).state('tools'))).code).toBe('parent-unreachable');
  });

  it('a parent that sends one informational answer after the other', async () => {
    const url = await saying('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100), () => undefined);
    const error = await failure(child(url).state('tools'));
    expect(error.code).toBe('parent-answer');
  });

  it('a parent with headers of endless length', async () => {
    const url = await saying(`HTTP/1.1 200 OK\r\n${'x-more: and more\r\n'.repeat(5_000)}\r\n`);
    expect((await failure(child(url).state('tools'))).code).toBe('parent-answer');
  });
});

describe('the refusals of a parent', () => {
  it('keep code, message and hint', async () => {
    const said = { code: 'not-found', message: 'no repository\u001b[31m tools here', hint: 'ask for another' };
    const url = await answering((_, response) => json(response, said, 404, { 'depotd-depot': 'region-1' }));
    const client = child(url);
    const error = await failure(client.state('tools'));
    expect(error).toMatchObject({ code: 'not-found', hint: 'ask for another' });
    expect(error.message).toMatch(/answered 404 "no repository \[31m tools here"$/);
    expect(client.parentDepot).toBe('region-1');
  });

  it('are not taken for faults of this depot', async () => {
    const said = { code: 'disk-full', message: 'no space left', hint: null };
    const url = await answering((_, response) => json(response, said, 507));
    expect((await failure(child(url).state('tools'))).code).toBe('parent-answer');
  });

  it.each([
    [{ 'retry-after': '30' }, 30_000],
    [{ 'retry-after': 'Sat, 21 Nov 2026 10:00:45 GMT', date: 'Sat, 21 Nov 2026 10:00:00 GMT' }, 45_000],
    [{ 'retry-after': '999999999' }, limits.retryAfterMs],
    [{}, undefined],
  ])('say when to come back: %o', async (headers, retryAfterMs) => {
    const url = await answering((_, response) => json(response, {}, 503, headers));
    const error = await failure(child(url).state('tools'));
    expect(error).toMatchObject({ code: 'parent-busy', retryAfterMs });
  });

  it('may be endless, and are cut', async () => {
    const url = await answering((_, response) => {
      response.writeHead(500, { 'content-type': 'application/json' });
      const more = (): void => {
        while (response.write('x'.repeat(64 * 1024))) continue;
        response.once('drain', more);
      };
      more();
    });
    const error = await failure(child(url).state('tools'));
    expect(error.code).toBe('parent-answer');
    expect(error.message).toContain('answered 500');
  });
});

describe('an object', () => {
  it('comes whole, or from where the last transfer was cut', async () => {
    const url = await answering((request, response) => {
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const headers = from === 0 ? {} : { 'content-range': `bytes ${from}-9999/10000` };
      response.writeHead(from === 0 ? 200 : 206, { etag: `"${object}"`, ...headers }).end(content.subarray(from));
    });
    expect(await take(child(url))).toEqual({ offset: 0, bytes: content });
    expect(await take(child(url), 9_990)).toEqual({ offset: 9_990, bytes: Buffer.from('0123456789') });
  });

  it('of which nothing is missing is not asked for', async () => {
    expect(await take(child('http://127.0.0.1:1'), content.length)).toEqual({ offset: 10_000, bytes: Buffer.of() });
  });

  it('begins at 0 where the parent does not do ranges', async () => {
    const url = await answering((_, response) => response.writeHead(200).end(content));
    expect(await take(child(url), 5_000)).toEqual({ offset: 0, bytes: content });
  });

  it.each([
    'bytes 4000-9999/10000',
    'bytes 5000-9998/10000',
    'bytes 5000-9999/10001',
    'bytes 5000-9999/*',
    'bytes */10000',
    undefined,
  ])('is refused with 206 and another range: %s', async (range) => {
    const url = await answering((_, response) =>
      response.writeHead(206, range === undefined ? {} : { 'content-range': range }).end(content.subarray(5_000)),
    );
    expect((await failure(take(child(url), 5_000))).code).toBe('parent-answer');
  });

  it('is refused with 206 where all of it was asked for', async () => {
    const url = await answering((_, response) =>
      response.writeHead(206, { 'content-range': 'bytes 0-9999/10000' }).end(content),
    );
    expect((await failure(take(child(url)))).message).toContain('answered 206');
  });

  it('that is shorter at the parent than promised is named', async () => {
    const url = await answering((_, response) =>
      json(response, { code: 'bad-request', message: 'range', hint: null }, 416, { 'content-range': 'bytes */4000' }),
    );
    const error = await failure(take(child(url), 5_000));
    expect(error.code).toBe('parent-answer');
    expect(error.message).toContain('bytes */4000');
  });

  it('is refused under the ETag of another one, but not under one of a static server', async () => {
    const tagged = (etag: string): Promise<string> =>
      answering((_, response) => response.writeHead(200, { etag }).end(content));
    expect((await failure(take(child(await tagged(`"${other}"`))))).message).toContain(other);
    expect((await take(child(await tagged('"65f1-2710"')))).bytes).toEqual(content);
  });

  it.each([
    [200, 0],
    [206, 5_000],
  ])('that ends early with %i is a cut, and what came is given', async (status, offset) => {
    const url = await answering((_, response) => {
      response.writeHead(status, {
        'content-length': content.length - offset,
        'content-range': `bytes ${offset}-9999/10000`,
      });
      response.write(content.subarray(offset, offset + 2_000), () => response.destroy());
    });
    const body = await child(url).object('tools', object, content.length, offset);
    let came = 0;
    const error = await failure(
      (async () => {
        for await (const chunk of body.chunks) came += chunk.length;
      })(),
    );
    expect(error).toMatchObject({ code: 'transfer-cut', retry: 'now' });
    expect(came).toBe(2_000);
  });

  it('that ends early in an answer without a length is a cut', async () => {
    const url = await saying(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nonly this`);
    const error = await failure(take(child(url)));
    expect(error.code).toBe('transfer-cut');
    expect(error.message).toContain('9 of 10000 bytes');
  });

  it('that was cut before it is read is a cut when it is read', async () => {
    const url = await answering((_, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write('some', () => response.destroy());
    });
    const body = await child(url).object('tools', object, content.length, 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await failure(read(body.chunks))).code).toBe('transfer-cut');
  });

  it('is refused at once where it declares another size', async () => {
    const url = await answering((_, response) => response.writeHead(200, { 'content-length': 10_001 }).end('x'));
    expect((await failure(take(child(url)))).message).toContain('declares 10001 bytes');
  });

  it('never gives more than its size, however much comes', async () => {
    const url = await answering((_, response) => {
      const more = (): void => {
        while (response.write(content)) continue;
        response.once('drain', more);
      };
      more();
    });
    const body = await child(url).object('tools', object, content.length, 0);
    let came = 0;
    const error = await failure(
      (async () => {
        for await (const chunk of body.chunks) came += chunk.length;
      })(),
    );
    expect(error.code).toBe('parent-answer');
    expect(came).toBe(content.length);
  });

  it('is refused where text is declared', async () => {
    const url = await answering((_, response) => json(response, { code: 'fine' }));
    expect((await failure(take(child(url)))).message).toContain('application/json in place of');
  });

  it('that keeps to a trickle is cut', async () => {
    const url = await answering((_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    });
    const client = child(url, { floor: { bytes: 1_000, windowMs: 400 } });
    const error = await failure(take(client));
    expect(error).toMatchObject({ code: 'transfer-cut', retry: 'now' });
    expect(error.message).toContain('the least is 1000');
  });

  it('that stands still is cut', async () => {
    const url = await answering((_, response) => response.writeHead(200).write('x'));
    const client = child(url, { floor: { bytes: 1_000, windowMs: 300 } });
    expect((await failure(take(client))).code).toBe('transfer-cut');
  });

  it('on a line of 64 kbit/s that twelve transfers share is not cut', async () => {
    const hundredth = { bytes: limits.floor.bytes / 100, windowMs: limits.floor.windowMs / 100 };
    const url = await answering((_, response) => {
      response.writeHead(200);
      let sent = 0;
      const timer = setInterval(() => {
        response.write(content.subarray(sent, sent + 14));
        sent += 14;
        if (sent >= 1_000) response.end();
      }, 21);
      response.on('close', () => clearInterval(timer));
    });
    const body = await child(url, { floor: hundredth }).object('tools', object, 1_008, 0);
    expect((await read(body.chunks)).length).toBe(1_008);
  });

  it('is not cut because the one who reads it takes long', async () => {
    const url = await answering((_, response) => response.writeHead(200).end(content));
    const client = child(url, { floor: { bytes: 1_000, windowMs: 100 } });
    const body = await client.object('tools', object, content.length, 0);
    let came = 0;
    for await (const chunk of body.chunks) {
      came += chunk.length;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect(came).toBe(content.length);
  });
});

describe('polls', () => {
  it('do not wait behind objects that are under way', async () => {
    const url = await answering((request, response) => {
      if (request.url?.includes('/objects/')) response.writeHead(200).write('slow');
      else json(response, state);
    });
    const client = child(url, { connections: 2 });
    const slow = [1, 2, 3].map(() => failure(take(client)));
    expect(await client.state('tools')).toMatchObject({ state });
    await client.close();
    expect((await Promise.all(slow)).map(({ code }) => code)).toEqual(['interrupted', 'interrupted', 'interrupted']);
  });
});

describe('metadata, pages and difference streams', () => {
  const targets = metadataName('targets', 3);

  it('come as bytes', async () => {
    const url = await answering((_, response) => response.writeHead(200).end('bytes'));
    const client = child(url);
    expect(Buffer.from((await client.metadata('tools', targets, 100)) ?? '').toString()).toBe('bytes');
    expect(Buffer.from(await client.page('tools', { sha256: other, length: 5 })).toString()).toBe('bytes');
    const difference = await client.difference('tools', object, other);
    expect(difference && (await read(difference.chunks)).toString()).toBe('bytes');
  });

  it('a difference that the parent does not have is none, whatever kind of server says so', async () => {
    const url = await answering((_, response) => response.writeHead(404, { 'content-type': 'text/html' }).end('<p>'));
    expect(await child(url).difference('tools', object, other)).toBeUndefined();
  });

  it('are refused when they are endless', async () => {
    const url = await answering((_, response) => {
      const more = (): void => {
        while (response.write(content)) continue;
        response.once('drain', more);
      };
      more();
    });
    const client = child(url);
    expect((await failure(client.metadata('tools', targets, 16_384))).message).toContain('more than 16384 bytes');
    expect((await failure(client.page('tools', { sha256: other, length: 5 }))).code).toBe('parent-answer');
  });

  it('are refused before they come when they declare too much', async () => {
    const url = await answering((_, response) => response.writeHead(200, { 'content-length': 1e12 }).write('x'));
    expect((await failure(child(url).metadata('tools', targets, 100))).message).toContain(
      'declares 1000000000000 bytes',
    );
  });

  it('a page that is promised larger than any is not asked for', async () => {
    const client = child('http://127.0.0.1:1');
    const error = await failure(client.page('tools', { sha256: other, length: limits.pageTextBytes + 1 }));
    expect(error.code).toBe('manifest-damaged');
  });
});

describe('a child that is stopped', () => {
  it('lets go of a request that is not answered', async () => {
    const url = await answering(() => undefined);
    const stop = new AbortController();
    const asked = failure(child(url).state('tools', undefined, stop.signal));
    setTimeout(() => stop.abort(), 50);
    expect((await asked).code).toBe('interrupted');
  });

  it('lets go of a transfer in the middle', async () => {
    const url = await answering((_, response) => response.writeHead(200).write(content.subarray(0, 100)));
    const stop = new AbortController();
    const body = await child(url).object('tools', object, content.length, 0, stop.signal);
    const reading = failure(read(body.chunks));
    setTimeout(() => stop.abort(), 50);
    expect((await reading).code).toBe('interrupted');
  });

  it('ends what is under way when the client is closed', async () => {
    const url = await answering(() => undefined);
    const client = child(url);
    const asked = failure(client.state('tools'));
    setTimeout(() => void client.close(), 50);
    expect((await asked).code).toBe('interrupted');
  });
});
