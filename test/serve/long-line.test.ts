import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { realHost } from '../../src/host.js';
import { DepotError } from '../../src/model/errors.js';
import type { Rate } from '../../src/model/rate.js';
import { sha256 } from '../../src/model/sha256.js';
import type { ParentClient } from '../../src/protocol/client.js';
import { Line } from '../../src/protocol/line.js';
import { Uploads } from '../../src/serve/uploads.js';
import { noise } from '../encoding/noise.js';
import { childSite, hosted } from './hosted.js';

const content = Buffer.from(noise(3_000_000, 5, 3_000_000));
const frame = 32 * 1024;
const windows = { zone: 'UTC', list: [], otherwise: 'unlimited' } as const;

/** Passes on what comes only after a while, each way. */
async function longLine(to: string, oneWayMs: number) {
  const delayed = (from: Socket, into: Socket): void => {
    from.on('data', (chunk: Buffer) => setTimeout(() => into.destroyed || into.write(chunk), oneWayMs));
    from.on('error', () => into.destroy()).on('close', () => setTimeout(() => into.destroy(), oneWayMs));
  };
  const relay = createServer((near) => {
    const far = connect(Number(new URL(to).port), '127.0.0.1');
    delayed(near, far);
    delayed(far, near);
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void relay.close());
  return `http://127.0.0.1:${(relay.address() as AddressInfo).port}`;
}

/** A child at the end of a line of 100 ms there and back. */
async function childOf(rate: () => Rate) {
  const depot = await hosted({
    uploads: new Uploads(realHost, () => ({ windows, eachChild: 'unlimited', atOnce: 1 })),
  });
  await depot.publish('tools', { large: content });
  const line = new Line(realHost, () => ({ rate: rate(), urgentRate: null, frame, opens: null, rank: () => 0 }));
  const client = depot.child('munich-1', childSite, { url: await longLine(depot.url, 50), line });
  await client.state('tools');
  return { client, line };
}

/** Reads the object from `offset` on until there is `enough`. */
async function read(client: ParentClient, offset: number, enough = Infinity): Promise<Buffer> {
  const body = await client.object('tools', sha256(content), content.length, offset);
  const came: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body.chunks) {
    came.push(Buffer.from(chunk));
    if ((length += chunk.length) >= enough) break;
  }
  return Buffer.concat(came);
}

it('keeps to a rate of which the way there and back is longer than a frame, with one file', async () => {
  const rate = 500_000;
  const { client } = await childOf(() => rate);
  const startedAt = performance.now();
  const came = await read(client, 0);
  const seconds = (performance.now() - startedAt) / 1000;
  expect(came.equals(content)).toBe(true);
  // One frame after the other would be 200,000 bytes a second.
  expect(content.length / seconds).toBeGreaterThan(rate * 0.75);
  expect(content.length / seconds).toBeLessThan(rate * 1.05);
});

it('gives all that was asked for when the line is closed, and goes on behind it', async () => {
  let rate: Rate = 500_000;
  const { client, line } = await childOf(() => rate);
  const came: Uint8Array[] = [];
  let length = 0;
  const error = await client
    .object('tools', sha256(content), content.length, 0)
    .then(async ({ chunks }) => {
      for await (const chunk of chunks) {
        came.push(Buffer.from(chunk));
        length += chunk.length;
        if (length > 500_000) rate = 'closed';
      }
    })
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DepotError);
  expect(error).toMatchObject({ code: 'window-closed' });
  // The one under way and those behind it, a quarter of a second of the line.
  expect(length).toBeLessThan(500_000 + 125_000 + 2 * frame);
  const down = line.traffic.take();
  rate = 'unlimited';
  came.push(await read(client, length));
  expect(Buffer.concat(came).equals(content)).toBe(true);
  // Nothing came that was not used.
  expect(down).toBeLessThan(20_000);
});

it('lets go of what was asked for ahead when nobody reads on, and the line is free for others', async () => {
  const { client } = await childOf(() => 500_000);
  expect((await read(client, 0, 50_000)).length).toBeLessThan(50_000 + frame);
  const startedAt = performance.now();
  const came = await read(client, content.length - 400_000);
  expect(came.equals(content.subarray(-400_000))).toBe(true);
  // What was let go of is no debt, but for what had left.
  expect(performance.now() - startedAt).toBeLessThan(2_500);
});
