import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import { limits } from '../protocol/limits.js';
import { contextOptions } from '../protocol/material.js';
import type { ListenerLimits } from './limits.js';
import { listenFailed } from './place.js';
import type { ListenerTls } from './secure.js';

/** A server that does not listen yet; `renew` takes over new material. */
export interface Serving {
  readonly server: Server | SecureServer;
  renew(): void;
}

/** A day: children that poll a few times a day resume still, and do not need a new handshake for each poll. */
const sessionSeconds = 86_400;

type Answering = (request: IncomingMessage, response: ServerResponse) => void;

/** HTTP as it is. */
export function plainServer(allowed: ListenerLimits, answer: Answering): Serving {
  return { server: createServer(httpOptions(allowed), answer), renew: () => undefined };
}

/**
 * HTTPS that asks for a certificate, and does not refuse any by itself.
 * @throws DepotError `certificate-refused` where the material cannot be used, also by `renew`
 */
export function secureServer(tls: ListenerTls, allowed: ListenerLimits, answer: Answering): Serving {
  const server = createSecureServer(
    {
      ...httpOptions(allowed),
      ...contextOptions(tls.material()),
      requestCert: true,
      // `admit` refuses, with a reason.
      rejectUnauthorized: false,
      handshakeTimeout: allowed.headersMs,
      sessionTimeout: sessionSeconds,
    },
    answer,
  );
  // A new context has new ticket keys: what the old one trusted is not resumed.
  const renew = (): void =>
    server.setSecureContext({ ...contextOptions(tls.material()), sessionTimeout: sessionSeconds });
  return { server, renew };
}

function httpOptions(allowed: ListenerLimits) {
  return {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: allowed.headersMs,
    requestTimeout: allowed.requestMs,
    keepAliveTimeout: allowed.keepAliveMs,
    connectionsCheckingInterval: Math.min(allowed.headersMs, 30_000),
  };
}

/** @returns the port, where any was asked for. @throws DepotError `listen-failed` */
export async function listenOn(server: Serving['server'], host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    // Later ones are of single connections that could not be accepted; they come back.
    server.on('error', (error: NodeJS.ErrnoException) => reject(listenFailed(error, host, port)));
    server.listen({ host, port }, resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}
