import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { onTestFinished } from 'vitest';

/** One request that went over a line, and how many bytes of the answer's body did. */
export interface Passed {
  readonly path: string;
  readonly status: number;
  bytes: number;
}

/** What a line makes of the body of an answer. When it throws, the connection is cut there. */
export type Meddling = (body: AsyncIterable<Buffer>, passed: Passed) => AsyncIterable<Buffer>;

/** A line between a child and its parent, on which a test can listen and meddle. */
export interface Line {
  /** Where the child finds its parent. */
  readonly url: string;
  /** In the order in which they were answered, since the line was laid or `forget` was called. */
  passed(part?: string): readonly Passed[];
  forget(): void;
  /** From now on; undefined: bodies go through as they are. */
  meddle(how: Meddling | undefined): void;
}

/** Lays a line to a server that need not be there yet. */
export async function lineTo(url: () => string, whenDone: (clean: () => void) => void = onTestFinished): Promise<Line> {
  let passed: Passed[] = [];
  let meddling: Meddling | undefined;
  const sockets = new Set<Socket>();

  const forward = async (from: IncomingMessage, to: ServerResponse): Promise<void> => {
    const { method, url: path = '/', headers } = from;
    const asked = ask(new URL(path, url()), { method, headers, agent: false });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      asked.once('response', resolve).once('error', reject);
    });
    const [answer] = await Promise.all([answered, pipeline(from, asked)]);
    const entry: Passed = { path, status: answer.statusCode ?? 0, bytes: 0 };
    passed.push(entry);
    to.writeHead(entry.status, answer.rawHeaders);
    const body: AsyncIterable<Buffer> = answer;
    const counted = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        yield chunk;
        entry.bytes += chunk.length;
      }
    };
    await pipeline(counted(meddling === undefined ? body : meddling(body, entry)), to);
  };

  const server = createServer((from, to) => {
    forward(from, to).catch(() => to.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  whenDone(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed: (part = '') => passed.filter(({ path }) => path.includes(part)),
    forget: () => void (passed = []),
    meddle: (how) => void (meddling = how),
  };
}
