import { connect, createServer, type AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Host } from '../../src/host.js';

/** Something that crossed a line, by the clock of those who stand at its ends. */
interface Crossing {
  readonly atMs: number;
  /** Of answers; 0 for a request. */
  readonly bytes: number;
  /** What was asked for; undefined for bytes of answers. */
  readonly path: string | undefined;
}

export interface WatchedLine {
  readonly url: string;
  readonly crossings: readonly Crossing[];
  connections(): number;
  /** Of answers. */
  bytes(): number;
}

/** A line of plain HTTP to a port, which is cut after so many bytes of answers on each connection. */
export async function watchedLine(host: Host, to: number, cutAfterBytes = Infinity): Promise<WatchedLine> {
  const crossings: Crossing[] = [];
  let connections = 0;
  let bytes = 0;
  const relay = createServer((near) => {
    connections += 1;
    let left = cutAfterBytes;
    const far = connect(to, '127.0.0.1');
    // What is small would else wait for 40 real milliseconds, and the clock of the daemons with it.
    for (const socket of [near, far]) socket.setNoDelay(true);
    near.on('data', (chunk: Buffer) => {
      for (const [, path] of chunk.toString('latin1').matchAll(/^(?:GET|POST) (\/v1\/\S+) HTTP/gm)) {
        if (path !== undefined) crossings.push({ atMs: host.now(), bytes: 0, path });
      }
      far.write(chunk);
    });
    near.on('error', () => far.destroy()).on('close', () => far.destroy());
    far.on('error', () => near.destroy()).on('close', () => near.end());
    far.on('data', (chunk: Buffer) => {
      const some = chunk.subarray(0, left);
      left -= some.length;
      bytes += some.length;
      crossings.push({ atMs: host.now(), bytes: some.length, path: undefined });
      near.write(some);
      if (left > 0) return;
      near.end();
      far.destroy();
    });
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void relay.close());
  return {
    url: `http://127.0.0.1:${(relay.address() as AddressInfo).port}`,
    crossings,
    connections: () => connections,
    bytes: () => bytes,
  };
}
