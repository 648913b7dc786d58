import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { realHost } from '../../src/host.js';
import { DepotError } from '../../src/model/errors.js';
import type { Rate } from '../../src/model/rate.js';
import { sha256 } from '../../src/model/sha256.js';
import { ParentClient } from '../../src/protocol/client.js';
import { inFrames } from '../../src/protocol/frames.js';
import { Lanes } from '../../src/protocol/lanes.js';
import { Line } from '../../src/protocol/line.js';
import type { Part } from '../../src/protocol/part.js';
import { noise } from '../encoding/noise.js';
import { answering } from './misbehaving.js';

const MiB = 1024 ** 2;
const content = Buffer.from(noise(12 * MiB, 21, 12 * MiB));
const object = sha256(content);
/** Of one connection, bytes a second: what a long way or lost packets leave of a line. */
const onePace = 8 * MiB;
const pieceBytes = 64 * 1024;

interface Asked {
  readonly from: number;
  readonly end: number;
  sent: number;
}

/** What a test does with an answer: where it is cut, or that it is refused. */
interface Treatment {
  readonly cutAfter?: number;
  readonly isRefused?: boolean;
  readonly isWithoutRanges?: boolean;
}

/** A server each of whose connections is slow, however many there are; and a child of it. */
async function farParent(treat: (asked: Asked, underWay: number) => Treatment = () => ({})) {
  const asked: Asked[] = [];
  const seen = { underWay: 0, most: 0 };
  const answer = async ({ headers }: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [, from = '0', last = ''] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
    const range = { from: Number(from), end: last === '' ? content.length : Number(last) + 1, sent: 0 };
    asked.push(range);
    seen.underWay += 1;
    seen.most = Math.max(seen.most, seen.underWay);
    response.once('close', () => (seen.underWay -= 1));
    const { cutAfter = Infinity, isRefused, isWithoutRanges } = treat(range, seen.underWay);
    const error = JSON.stringify({ code: 'parent-busy', message: 'too many connections', hint: null });
    if (isRefused === true) {
      response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '5' }).end(error);
      return;
    }
    const { start, end } =
      isWithoutRanges === true ? { start: 0, end: content.length } : { ...range, start: range.from };
    const type = { 'content-type': 'application/octet-stream', 'content-length': end - start };
    if (isWithoutRanges === true || headers.range === undefined) response.writeHead(200, type);
    else response.writeHead(206, { ...type, 'content-range': `bytes ${start}-${end - 1}/${content.length}` });
    for (let at = start; at < end && !response.destroyed; at += pieceBytes) {
      if (at - start >= cutAfter) {
        response.destroy();
        return;
      }
      const piece = content.subarray(at, Math.min(at + pieceBytes, end));
      await delay((piece.length / onePace) * 1000);
      range.sent += piece.length;
      if (at + pieceBytes >= end) response.end(piece);
      else response.write(piece);
    }
  };
  const url = await answering((request, response) => void answer(request, response));
  const child = (line?: Line): ParentClient => {
    const client = new ParentClient({
      url,
      depot: 'munich-1',
      site: 'enterprise',
      version: '0.1.0',
      ...(line && { line }),
    });
    onTestFinished(() => client.close());
    return client;
  };
  return { child, asked, seen };
}

async function read(client: ParentClient, offset = 0, onBytes: (length: number) => void = () => undefined) {
  const body = await client.object('tools', object, content.length, offset);
  const came: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body.chunks) {
    came.push(Buffer.from(chunk));
    onBytes((length += chunk.length));
  }
  return Buffer.concat(came);
}

/** Bytes that were sent more than once. */
function sentTwice(asked: readonly Asked[]): number {
  return asked.reduce((sum, { sent }) => sum + sent, 0) - content.length;
}

it('comes over four connections where one is slow, in order, and each byte once', async () => {
  const { child, asked, seen } = await farParent();
  const startedAt = performance.now();
  expect((await read(child())).equals(content)).toBe(true);
  const seconds = (performance.now() - startedAt) / 1000;
  expect(seen.most).toBe(4);
  expect(sentTwice(asked)).toBe(0);
  // One connection takes 1.5 s at the least.
  expect(seconds).toBeLessThan(content.length / onePace);
});

it('goes on from where an earlier transfer was cut', async () => {
  const { child, asked } = await farParent();
  const from = 2_000_001;
  expect((await read(child(), from)).equals(content.subarray(from))).toBe(true);
  expect(Math.min(...asked.map((each) => each.from))).toBe(from);
});

it('shares the connections of a parent with other large files', async () => {
  const { child, seen } = await farParent();
  const client = child();
  const all = await Promise.all([0, 1, 2].map(async () => read(client)));
  for (const came of all) expect(came.equals(content)).toBe(true);
  // Four, and the one that each file has in any case.
  expect(seen.most).toBeLessThanOrEqual(6);
});

it('is asked for whole, once, of a parent that does no ranges', async () => {
  const { child, asked } = await farParent(() => ({ isWithoutRanges: true }));
  expect((await read(child())).equals(content)).toBe(true);
  expect(asked).toHaveLength(1);
});

