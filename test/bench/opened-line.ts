import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:tls';
import { certificateOf } from '../cluster/certificate.js';
import type { Depot } from '../harness/depot.js';

/** The depots at both ends of a line, which need not have joined yet when it is laid. */
export interface Ends {
  child(): Depot;
  parent(): Depot;
}

/**
 * Passes connections of TLS on to a port on loopback, and is to each end the other one, with its keys.
 * @param onRequest the port from which the connection came, and the target of each request as it begins
 */
export async function openedLine(to: number, ends: Ends, onRequest: (port: number, target: string) => void) {
  const sockets = new Set<Socket>();
  const settings = { minVersion: 'TLSv1.3', requestCert: true, rejectUnauthorized: false } as const;
  const server = createServer(settings, (near) => {
    const name = certificateOf(ends.child());
    const far = connect({ ...name, host: '127.0.0.1', port: to, checkServerIdentity: () => undefined });
    const port = near.remotePort ?? 0;
    near.on('data', (chunk: Buffer) => {
      // Each request begins a chunk.
      const target = /^(?:GET|POST) (\S+) HTTP\/1\.1\r\n/.exec(chunk.toString('latin1', 0, 4096))?.[1];
      if (target !== undefined) onRequest(port, target);
    });
    join(near, far, sockets);
  });
  // Before the server's own listener takes the connection. Once: another context would not know the sessions of this one.
  let hasCertificate = false;
  server.prependListener('connection', () => {
    if (!hasCertificate) server.setSecureContext(certificateOf(ends.parent()));
    hasCertificate = true;
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Passes on what comes at either end, until one of them ends. `sockets` has those that are open. */
export function join(near: Socket, far: Socket, sockets: Set<Socket>): void {
  for (const [socket, other] of [
    [near, far],
    [far, near],
  ] as const) {
    sockets.add(socket);
    socket.setNoDelay(true).pipe(other);
    socket.on('error', () => other.destroy()).on('close', () => sockets.delete(socket));
  }
}
