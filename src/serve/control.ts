import { chmod, lstat, unlink } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { asDepotError, DepotError } from '../model/errors.js';
import type { ControlApi, WorkEvent } from './control-api.js';
import { controlCalls, type ControlCall } from './control-calls.js';
import { dataHeader, errorToWire, type StreamLine } from './control-wire.js';

export interface ControlServer {
  /** Refuses new requests, gives those under way a moment to end, and removes the socket. */
  close(): Promise<void>;
}

export interface ControlOptions {
  readonly path: string;
  /** The data directory; a request that was meant for the daemon of another one is refused. */
  readonly data: string;
  readonly version: string;
}

/** Arguments are names and paths: nothing sensible is longer. */
const maxBodyBytes = 64 * 1024;
/** `sun_path` holds 108 bytes with the final zero; what is longer would be cut off in silence. */
const maxSocketPathBytes = 107;
const closeGraceMs = 1_000;

/**
 * Serves `api` over HTTP on a Unix socket that the daemon's user and group may use (mode 0660). A socket file that a
 * killed daemon left behind is replaced: the caller holds the lock of the data directory, so nobody listens on it.
 * @throws DepotError `listen-failed`
 */
export async function serveControl(api: ControlApi, options: ControlOptions): Promise<ControlServer> {
  const { path } = options;
  await makeWay(path);
  const server = createServer((request, response) => void answer(api, options, request, response));
  server.requestTimeout = 30_000;
  try {
    server.listen(path);
    await once(server, 'listening');
    await chmod(path, 0o660);
  } catch (cause) {
    server.close();
    throw new DepotError('listen-failed', `control socket ${path}: ${messageOf(cause)}`, { cause, retry: 'never' });
  }
  return {
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      const impatience = setTimeout(() => server.closeAllConnections(), closeGraceMs);
      await closed;
      clearTimeout(impatience);
    },
  };
}

async function makeWay(path: string): Promise<void> {
  const bytes = Buffer.byteLength(path);
  if (bytes > maxSocketPathBytes) {
    throw new DepotError(
      'listen-failed',
      `control socket ${path}: the path has ${bytes} bytes, ${maxSocketPathBytes} are possible`,
      {
        hint: 'choose a shorter `data:`, or run the service with RuntimeDirectory=depotd',
        retry: 'never',
      },
    );
  }
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new DepotError('listen-failed', `control socket ${path}: something else is there`, {
      hint: `move ${path} away`,
      retry: 'never',
    });
  }
  await unlink(path);
}

async function answer(
  api: ControlApi,
  options: ControlOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.on('error', () => undefined);
  response.setHeader('depotd-version', options.version);
  try {
    const meant = request.headers[dataHeader];
    if (meant !== undefined && meant !== encodeURI(options.data)) {
      return sendJson(response, 421, { error: errorToWire(otherDepot(options.data)) });
    }
    const call = findCall(request, options);
    const input = await readInput(request);
    if (call.answer === 'stream') await stream(api, call, input, response);
    else sendJson(response, 200, { result: await call.run(api, input) });
  } catch (thrown) {
    if (response.headersSent) response.destroy();
    else sendJson(response, 400, { error: errorToWire(asDepotError(thrown, `control request ${request.url ?? ''}`)) });
  }
}

function findCall(request: IncomingMessage, options: ControlOptions): ControlCall {
  const name = /^\/v1\/([a-z-]+)$/.exec(request.url ?? '')?.[1] ?? '';
  const call = controlCalls.get(name);
  if (call === undefined || request.method !== 'POST') {
    throw new DepotError(
      'bad-request',
      `the daemon (version ${options.version}) knows no ${request.method} ${request.url}`,
      {
        hint: 'if depotd was upgraded, restart the service: systemctl restart depotd',
      },
    );
  }
  return call;
}

async function readInput(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes)
      throw new DepotError('bad-request', `a control request has at most ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch (cause) {
    // Not quoted: it may hold a passphrase.
    throw new DepotError('bad-request', 'the body of the control request is not JSON', { cause });
  }
}

/** Events as they happen, one JSON text a line, and `result` or `error` as the last line. */
async function stream(
  api: ControlApi,
  call: Extract<ControlCall, { answer: 'stream' }>,
  input: unknown,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  response.flushHeaders();
  response.on('close', () => gone.abort(new DepotError('interrupted', 'the one who asked is gone')));
  const send = async (line: StreamLine): Promise<void> => {
    if (gone.signal.aborted) return;
    if (response.write(`${JSON.stringify(line)}\n`)) return;
    await once(response, 'drain', { signal: gone.signal }).catch(() => undefined);
  };
  const onEvent = (event: WorkEvent): Promise<void> => send({ event });
  try {
    await send({ result: await call.run(api, input, { signal: gone.signal, onEvent }) });
  } catch (thrown) {
    await send({ error: errorToWire(asDepotError(thrown, `depot ${call.name}`)) });
  }
  response.end();
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

function otherDepot(data: string): DepotError {
  return new DepotError('daemon-down', `this is the control socket of another daemon, with the data directory ${data}`);
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