it('loses what was on its way where connections are cut, and no more', async () => {
  const { child, asked } = await farParent(() => ({ cutAfter: 500_000 }));
  expect((await read(child())).equals(content)).toBe(true);
  // What the server had written when it cut the connection, and the system had not sent yet.
  expect(sentTwice(asked)).toBeLessThan(asked.length * 4 * pieceBytes);
});

it('ends as a cut where hardly anything comes of a frame any more, and gives what came before it', async () => {
  const broken = 3 * MiB;
  const { child } = await farParent(({ from, end }) => (from <= broken && broken < end ? { cutAfter: 0 } : {}));
  let came = 0;
  const error = await read(child(), 0, (length) => (came = length)).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'parent-unreachable', retry: 'now' });
  expect(came).toBeGreaterThanOrEqual(MiB);
  expect(came).toBeLessThanOrEqual(broken);
});

it('comes over fewer connections where the parent refuses more', async () => {
  const { child, seen } = await farParent((_, underWay) => ({ isRefused: underWay > 2 }));
  expect((await read(child())).equals(content)).toBe(true);
  expect(seen.most).toBe(3);
});

it('goes on in frames, at the rate, when the line gets one on the way', async () => {
  let rate: Rate = 'unlimited';
  let frame: number | null = null;
  const line = new Line(realHost, () => ({ rate, urgentRate: null, frame, opens: null, rank: () => 0 }));
  const { child, asked } = await farParent();
  let before = 0;
  const came = await read(child(line), 0, (length) => {
    if (length < 6 * MiB || frame !== null) return;
    before = asked.length;
    frame = 128 * 1024;
    rate = 10 * MiB;
  });
  expect(came.equals(content)).toBe(true);
  const after = asked.slice(before);
  expect(after.length).toBeGreaterThan(20);
  // But for those that were on their way to the parent then.
  const larger = after.map(({ from, end }) => end - from > 128 * 1024);
  expect(larger.filter(Boolean).length).toBeLessThanOrEqual(4);
  expect(larger.lastIndexOf(true)).toBeLessThan(8);
});

it('lets go of all connections when nobody reads on', async () => {
  const { child, seen } = await farParent();
  const client = child();
  const { chunks } = await client.object('tools', object, content.length, 0);
  let length = 0;
  for await (const chunk of chunks) if ((length += chunk.length) > 2 * MiB) break;
  await expect.poll(() => seen.underWay).toBe(0);
  expect((await read(client)).equals(content)).toBe(true);
  expect(seen.most).toBe(4);
});

it('of a near parent ends as a cut, too, though the frame behind the broken one is held for its reader', async () => {
  const [total, broken] = [200 * MiB, 20 * MiB];
  const piece = new Uint8Array(pieceBytes);
  async function* sent(from: number, end: number): AsyncGenerator<Uint8Array> {
    for (let at = from; at < end; at += pieceBytes) {
      if (at === broken) throw new DepotError('transfer-cut', 'the disk of the parent is broken', { retry: 'now' });
      yield piece;
    }
  }
  const ask = async (from: number, bytes: number): Promise<Part> => {
    const end = Math.min(total, from + bytes);
    return { offset: from, end, total, chunks: sent(from, end), isWhole: false, drop: () => undefined };
  };
  const sizes = { offset: 0, size: total, most: total };
  const sharing = { line: undefined, repository: 'tools', keeper: () => 'paces' as const, lanes: new Lanes() };
  const body = await inFrames({ ...sharing, ...sizes, signal: undefined, ask });
  let came = 0;
  const reading = (async () => {
    for await (const { length } of body?.chunks ?? []) came += length;
  })();
  await expect(reading).rejects.toMatchObject({ code: 'transfer-cut' });
  expect(came).toBe(broken);
});

it('ends requests that have no answer yet when nobody reads on', async () => {
  let [asked, open] = [0, 0];
  const url = await answering(({ headers }, response) => {
    asked += 1;
    open += 1;
    response.once('close', () => (open -= 1));
    // The first frame comes slowly, of the second one a piece, and to the others there is no answer.
    if (asked > 2) return;
    const [, from = '', last = ''] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
    const part = content.subarray(Number(from), Number(last) + 1);
    const type = { 'content-type': 'application/octet-stream', 'content-length': part.length };
    response.writeHead(206, { ...type, 'content-range': `bytes ${from}-${last}/${content.length}` });
    response.write(part.subarray(0, pieceBytes));
    if (asked === 1) setTimeout(() => response.end(part.subarray(pieceBytes)), 200);
  });
  const client = new ParentClient({ url, depot: 'munich-1', site: 'enterprise', version: '0.1.0' });
  onTestFinished(() => client.close());
  const { chunks } = await client.object('tools', object, content.length, 0);
  let length = 0;
  for await (const chunk of chunks) {
    if ((length += chunk.length) <= MiB) continue;
    await expect.poll(() => asked).toBeGreaterThan(2);
    break;
  }
  await expect.poll(() => open).toBe(0);
});
