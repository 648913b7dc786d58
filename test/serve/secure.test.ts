import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request as requestSecurely, type RequestOptions } from 'node:https';
import { connect as connectPlainly } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Peer, TlsMaterial } from '../../src/protocol/tls.js';
import { listenerLimits, type ListenerLimits } from '../../src/serve/limits.js';
import { listen, type Listener } from '../../src/serve/listener.js';
import type { ListenerTls } from '../../src/serve/secure.js';
import { certificateAuthority, judging, selfSigned } from '../harness/certificates.js';
import { relayTo } from '../protocol/misbehaving.js';
import { childSite, hosted, self } from './hosted.js';

const company = await certificateAuthority();
const stranger = await certificateAuthority('stranger');
const parent = await company.issue(self.depot, self.site);
const munich = await company.issue('munich-1', childSite);
const foreign = await stranger.issue('munich-1', childSite);
const hour = 3_600_000;

const serialOf = ({ chain }: TlsMaterial): string => new X509Certificate(chain).serialNumber;

type Handler = (request: IncomingMessage, response: ServerResponse, peer: Peer | undefined) => Promise<void>;

const whoAsks: Handler = async (_, response, peer) => void response.end(peer === undefined ? 'nobody' : peer.depot);

interface Setting {
  readonly handler?: Handler;
  readonly host?: string;
  readonly limits?: Partial<ListenerLimits>;
}

async function listening(
  tls: Partial<ListenerTls> = {},
  { handler = whoAsks, host = '127.0.0.1', limits = {} }: Setting = {},
): Promise<Listener> {
  const options = {
    tls: { material: () => parent, judge: judging(), ...tls },
    limits: { ...listenerLimits, ...limits },
  };
  const listener = await listen({ host, port: 0 }, handler, options);
  onTestFinished(() => listener.close(0));
  return listener;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly socket: TLSSocket;
}

