import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer as createTcp, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A web server on loopback that answers each request as the test says, over TLS where it has a key. @returns its URL */
export async function answering(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  tls?: { readonly key: string; readonly chain: string },
): Promise<string> {
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    request.resume();
    handler(request, response);
  };
  const server = tls === undefined ? createHttp(answer) : createHttps({ key: tls.key, cert: tls.chain }, answer);
  onTestFinished(() => server.closeAllConnections());
  const url = await listening(server);
  return tls === undefined ? url : url.replace('http:', 'https:');
}

/** A server that says these bytes as soon as it is spoken to, whatever they are, and then what `after` does. */
export async function saying(
  bytes: string,
  after: (socket: Socket) => void = (socket) => socket.end(),
): Promise<string> {
  const server = createTcp((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(bytes, () => after(socket)));
  });
  return listening(server);
}

export interface Relay {
  readonly url: string;
  /** Bytes that went through, both ways. */
  bytes(): number;
  text(): string;
  /** Ends the connections that there are. */
  cut(): void;
}

/** Stands between client and server and counts what crosses the wire; TLS goes through it unread. */
export async function relayTo(url: string): Promise<Relay> {
  const { port, protocol } = new URL(url);
  const seen: Buffer[] = [];
  const open = new Set<Socket>();
  const server = createTcp((near) => {
    const far = connect(Number(port), '127.0.0.1');
    open.add(near).add(far);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('error', () => to.destroy()).on('close', () => open.delete(from));
      from.on('data', (chunk: Buffer) => seen.push(chunk));
      from.pipe(to);
    }
  });
  return {
    url: (await listening(server)).replace('http:', protocol),
    bytes: () => seen.reduce((sum, chunk) => sum + chunk.length, 0),
    text: () => Buffer.concat(seen).toString('latin1'),
    cut: () => open.forEach((socket) => socket.destroy()),
  };
}

async function listening(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
