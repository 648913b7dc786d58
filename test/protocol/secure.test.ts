import { execFile, spawn, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DepotError } from '../../src/model/errors.js';
import { sha256 } from '../../src/model/sha256.js';
import { ParentClient } from '../../src/protocol/client.js';
import type { ParentOptions } from '../../src/protocol/requester.js';
import type { ClientTls, TlsMaterial } from '../../src/protocol/tls.js';
import { certificateAuthority, judging, selfSigned } from '../harness/certificates.js';
import { freePort } from '../harness/port.js';
import { temporaryFolder } from '../harness/temporary.js';
import { runsTypeScript } from '../harness/typescript.js';
import { answering, saying } from './misbehaving.js';
import { connectingProxy } from './proxy.js';

const company = await certificateAuthority();
const stranger = await certificateAuthority('stranger');
const germany = await company.issue('germany-1', 'enterprise/germany');
const munich = await company.issue('munich-1', 'enterprise/germany/munich');
const hour = 3_600_000;

const content = Buffer.from('0123456789'.repeat(1000));
const object = sha256(content);
const etag = '"0123456789abcdef0123456789abcdef"';
const none = { head: null, complete: null, metadata: null, company: null };
const state = { repository: 'tools', ...none, directory: object, depot: 'germany-1' };

const serialOf = ({ chain }: TlsMaterial): string => new X509Certificate(chain).serialNumber;

type Answering = (request: IncomingMessage, response: ServerResponse) => void;

const answerState: Answering = (request, response) => {
  if (request.headers['if-none-match'] === etag) return void response.writeHead(304, { etag }).end();
  response.writeHead(200, { 'content-type': 'application/json', etag }).end(JSON.stringify(state));
};

interface Parent {
  readonly url: string;
  /** Serials of the certificates that requests came with, and whether on resumed sessions. */
  readonly seen: readonly { readonly serial: string | undefined; readonly resumed: boolean }[];
}

