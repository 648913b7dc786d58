import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as ask } from 'node:https';
import { createServer as createTcp, type AddressInfo, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { onTestFinished } from 'vitest';
import type { Depot } from '../harness/depot.js';
import type { WhenDone } from '../harness/temporary.js';
import { certificateOf, inNameOf } from './certificate.js';

/** One request that went over a line, and how many bytes of the answer's body did. */
export interface Passed {
  readonly path: string;
  readonly status: number;
  bytes: number;
}

/** What a line makes of the body of an answer. When it throws, the connection is cut there. */
export type Meddling = (body: AsyncIterable<Buffer>, passed: Passed) => AsyncIterable<Buffer>;

/**
 * A line between a child and its parent, on which a test can listen and meddle: it has the keys of both, and so is to each
 * of them the other one, with altered code.
 */
export interface Line {
  /** Where the child finds its parent. */
  readonly url: string;
  /** In the order in which they were answered, since the line was laid or `forget` was called. */
  passed(part?: string): readonly Passed[];
  forget(): void;
  /** From now on; undefined: bodies go through as they are. */
  meddle(how: Meddling | undefined): void;
  /** Answers 404 to what this says, as a parent that does not have it; undefined: to nothing. */
  refuse(which: ((path: string) => boolean) | undefined): void;
}

/** Lays a line between depots that need not be there yet. */
export async function lineBetween(
  child: () => Depot,
  parent: () => Depot,
  whenDone: WhenDone = onTestFinished,
): Promise<Line> {
  let passed: Passed[] = [];
  let meddling: Meddling | undefined;
  let refused: (path: string) => boolean = () => false;
  const sockets = new Set<Socket>();

  const forward = async (from: IncomingMessage, to: ServerResponse): Promise<void> => {
    const { method, url: path = '/', headers } = from;
    if (refused(path)) {
      from.resume();
      const none = JSON.stringify({ code: 'not-found', message: 'it is not here', hint: null });
      to.writeHead(404, { 'content-type': 'application/json' }).end(none);
      passed.push({ path, status: 404, bytes: none.length });
      return;
    }
    const asked = ask(new URL(path, parent().url), { ...inNameOf(child()), method, headers });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      asked.once('response', resolve).once('error', reject);
    });
    const [answer] = await Promise.all([answered, pipeline(from, asked)]);
    const entry: Passed = { path, status: answer.statusCode ?? 0, bytes: 0 };
    passed.push(entry);
    to.writeHead(entry.status, answer.rawHeaders);
    const body: AsyncIterable<Buffer> = answer;
    for await (const chunk of meddling === undefined ? body : meddling(body, entry)) {
      // What is counted has left, and is not lost where the connection is cut.
      await new Promise<void>((resolve, reject) => {
        to.write(chunk, (error) => (error == null ? resolve() : reject(error)));
      });
      entry.bytes += chunk.length;
    }
    to.end();
  };

  const server = createServer((from, to) => {
    forward(from, to).catch(() => to.destroy());
  });
  const door = createTcp((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    server.setSecureContext(certificateOf(parent()));
    server.emit('connection', socket);
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  whenDone(() => {
    door.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    url: `https://127.0.0.1:${(door.address() as AddressInfo).port}`,
    passed: (part = '') => passed.filter(({ path }) => path.includes(part)),
    forget: () => void (passed = []),
    meddle: (how) => void (meddling = how),
    refuse: (which) => void (refused = which ?? (() => false)),
  };
}