/** Asks as the holder of a certificate, or as nobody. */
function get(
  url: string,
  material?: TlsMaterial,
  options: RequestOptions & { session?: Buffer } = {},
): Promise<Answer> {
  const shown = material === undefined ? {} : { key: material.key, cert: material.chain };
  return new Promise((resolve, reject) => {
    const asked = requestSecurely(
      url,
      { ...shown, rejectUnauthorized: false, agent: false, ...options },
      (response) => {
        const socket = response.socket as TLSSocket;
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (body += chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body, socket }),
        );
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

/** A session of its own, for `get` to resume. */
async function sessionOf(url: string, material?: TlsMaterial): Promise<Buffer> {
  const { hostname, port } = new URL(url);
  const shown = material === undefined ? {} : { key: material.key, cert: material.chain };
  const options: ConnectionOptions = { host: hostname, port: Number(port), rejectUnauthorized: false, ...shown };
  const socket = connect(options);
  const [session] = (await once(socket, 'session')) as [Buffer];
  socket.destroy();
  return session;
}

describe('a listener with TLS', () => {
  it('answers a child by its certificate', async () => {
    const { url } = await listening();
    expect(url).toMatch(/^https:/);
    expect(await get(url, munich)).toMatchObject({ status: 200, body: 'munich-1' });
  });

  it('gives a child what is for the site in its certificate, and nothing else', async () => {
    const depot = await hosted({}, undefined, { tls: { material: () => parent, judge: judging() } });
    await depot.publish('tools', { a: 'a' });
    const child = depot.child('munich-1', childSite, { tls: { material: () => munich, judge: judging() } });
    const { directory } = (await child.directory()) as Exclude<
      Awaited<ReturnType<typeof child.directory>>,
      'unchanged'
    >;
    expect(directory.repositories.map(({ name }) => name)).toEqual(['bavaria', 'tools']);
    expect(await child.state('tools')).toMatchObject({ state: { head: { generation: 1 } } });
    expect(child.parentDepot).toBe(self.depot);
    expect(child.isAuthenticated).toBe(true);
    expect(depot.store.demands.list()).toMatchObject([{ child: 'munich-1', authenticated: true }]);
  });

  it.each([
    { says: { 'depotd-depot': 'munich-2' } },
    { says: { 'depotd-site': 'enterprise' } },
    { says: { 'depotd-depot': 'munich-1', 'depotd-site': 'enterprise/france' } },
  ])('refuses a child that says $says in spite of its certificate', async ({ says }) => {
    const depot = await hosted({}, undefined, { tls: { material: () => parent, judge: judging() } });
    const answer = await get(`${depot.url}/v1/directory`, munich, { headers: says });
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toMatchObject({
      code: 'not-allowed',
      message: expect.stringContaining(`the certificate is that of munich-1 at ${childSite}, the request says`),
    });
    expect((await get(`${depot.url}/v1/directory`, munich)).status).toBe(200);
  });

  it('says what to do to those who show no certificate', async () => {
    const refused: string[] = [];
    const { url } = await listening({ onPeerRefused: ({ code }, address) => refused.push(`${code} ${address}`) });
    const answer = await get(url);
    expect(answer).toMatchObject({ status: 401, headers: { connection: 'close' } });
    expect(JSON.parse(answer.body)).toMatchObject({
      code: 'certificate-refused',
      hint: expect.stringContaining('depot join'),
    });
    expect(refused).toEqual(['certificate-refused 127.0.0.1']);
  });

  it.each([
    ['of another CA', () => stranger.issue('munich-1', childSite), 'was issued by an unknown CA'],
    ['of its own making', () => selfSigned('munich-1', childSite, [company.root]), 'is signed by itself'],
    ['that has expired', () => company.issue('munich-1', childSite, { until: -hour }), 'has expired'],
    ['of tomorrow', () => company.issue('munich-1', childSite, { from: hour }), 'is not valid yet'],
  ])('says what is wrong with a certificate %s', async (_, make, reason) => {
    const { url } = await listening();
    const answer = await get(url, await make());
    expect(answer).toMatchObject({ status: 403, headers: { connection: 'close' } });
    expect(JSON.parse(answer.body)).toMatchObject({
      code: 'certificate-refused',
      message: expect.stringContaining(reason),
      hint: expect.any(String),
    });
  });

  it('answers open requests whoever asks', async () => {
    const { url } = await listening({ isOpen: ({ url: path }) => path === '/open' });
    expect(await get(`${url}/open`)).toMatchObject({ status: 200, body: 'nobody' });
    expect(await get(`${url}/open`, await stranger.issue('a', 'b'))).toMatchObject({ status: 200, body: 'nobody' });
    expect(await get(`${url}/open`, munich)).toMatchObject({ status: 200, body: 'munich-1' });
    expect((await get(`${url}/closed`)).status).toBe(401);
  });

  it('does not take claims for a certificate where all requests were let in', async () => {
    const tls = { material: () => parent, judge: judging(), isOpen: () => true };
    const depot = await hosted({}, undefined, { tls });
    const claims = { 'depotd-depot': 'munich-1', 'depotd-site': childSite };
    expect((await get(`${depot.url}/v1/directory`, undefined, { headers: claims })).status).toBe(403);
  });

  it.each([
    ['no certificate', undefined, 401],
    ['a foreign certificate', foreign, 403],
  ])('refuses a resumed session of %s like a new one', async (_, material, status) => {
    const { url } = await listening();
    const session = await sessionOf(url, material);
    const answer = await get(url, material, { session });
    expect(answer.socket.isSessionReused()).toBe(true);
    expect(answer.status).toBe(status);
  });

  it('speaks TLS 1.3 and nothing older', async () => {
    const { url } = await listening();
    expect((await get(url, munich)).socket.getProtocol()).toBe('TLSv1.3');
    await expect(get(url, munich, { maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/);
  });

  it('hangs up on those who speak plain HTTP', async () => {
    const { url } = await listening();
    const asked = request(url.replace('https:', 'http:'), { agent: false }).end();
    await expect(once(asked, 'response')).rejects.toThrow();
  });

  it.each([
    ['::1', ['[::1]']],
    ['::', ['[::1]', '127.0.0.1']],
    ['0.0.0.0', ['127.0.0.1']],
    ['localhost', ['localhost']],
  ])('listens on %s', async (host, reachable) => {
    const listener = await listening({}, { host });
    const port = new URL(listener.url).port;
    for (const name of reachable) {
      expect(await get(`https://${name}:${port}`, munich)).toMatchObject({ body: 'munich-1' });
    }
  });

  it('hangs up on those who do not finish their handshake, and counts them', async () => {
    const { url } = await listening({}, { limits: { headersMs: 300, connectionsPerPeer: 1 } });
    const silent = connectPlainly(Number(new URL(url).port), '127.0.0.1');
    await once(silent, 'connect');
    expect((await get(url, munich)).status).toBe(503);
    silent.resume();
    await once(silent, 'close');
    expect((await get(url, munich)).status).toBe(200);
  });

  it('does not wait for handshakes when it closes', async () => {
    const listener = await listening();
    const silent = connectPlainly(Number(new URL(listener.url).port), '127.0.0.1');
    silent.on('error', () => undefined);
    await once(silent, 'connect');
    await delay(50);
    const begin = performance.now();
    await listener.close(10_000);
    expect(performance.now() - begin).toBeLessThan(2_000);
  });
});

describe('a revocation', () => {
  it('acts on a connection that is kept', async () => {
    const revoked = new Set<string>();
    const { url } = await listening({ judge: judging(revoked) });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const first = await get(url, munich, { agent });
    expect(first.status).toBe(200);
    revoked.add(serialOf(munich));
    const second = await get(url, munich, { agent });
    expect(second.socket).toBe(first.socket);
    expect(second).toMatchObject({ status: 403, headers: { connection: 'close' } });
    expect(second.body).toContain('was revoked');
  });

  it('acts on a session that is resumed', async () => {
    const revoked = new Set<string>();
    const { url } = await listening({ judge: judging(revoked) });
    const session = await sessionOf(url, munich);
    const before = await get(url, munich, { session });
    expect(before.socket.isSessionReused()).toBe(true);
    expect(before).toMatchObject({ status: 200, body: 'munich-1' });
    revoked.add(serialOf(munich));
    const after = await get(url, munich, { session });
    expect(after.socket.isSessionReused()).toBe(true);
    expect(after.status).toBe(403);
  });

  it('cuts what is under way, and nothing of others', async () => {
    let release: (() => void) | undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const handler: Handler = async (_, response) => {
      response.write('slow ');
      await released;
      response.end('answer');
    };
    const revoked = new Set<string>();
    const listener = await listening({ judge: judging(revoked) }, { handler });
    const other = await company.issue('munich-2', childSite);
    const cut = get(listener.url, munich);
    const whole = get(listener.url, other);
    await delay(200);
    revoked.add(serialOf(munich));
    listener.judgeAgain();
    await expect(cut).rejects.toThrow('aborted');
    release?.();
    expect((await whole).body).toBe('slow answer');
  });

  it('acts on a certificate that expires while its connection is kept', async () => {
    const { url } = await listening();
    const brief = await company.issue('munich-1', childSite, { until: 3_000 });
    const session = await sessionOf(url, brief);
    expect((await get(url, brief, { session })).status).toBe(200);
    await delay(4_000);
    const after = await get(url, brief, { session });
    expect(after.socket.isSessionReused()).toBe(true);
    expect(after.status).toBe(403);
  });
});

describe('a renewal', () => {
  it('shows the new certificate without a restart, and lets answers under way end', async () => {
    let material = parent;
    const handler: Handler = async (_, response) => {
      response.write('slow ');
      await delay(300);
      response.end('answer');
    };
    const listener = await listening({ material: () => material }, { handler });
    const shown = (answer: Answer): string | undefined => answer.socket.getPeerX509Certificate()?.serialNumber;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const under = get(listener.url, munich, { agent });
    await delay(100);
    material = await company.issue(self.depot, self.site);
    listener.renew();
    expect(await under).toMatchObject({ status: 200, body: 'slow answer' });
    expect(shown(await get(listener.url, munich))).toBe(serialOf(material));
    const kept = await get(listener.url, munich, { agent });
    expect(kept.headers.connection).toBe('close');
    expect(shown(await get(listener.url, munich, { agent }))).toBe(serialOf(material));
  });

  it('with other anchors takes nobody that the old ones vouched for, also not on a resumed session', async () => {
    let material = parent;
    const listener = await listening({ material: () => material });
    const session = await sessionOf(listener.url, munich);
    material = await stranger.issue(self.depot, self.site);
    listener.renew();
    const answer = await get(listener.url, munich, { session });
    expect(answer.socket.isSessionReused()).toBe(false);
    expect(answer.status).toBe(403);
    expect((await get(listener.url, await stranger.issue('munich-1', childSite))).status).toBe(200);
  });

  it('with a key that does not fit leaves everything as it was', async () => {
    let material = parent;
    const listener = await listening({ material: () => material });
    material = { ...parent, key: munich.key };
    expect(() => listener.renew()).toThrow(expect.objectContaining({ code: 'certificate-refused' }));
    expect((await get(listener.url, munich)).status).toBe(200);
  });
});

describe('an idle poll', () => {
  it('takes less than 2,000 bytes on a kept or a resumed connection, and less than 8,000 on a new one', async () => {
    const tls = { material: () => parent, judge: judging() };
    const depot = await hosted({}, undefined, { tls, limits: { ...listenerLimits, keepAliveMs: 3_000 } });
    await depot.publish('tools', { a: 'a' });
    const relay = await relayTo(depot.url);
    const client = depot.child('munich-1', childSite, {
      url: relay.url.replace('http:', 'https:'),
      tls: { material: () => munich, judge: judging() },
    });
    const first = await client.state('tools');
    if (first === 'unchanged') throw new Error('it has no state yet');
    const bytesOf = async (): Promise<number> => {
      const before = relay.bytes();
      expect(await client.state('tools', first.etag)).toBe('unchanged');
      await delay(100);
      return relay.bytes() - before;
    };
    await delay(100);
    const fresh = relay.bytes();
    const kept = await bytesOf();
    await delay(3_500);
    const resumed = await bytesOf();
    const figures = `new ${fresh}, kept ${kept}, resumed ${resumed}`;
    expect(kept, figures).toBeLessThan(800);
    expect(resumed, figures).toBeGreaterThan(kept + 500);
    expect(resumed, figures).toBeLessThan(2_000);
    expect(fresh, figures).toBeLessThan(8_000);
  });
});
