import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { sha256 } from '../../src/model/sha256.js';
import { ParentClient } from '../../src/protocol/client.js';
import { Line } from '../../src/protocol/line.js';
import { noise } from '../encoding/noise.js';
import { certificateAuthority, judging } from '../harness/certificates.js';
import { hurriedHost } from '../harness/hurried-host.js';
import { answering } from './misbehaving.js';

const company = await certificateAuthority();
const server = await company.issue('web-1', 'enterprise');
const munich = await company.issue('munich-1', 'enterprise/germany/munich');

const content = Buffer.from(noise(2_000_000, 8, 2_000_000));
const rate = 100_000;

/** What was asked for, and when by the child's clock. */
interface Asked {
  readonly atMs: number;
  readonly bytes: number;
}

/** A web server with TLS that knows of no rates, and perhaps of no ranges; and a child of it on a line with a rate. */
async function childOf(answer: (request: IncomingMessage, response: ServerResponse) => number, frame: number) {
  const host = hurriedHost();
  const asked: Asked[] = [];
  const url = await answering((request, response) => {
    const atMs = host.now();
    asked.push({ atMs, bytes: answer(request, response) });
  }, server);
  const line = new Line(host, () => ({ rate, urgentRate: null, frame, opens: null, rank: () => 0 }));
  const tls = { material: () => munich, judge: judging() };
  const client = new ParentClient({ url, depot: 'munich-1', site: 'enterprise', version: '0.1.0', tls, line });
  onTestFinished(() => client.close());
  const startedAt = host.now();
  const read = async (): Promise<{ seconds: number; isWhole: boolean }> => {
    const { chunks } = await client.object('tools', sha256(content), content.length, 0);
    const came: Uint8Array[] = [];
    for await (const chunk of chunks) came.push(Buffer.from(chunk));
    return { seconds: (host.now() - startedAt) / 1000, isWhole: Buffer.concat(came).equals(content) };
  };
  return { read, asked };
}

/** As nginx does it. */
function answerRange({ headers }: IncomingMessage, response: ServerResponse): number {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
  const type = { 'content-type': 'application/octet-stream' };
  if (first === undefined) {
    response.writeHead(200, { ...type, 'content-length': content.length }).end(content);
    return content.length;
  }
  const end = last === undefined || last === '' ? content.length : Number(last) + 1;
  const part = content.subarray(Number(first), end);
  const range = `bytes ${first}-${end - 1}/${content.length}`;
  response.writeHead(206, { ...type, 'content-range': range, 'content-length': part.length }).end(part);
  return part.length;
}

it.each([
  { frame: 256 * 1024, most: rate },
  { frame: 16 * 1024, most: 16 * 1024 },
])(
  'asks a server that knows no rates for at most a second of the line, and a frame of $frame',
  async ({ frame, most }) => {
    const { read, asked } = await childOf(answerRange, frame);
    const { seconds, isWhole } = await read();
    expect(isWhole).toBe(true);
    for (const { bytes } of asked) expect(bytes).toBeLessThanOrEqual(most);
    // The first one comes at once, and the headers and TLS count, too.
    expect(content.length / seconds).toBeLessThan((rate * content.length) / (content.length - most));
    expect(content.length / seconds).toBeGreaterThan(rate * 0.9);
    // In no ten seconds more than ten seconds of the line and one range.
    for (const [at, { atMs }] of asked.entries()) {
      const span = asked.slice(at).filter((each) => each.atMs < atMs + 10_000);
      expect(span.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(10 * rate + most);
    }
  },
);

it('reads what comes whole, though a part was asked for, no faster than the rate', async () => {
  const { read, asked } = await childOf((_, response) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': content.length });
    response.end(content);
    return content.length;
  }, 256 * 1024);
  const { seconds, isWhole } = await read();
  expect(isWhole).toBe(true);
  expect(asked).toHaveLength(1);
  expect(content.length / seconds).toBeLessThan(rate * 1.1);
});
