import { createServer } from 'node:net';

/** A port on 127.0.0.1 that was free a moment ago. Several asked for together are different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen()));
  return Promise.all(
    servers.map(({ server, port }) => new Promise<number>((resolve) => server.close(() => resolve(port)))),
  );
}

export async function freePort(): Promise<number> {
  const { server, port } = await listen();
  return new Promise((resolve) => server.close(() => resolve(port)));
}

async function listen(): Promise<{ server: ReturnType<typeof createServer>; port: number }> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('no port was given'));
      else resolve({ server, port: address.port });
    });
  });
}
