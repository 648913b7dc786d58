import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { parseRoute, type Route } from '../../src/protocol/routes.js';
import { join, openedLine, type Ends } from './opened-line.js';

/** What went over a line, both ways, as it is on the wire: with all headers, and with the records and handshakes of TLS. */
export interface Traffic {
  bytes: number;
  requests: number;
  /** For the files of a repository, in whatever form, and everything else. Zero where the line carries no depots' TLS. */
  contentBytes: number;
  metadataBytes: number;
}

export interface CountedLine {
  readonly port: number;
  /** Since the line was laid or this was last called. */
  take(): Traffic;
  close(): void;
}

type Kind = 'contentBytes' | 'metadataBytes';

const content: readonly Route['name'][] = ['object', 'encoding', 'bundle'];

/**
 * Passes connections on to a port on loopback that need not be open yet, and counts. With `ends` it has the keys of the
 * two depots, so that it also sees what is asked for.
 * @param at the port that it is found at; 0: any
 */
export async function countedLine(to: number, ends?: Ends, at = 0): Promise<CountedLine> {
  let traffic = none();
  const sockets = new Set<Socket>();
  /** What each connection carries, by the port that it goes on from. It carries one request at a time. */
  const kinds = new Map<number | undefined, Kind>();
  const inside =
    ends &&
    (await openedLine(to, ends, (port, target) => {
      kinds.set(port, content.includes(parseRoute(target).name) ? 'contentBytes' : 'metadataBytes');
      traffic.requests += 1;
    }));
  const server = createServer((near) => {
    const far = connect(inside?.port ?? to, '127.0.0.1');
    let port: number | undefined;
    let asked = 0;
    // What is asked for is known when the answer begins.
    const settle = (): void => {
      if (ends !== undefined) traffic[kinds.get(port) ?? 'metadataBytes'] += asked;
      traffic.bytes += asked;
      asked = 0;
    };
    const count = ({ length }: Buffer): void => void (asked += length);
    near.on('data', count);
    far.once('connect', () => (port = far.localPort));
    far.on('data', (chunk) => {
      count(chunk);
      settle();
    });
    far.once('close', () => {
      settle();
      kinds.delete(port);
    });
    join(near, far, sockets);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(at, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    take() {
      const taken = traffic;
      traffic = none();
      return taken;
    },
    close() {
      server.close();
      inside?.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function none(): Traffic {
  return { bytes: 0, requests: 0, contentBytes: 0, metadataBytes: 0 };
}
