import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A line between two ports that carries so many bytes of answers a second, of all connections together, in the order in which they come. */
export async function slowLine(at: number, to: number, bytesPerSecond: number): Promise<void> {
  const sockets = new Set<Socket>();
  let freeAtMs = 0;
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true).on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.end();
      });
    }
    near.pipe(far);
    far.on('data', (chunk: Buffer) => {
      far.pause();
      const now = performance.now();
      freeAtMs = Math.max(now, freeAtMs) + (chunk.length / bytesPerSecond) * 1000;
      setTimeout(() => {
        // Whoever does not read holds up the other side.
        if (near.write(chunk)) far.resume();
        else near.once('drain', () => far.resume());
      }, freeAtMs - now);
    });
  });
  await new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
}