/** A parent of Node's own making, with `material`. */
async function parentWith(
  material: TlsMaterial,
  answer: Answering = answerState,
  options: ServerOptions = {},
): Promise<Parent> {
  const seen: { serial: string | undefined; resumed: boolean }[] = [];
  const { key, chain: cert, anchors } = material;
  const server = createServer(
    { key, cert, ca: [...anchors], requestCert: true, rejectUnauthorized: false, ...options },
    (request, response) => {
      const socket = request.socket as TLSSocket;
      seen.push({ serial: socket.getPeerX509Certificate()?.serialNumber, resumed: socket.isSessionReused() });
      answer(request, response);
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

function child(url: string, tls: Partial<ClientTls> = {}, options: Partial<ParentOptions> = {}): ParentClient {
  const client = new ParentClient({
    url,
    depot: 'munich-1',
    site: 'enterprise/germany/munich',
    version: '0.1.0',
    tls: { material: () => munich, judge: judging(), ...tls },
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

async function failure(promise: Promise<unknown>): Promise<DepotError> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(DepotError);
  return thrown as DepotError;
}

describe('a child with a certificate', () => {
  it('shows it, and learns from that of its parent who it is', async () => {
    const { url, seen } = await parentWith(germany);
    const client = child(url);
    expect(client.isAuthenticated).toBe(false);
    expect(await client.state('tools')).toMatchObject({ state });
    expect(seen).toEqual([{ serial: serialOf(munich), resumed: false }]);
    expect(client.parentDepot).toBe('germany-1');
    expect(client.isAuthenticated).toBe(true);
  });

  it('believes the certificate of its parent rather than what that says of itself', async () => {
    const { url } = await parentWith(germany, (request, response) => {
      response.setHeader('depotd-depot', 'origin-1');
      answerState(request, response);
    });
    const client = child(url);
    await client.state('tools');
    expect(client.parentDepot).toBe('germany-1');
  });

  it.each([
    ['of another CA', () => stranger.issue('germany-1', 'enterprise'), 'was issued by'],
    ['of its own making', () => selfSigned('germany-1', 'enterprise', []), 'is signed by itself'],
    ['that has expired', () => company.issue('germany-1', 'enterprise', { until: -hour }), 'has expired'],
    ['of tomorrow', () => company.issue('germany-1', 'enterprise', { from: hour }), 'is not valid yet'],
  ])('says what is wrong with a parent whose certificate is one %s', async (_, make, reason) => {
    const { url, seen } = await parentWith(await make());
    const error = await failure(child(url).state('tools'));
    expect(error).toMatchObject({ code: 'certificate-refused', hint: expect.any(String) });
    expect(error.message).toContain(`at ${url}: the certificate of the parent ${reason}`);
    expect(seen).toEqual([]);
  });

  it('says why it does not take a parent that the CA vouches for', async () => {
    const { url, seen } = await parentWith(germany);
    const client = child(url, { judge: judging(new Set([serialOf(germany)])) });
    expect(await failure(client.state('tools'))).toMatchObject({
      code: 'certificate-refused',
      message: expect.stringContaining('was revoked'),
    });
    expect(client.isAuthenticated).toBe(false);
    expect(seen).toEqual([]);
  });

  it('leaves a parent that is revoked while a connection to it is open, in the middle of a transfer', async () => {
    const { url, seen } = await parentWith(germany, (request, response) => {
      if (!request.url?.includes('objects')) return answerState(request, response);
      response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, 100));
    });
    const revoked = new Set<string>();
    const client = child(url, { judge: judging(revoked) });
    await client.state('tools');
    const { chunks } = await client.object('tools', object, content.length, 0);
    const transfer = failure(
      (async () => {
        for await (const chunk of chunks) expect(chunk.length).toBe(100);
      })(),
    );
    await delay(100);
    revoked.add(serialOf(germany));
    expect(await failure(client.state('tools'))).toMatchObject({ code: 'certificate-refused' });
    expect(await transfer).toMatchObject({ code: 'certificate-refused' });
    expect(client.isAuthenticated).toBe(false);
    expect(seen.length).toBe(2);
  });

  it('leaves a parent that is revoked before its session is resumed', async () => {
    const { url, seen } = await parentWith(germany, answerState, { keepAliveTimeout: 1 });
    const revoked = new Set<string>();
    const client = child(url, { judge: judging(revoked) });
    await client.state('tools');
    await delay(1_500);
    await client.state('tools');
    expect(seen.map(({ resumed }) => resumed)).toEqual([false, true]);
    await delay(1_500);
    revoked.add(serialOf(germany));
    expect(await failure(client.state('tools'))).toMatchObject({ code: 'certificate-refused' });
    expect(seen.length).toBe(2);
  });

  it('shows a new certificate from its next request on, and does not cut what is under way', async () => {
    let release: (() => void) | undefined;
    const { url, seen } = await parentWith(germany, (request, response) => {
      if (!request.url?.includes('objects')) return answerState(request, response);
      response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, 100));
      release = () => response.end(content.subarray(100));
    });
    let material = munich;
    const client = child(url, { material: () => material });
    await client.state('tools');
    const { chunks } = await client.object('tools', object, content.length, 0);
    material = await company.issue('munich-1', 'enterprise/germany/munich');
    await client.state('tools');
    release?.();
    let came = 0;
    for await (const chunk of chunks) came += chunk.length;
    expect(came).toBe(content.length);
    expect(seen.map(({ serial }) => serial)).toEqual([serialOf(munich), serialOf(munich), serialOf(material)]);
    expect(seen.at(-1)?.resumed).toBe(false);
  });

  it('says where to look when the parent only hangs up', async () => {
    const { url } = await parentWith(germany, answerState, { rejectUnauthorized: true });
    const foreign = await stranger.issue('munich-1', 'enterprise');
    const error = await failure(
      child(url, { material: () => ({ ...foreign, anchors: [company.root] }) }).state('tools'),
    );
    expect(error).toMatchObject({ code: 'parent-unreachable', hint: expect.stringContaining('takes the certificate') });
  });

  it('passes on the reason that the parent gives', async () => {
    const { url } = await parentWith(germany, (_, response) => {
      const body = { code: 'certificate-refused', message: 'it has expired', hint: 'depot join' };
      response.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    expect(await failure(child(url).state('tools'))).toMatchObject({
      code: 'certificate-refused',
      message: expect.stringContaining('answered 403 "it has expired"'),
      hint: 'depot join',
    });
  });

  it('needs one for https', () => {
    const identity = { depot: 'munich-1', site: 'enterprise', version: '0.1.0' };
    expect(() => new ParentClient({ url: 'https://127.0.0.1:1', ...identity })).toThrow(
      expect.objectContaining({ code: 'certificate-refused', hint: expect.stringContaining('depot join') }),
    );
  });

  it('says so where its own cannot be used', async () => {
    const { url } = await parentWith(germany);
    const error = await failure(child(url, { material: () => ({ ...munich, key: germany.key }) }).state('tools'));
    expect(error).toMatchObject({ code: 'certificate-refused', message: expect.stringContaining('cannot be used') });
  });
});

describe('what does not speak TLS 1.3 is named', () => {
  it('plain HTTP', async () => {
    const url = (await answering(answerState)).replace('http:', 'https:');
    const error = await failure(child(url).state('tools'));
    expect(error).toMatchObject({ code: 'parent-answer', message: expect.stringContaining('does not speak TLS') });
    expect(error.hint).toContain('http or https');
  });

  it('an older TLS', async () => {
    const { url } = await parentWith(germany, answerState, { maxVersion: 'TLSv1.2' });
    expect(await failure(child(url).state('tools'))).toMatchObject({
      code: 'parent-answer',
      message: expect.stringContaining('does not speak TLS 1.3'),
    });
  });

  it('a server that speaks first, and something else', async () => {
    const url = (await saying('220 mail.example.com ESMTP\r\n')).replace('http:', 'https:');
    expect(await failure(child(url).state('tools'))).toMatchObject({ code: 'parent-answer' });
  });

  it('HTTPS where plain HTTP was asked for', async () => {
    const { url } = await parentWith(germany);
    const error = await failure(child(url.replace('https:', 'http:')).state('tools'));
    expect(error).toMatchObject({ code: 'parent-unreachable', hint: expect.stringContaining('http or https') });
  });

  it('what is silent', async () => {
    const url = (await saying('', () => undefined)).replace('http:', 'https:');
    expect(await failure(child(url, {}, { connectMs: 300 }).state('tools'))).toMatchObject({
      code: 'parent-unreachable',
      message: expect.stringContaining('no TLS connection within 300 ms'),
    });
  });
});

describe('through a proxy', () => {
  it('TLS goes from end to end, and the proxy sees nothing of it', async () => {
    const { url, seen } = await parentWith(germany);
    const proxy = await connectingProxy();
    const through = proxy.url.replace('//', '//me:s%40cret@');
    const client = child(url.replace('127.0.0.1', 'germany.invalid'), {}, { proxy: through });
    expect(await client.state('tools')).toMatchObject({ state });
    expect(seen).toEqual([{ serial: serialOf(munich), resumed: false }]);
    const credentials = `Basic ${Buffer.from('me:s@cret').toString('base64')}`;
    expect(proxy.asked).toEqual([{ to: `germany.invalid:${new URL(url).port}`, credentials }]);
    expect(proxy.passed()).not.toMatch(/HTTP|tools|munich|urn:depotd/);
  });

  it.each([
    ['407 Proxy Authentication Required', 'wants a user and a password'],
    ['403 Forbidden', 'does not allow that address'],
    ['502 Bad Gateway', 'does not reach the parent'],
  ])('its %s is told, without the password', async (refusal, hint) => {
    const proxy = await connectingProxy(refusal);
    const client = child('https://germany.invalid:8443', {}, { proxy: proxy.url.replace('//', '//me:hunter2@') });
    const error = await failure(client.state('tools'));
    expect(error).toMatchObject({ code: 'parent-unreachable', hint: expect.stringContaining(hint) });
    expect(error.message).toContain(`the proxy ${proxy.url}: the proxy answered ${refusal.slice(0, 3)}`);
    expect(`${error.message} ${error.hint} ${String(error.cause)}`).not.toMatch(/hunter2|me:/);
  });

  it('that is down, it is the proxy that is named', async () => {
    const error = await failure(
      child('https://germany.invalid:8443', {}, { proxy: 'http://me:hunter2@127.0.0.1:9' }).state('tools'),
    );
    expect(error).toMatchObject({ code: 'parent-unreachable', hint: expect.stringContaining('is the proxy running') });
    expect(error.message).toContain('through the proxy http://127.0.0.1:9: ');
  });

  it('that is silent, is not waited for for ever', async () => {
    const url = await saying('', () => undefined);
    const client = child('https://germany.invalid:8443', {}, { proxy: url, connectMs: 300 });
    expect((await failure(client.state('tools'))).message).toContain('no answer within 300 ms');
  });

  it('that speaks TLS, too, it goes where the system trusts its certificate, and not elsewhere', async () => {
    const { url } = await parentWith(germany);
    const proxy = await connectingProxy(undefined, await company.issueAt('127.0.0.1'));
    const trusted = join(await temporaryFolder(), 'root.pem');
    await writeFile(trusted, company.root);
    const poll = async (env: NodeJS.ProcessEnv): Promise<string> => {
      const asked = { url: url.replace('127.0.0.1', 'germany.invalid'), proxy: proxy.url, material: munich };
      const script = fileURLToPath(new URL('poll-once.ts', import.meta.url));
      const args = [...runsTypeScript, script, JSON.stringify(asked)];
      return (await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env } })).stdout;
    };
    const [trusting, other] = await Promise.all([poll({ NODE_EXTRA_CA_CERTS: trusted }), poll({})]);
    expect(trusting).toBe('germany-1');
    expect(other).toContain(`through the proxy ${proxy.url}: `);
  });
});

