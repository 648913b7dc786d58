import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Peer } from '../protocol/tls.js';
import { closing, type Closing } from './closing.js';
import { OpenConnections } from './connections.js';
import { listenerLimits, type ListenerLimits } from './limits.js';
import { addressOf, type Place } from './place.js';
import { admit, type ListenerTls } from './secure.js';
import { listenOn, plainServer, secureServer } from './server.js';
import { sayBusy, sayWhatWasWrong } from './wrongs.js';

export interface Listener {
  /** Where it really listens. */
  readonly url: string;
  /**
   * Listens elsewhere: there first, then no longer here; answers under way at the old place have `graceMs` to end.
   * @throws DepotError `listen-failed`; it listens on where it did then
   */
  rebind(place: Place, graceMs: number): Promise<void>;
  /**
   * Shows the certificate, and goes by the anchors, that `material` gives now. Open connections end with their next answer,
   * and no session from before is resumed.
   * @throws DepotError `certificate-refused` where the material cannot be used; it goes on with the old one then
   */
  renew(): void;
  /** Ends the connections over which requests came and whose certificates are not accepted any more, in the middle of answers, too. */
  judgeAgain(): void;
  /** Accepts nothing more; resolves when the answers under way have ended, or were cut after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

export interface ListenOptions {
  /** Without it the listener speaks plain HTTP, on loopback only. */
  readonly tls?: ListenerTls | undefined;
  readonly limits?: ListenerLimits;
}

/**
 * @param peer who asks, by the certificate; undefined on a plain listener, and for open requests
 * @param wire the socket below TLS
 */
type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  peer: Peer | undefined,
  wire: Socket,
) => Promise<void>;

/** @throws DepotError `listen-failed`; `certificate-refused` where the material cannot be used */
export async function listen(place: Place, handler: Handler, options: ListenOptions = {}): Promise<Listener> {
  let bound = await bind(place, handler, options);
  return {
    get url() {
      return bound.url;
    },
    async rebind(to, graceMs) {
      if ((await addressOf(to, options.tls !== undefined)) === bound.address && to.port === bound.port) return;
      const old = bound;
      bound = await bind(to, handler, options);
      await old.closing.close(graceMs);
    },
    renew: () => bound.renew(),
    judgeAgain() {
      if (options.tls !== undefined) bound.connections.cut(options.tls.judge);
    },
    close: (graceMs) => bound.closing.close(graceMs),
  };
}

interface Bound {
  readonly url: string;
  readonly address: string;
  readonly port: number;
  readonly connections: OpenConnections;
  readonly closing: Closing;
  renew(): void;
}

async function bind(
  place: Place,
  handler: Handler,
  { tls, limits: allowed = listenerLimits }: ListenOptions,
): Promise<Bound> {
  const address = await addressOf(place, tls !== undefined);
  const connections = new OpenConnections(allowed);
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    if (socket.destroyed) return;
    // One of several that came at once. Before its turn nobody tells it that the connection is cut, and its files would stay open.
    if (response.socket === null) {
      response.once('socket', () => answer(request, response));
      return;
    }
    if (connections.isSurplus(socket)) return sayBusy(response);
    if (connections.isOutdated(socket)) response.setHeader('connection', 'close');
    const peer = tls === undefined ? undefined : admit({ request, response }, tls);
    if (peer === 'refused') return;
    if (peer !== undefined) connections.identify(socket as TLSSocket);
    void handler(request, response, peer, connections.below(socket));
  };
  const { server, renew } = tls === undefined ? plainServer(allowed, answer) : secureServer(tls, allowed, answer);
  server.setTimeout(allowed.idleMs);
  server.maxConnections = 2 * allowed.connections;
  server.on('connection', (socket: Socket) => connections.enter(socket));
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => connections.setReady(socket));
  server.on('clientError', (error, socket) => {
    if (connections.isReady(socket as Socket)) sayWhatWasWrong(error, socket as Socket);
    else socket.destroy();
  });
  const end = closing(server, () => connections.cutUnready());
  const port = await listenOn(server, address, place.port);
  const host = isIP(address) === 6 ? `[${address}]` : address;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host}:${port}`,
    address,
    port,
    connections,
    closing: end,
    renew() {
      renew();
      connections.outdate();
    },
  };
}
