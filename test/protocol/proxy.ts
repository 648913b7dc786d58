import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { TlsMaterial } from '../../src/protocol/tls.js';

export interface Proxy {
  /** Without credentials. */
  readonly url: string;
  /** What it was asked to connect to, with the credentials that came along. */
  readonly asked: readonly { readonly to: string; readonly credentials: string | undefined }[];
  /** All that passed, as it saw it. */
  passed(): string;
}

/** An HTTP proxy that connects (CONNECT), or answers `refusal`. It resolves no names: all is on loopback. With `material` it speaks TLS. */
export async function connectingProxy(refusal?: string, material?: TlsMaterial): Promise<Proxy> {
  const asked: { to: string; credentials: string | undefined }[] = [];
  const passed: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server =
    material === undefined ? createServer() : createSecureServer({ key: material.key, cert: material.chain });
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.on('connect', ({ url: to = '', headers }, near: Socket) => {
    asked.push({ to, credentials: headers['proxy-authorization'] });
    if (refusal !== undefined) return void near.end(`HTTP/1.1 ${refusal}\r\ncontent-length: 0\r\n\r\n`);
    const far = connect(Number(to.split(':').at(-1)), '127.0.0.1', () => {
      near.write('HTTP/1.1 200 Connection established\r\n\r\n');
      for (const [from, other] of [
        [near, far],
        [far, near],
      ] as const) {
        from.on('data', (chunk: Buffer) => passed.push(chunk)).pipe(other);
        from.on('close', () => other.destroy());
      }
    });
    for (const socket of [near, far]) socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    url: `${material === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    passed: () => Buffer.concat(passed).toString('latin1'),
  };
}