describe('a server that ends the connection with an alert', () => {
  const openssl = spawnSync('openssl', ['version']);

  it.skipIf(openssl.error !== undefined)('is understood: it refused the certificate of this depot', async () => {
    const folder = await temporaryFolder();
    const [leaf = '', issuing = ''] = germany.chain.split(/(?<=END CERTIFICATE-----\n)/);
    const files = { leaf, issuing, key: germany.key, root: company.root };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const port = await freePort();
    const shown = ['-cert', 'leaf', '-cert_chain', 'issuing', '-key', 'key', '-CAfile', 'root'];
    const server = spawn(
      'openssl',
      ['s_server', '-accept', `127.0.0.1:${port}`, ...shown, '-Verify', '3', '-verify_return_error', '-www'],
      { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] },
    );
    onTestFinished(() => void server.kill());
    await once(server.stdout, 'data');
    const foreign = { ...(await stranger.issue('munich-1', 'enterprise')), anchors: [company.root] };
    const refused = [foreign, await company.issue('munich-1', 'enterprise', { until: -hour })];
    const messages = [];
    for (const material of refused) {
      const error = await failure(child(`https://127.0.0.1:${port}`, { material: () => material }).state('tools'));
      expect(error.code).toBe('certificate-refused');
      messages.push(error.message.slice(error.message.indexOf('the parent')));
    }
    expect(messages).toEqual([
      'the parent refused the certificate of this depot: its CA is not known there',
      'the parent refused the certificate of this depot: it has expired',
    ]);
  });
});
