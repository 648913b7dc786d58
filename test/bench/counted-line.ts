import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { parseRoute } from '../../src/protocol/routes.js';

/** What went over a line, both ways, with all headers. */
export interface Traffic {
  bytes: number;
  requests: number;
  /** Requests for the files of a repository, and everything else. Zero where the line does not speak HTTP. */
  contentBytes: number;
  metadataBytes: number;
}

export interface CountedLine {
  readonly port: number;
  /** Since the line was laid or this was last called. */
  take(): Traffic;
  close(): void;
}

/** Passes connections on to a port on loopback that need not be open yet, and counts. */
export async function countedLine(to: number): Promise<CountedLine> {
  let traffic = none();
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    let kind: 'contentBytes' | 'metadataBytes' | undefined;
    const count = (chunk: Buffer): void => {
      traffic.bytes += chunk.length;
      if (kind !== undefined) traffic[kind] += chunk.length;
    };
    near.on('data', (chunk) => {
      // A connection carries one request at a time, and each begins a chunk.
      const target = /^(?:GET|POST) (\S+) HTTP\/1\.1\r\n/.exec(chunk.toString('latin1', 0, 4096))?.[1];
      if (target !== undefined) {
        kind = parseRoute(target).name === 'object' ? 'contentBytes' : 'metadataBytes';
        traffic.requests += 1;
      }
      count(chunk);
    });
    far.on('data', count);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true).pipe(other);
      socket.on('error', () => other.destroy()).on('close', () => sockets.delete(socket));
    }
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    take() {
      const taken = traffic;
      traffic = none();
      return taken;
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function none(): Traffic {
  return { bytes: 0, requests: 0, contentBytes: 0, metadataBytes: 0 };
}
