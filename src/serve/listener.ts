import { lookup } from 'node:dns/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { BlockList, isIP, type Socket } from 'node:net';
import { DepotError } from '../model/errors.js';
import { formatMessage } from '../protocol/messages.js';
import { limits } from '../protocol/limits.js';
import { closing, type Closing } from './closing.js';

export interface Place {
  /** An IP address, or a name of one; port 0 takes any that is free. */
  readonly host: string;
  readonly port: number;
}

export interface Listener {
  /** Where it really listens. */
  readonly url: string;
  /**
   * Listens elsewhere: there first, then no longer here; answers under way at the old place have `graceMs` to end.
   * @throws DepotError `listen-failed`; it listens on where it did then
   */
  rebind(place: Place, graceMs: number): Promise<void>;
  /** Accepts nothing more; resolves when the answers under way have ended, or were cut after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

export interface ListenerLimits {
  /** Connections beyond are told to come back; beyond twice as many they are not even accepted. */
  readonly connections: number;
  /** From one address. Behind a NAT that may be a whole site. */
  readonly connectionsPerPeer: number;
  /** From the connection to the end of the headers. */
  readonly headersMs: number;
  /** For a request with its body; slow bodies are cut long before, by their headway. */
  readonly requestMs: number;
  /** A connection without headway. */
  readonly idleMs: number;
  /** Between two requests. */
  readonly keepAliveMs: number;
}

export const listenerLimits: ListenerLimits = {
  connections: 1_024,
  connectionsPerPeer: 512,
  headersMs: 30_000,
  requestMs: 3_600_000,
  idleMs: 120_000,
  keepAliveMs: 15_000,
};

const retryAfterSeconds = 30;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Plain HTTP on loopback, until listeners have certificates. @throws DepotError `listen-failed` */
export async function listen(
  place: Place,
  handler: Handler,
  allowed: ListenerLimits = listenerLimits,
): Promise<Listener> {
  let bound = await bind(place, handler, allowed);
  return {
    get url() {
      return bound.url;
    },
    async rebind(to, graceMs) {
      if ((await addressOf(to)) === bound.address && to.port === bound.port) return;
      const old = bound;
      bound = await bind(to, handler, allowed);
      await old.closing.close(graceMs);
    },
    close: (graceMs) => bound.closing.close(graceMs),
  };
}

interface Bound {
  readonly url: string;
  readonly address: string;
  readonly port: number;
  readonly closing: Closing;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

async function bind(place: Place, handler: Handler, allowed: ListenerLimits): Promise<Bound> {
  const address = await addressOf(place);
  const surplus = countSurplus(allowed);
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: allowed.headersMs,
      requestTimeout: allowed.requestMs,
      keepAliveTimeout: allowed.keepAliveMs,
      connectionsCheckingInterval: Math.min(allowed.headersMs, 30_000),
    },
    (request, response) => {
      if (surplus.has(request.socket)) sayBusy(response);
      else void handler(request, response);
    },
  );
  server.setTimeout(allowed.idleMs);
  server.maxConnections = 2 * allowed.connections;
  server.on('connection', surplus.enter);
  server.on('clientError', (error, socket) => sayWhatWasWrong(error, socket as Socket));
  const end = closing(server);
  const port = await listenOn(server, address, place.port);
  const host = isIP(address) === 6 ? `[${address}]` : address;
  return { url: `http://${host}:${port}`, address, port, closing: end };
}

/** The one address to bind. @throws DepotError `listen-failed` where it is not on loopback */
async function addressOf({ host, port }: Place): Promise<string> {
  const name = host.replace(/^\[(.*)\]$/, '$1');
  const addresses = isIP(name) === 0 ? await resolve(name) : [name];
  const [first] = addresses;
  if (first !== undefined && addresses.every(isLoopback)) return first;
  throw new DepotError('listen-failed', `listen on ${host}:${port}: ${addresses.join(', ')} is not on loopback`, {
    hint: 'without certificates a depot listens on 127.0.0.1 or [::1] only: set `listen: http://127.0.0.1:8443`',
    retry: 'never',
  });
}

async function resolve(name: string): Promise<string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch (cause) {
    throw new DepotError('listen-failed', `listen on ${name}: there is no such name`, {
      cause,
      hint: 'set `listen:` to an address of this machine',
      retry: 'never',
    });
  }
}

function isLoopback(address: string): boolean {
  return loopback.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

async function listenOn(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    // Later ones are of single connections that could not be accepted; they come back.
    server.on('error', (error: NodeJS.ErrnoException) => reject(listenFailed(error, host, port)));
    server.listen({ host, port }, resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

function listenFailed(error: NodeJS.ErrnoException, host: string, port: number): DepotError {
  const hints: Record<string, string> = {
    EADDRINUSE: `another program listens there; \`ss -ltnp 'sport = :${port}'\` says which. Stop it, or set another port in \`listen:\``,
    EACCES:
      'ports below 1024 need CAP_NET_BIND_SERVICE: set a higher port in `listen:`, or install the drop-in of systemd/',
    EADDRNOTAVAIL: 'this machine does not have that address; set `listen:` to one that it has',
  };
  const hint = hints[error.code ?? ''];
  return new DepotError('listen-failed', `listen on ${host}:${port}: ${error.message}`, {
    cause: error,
    retry: 'never',
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Counts connections as they come; those beyond the limits are surplus until they end. */
function countSurplus(allowed: ListenerLimits): { enter(socket: Socket): void; has(socket: Socket): boolean } {
  const peers = new Map<string, number>();
  const surplus = new WeakSet<Socket>();
  let all = 0;
  return {
    enter(socket) {
      const peer = socket.remoteAddress ?? '';
      const ofPeer = (peers.get(peer) ?? 0) + 1;
      all += 1;
      peers.set(peer, ofPeer);
      if (all > allowed.connections || ofPeer > allowed.connectionsPerPeer) surplus.add(socket);
      socket.once('close', () => {
        all -= 1;
        const left = (peers.get(peer) ?? 1) - 1;
        if (left === 0) peers.delete(peer);
        else peers.set(peer, left);
      });
    },
    has: (socket) => surplus.has(socket),
  };
}

function sayBusy(response: ServerResponse): void {
  const body = formatMessage({ code: 'parent-busy', message: 'too many connections', hint: null });
  response.writeHead(503, { ...plainHeaders(body), 'retry-after': `${retryAfterSeconds}` }).end(body);
}

/** Answers what is not HTTP, too large or too slow, where the other side can still hear it. */
function sayWhatWasWrong(error: NodeJS.ErrnoException, socket: Socket): void {
  const isAnswered = socket.bytesWritten > 0;
  if (!socket.writable || isAnswered || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, message] = wrongs[error.code ?? ''] ?? ['400 Bad Request', 'that is not an HTTP request'];
  const body = formatMessage({ code: 'bad-request', message, hint: null });
  const headers = Object.entries(plainHeaders(body)).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status}\r\n${headers.join('')}\r\n${body.toString()}`);
}

const wrongs: Readonly<Record<string, readonly [string, string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', `headers have at most ${limits.headerBytes} bytes`],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request did not come in time'],
};

function plainHeaders(body: Buffer): Record<string, string> {
  return { 'content-type': 'application/json', 'content-length': `${body.length}`, connection: 'close' };
}
