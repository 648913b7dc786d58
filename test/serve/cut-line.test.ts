import { connect, createServer, type AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { DepotError } from '../../src/model/errors.js';
import { sha256 } from '../../src/model/sha256.js';
import { Line } from '../../src/protocol/line.js';
import { Uploads } from '../../src/serve/uploads.js';
import { patiently } from '../../src/sync/patience.js';
import { noise } from '../encoding/noise.js';
import { hurriedHost } from '../harness/hurried-host.js';
import { childSite, hosted } from './hosted.js';

/** Passes on, and ends each connection after so many bytes of answers. */
async function cutLine(to: string, afterBytes: number) {
  const passed = { down: 0, connections: 0 };
  const relay = createServer((near) => {
    passed.connections += 1;
    let left = afterBytes;
    const far = connect(Number(new URL(to).port), '127.0.0.1');
    near.on('data', (chunk) => far.write(chunk)).on('error', () => far.destroy());
    near.on('close', () => far.destroy());
    far.on('error', () => near.destroy()).on('close', () => near.end());
    far.on('data', (chunk: Buffer) => {
      const some = chunk.subarray(0, left);
      left -= some.length;
      passed.down += some.length;
      near.write(some);
      if (left > 0) return;
      near.end();
      far.destroy();
    });
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void relay.close());
  return { url: `http://127.0.0.1:${(relay.address() as AddressInfo).port}`, passed };
}

it('moves each byte of a file once over 64 kbit/s, though the line is cut every few seconds, and at the rate', async () => {
  const rate = 8_000;
  const host = hurriedHost();
  const windows = { zone: 'UTC', list: [], otherwise: 'unlimited' } as const;
  const depot = await hosted({ uploads: new Uploads(host, () => ({ windows, eachChild: 'unlimited', atOnce: 1 })) });
  const content = Buffer.from(noise(1_000_000, 7, 1_000_000));
  await depot.publish('tools', { large: content });
  // Five seconds of the line.
  const { url, passed } = await cutLine(depot.url, 40_000);
  const line = new Line(host, () => ({ rate, urgentRate: null, frame: 256 * 1024, opens: null, rank: () => 0 }));
  const client = depot.child('munich-1', childSite, { url, line });
  await client.state('tools');
  passed.down = 0;

  const startedAt = host.monotonic();
  const came: Uint8Array[] = [];
  let at = 0;
  for (let tries = 0; at < content.length; tries += 1) {
    if (tries > 100) throw new Error(`only ${at} bytes came`);
    await patiently(host, new AbortController().signal, async () => {
      const body = await client.object('tools', sha256(content), content.length, at);
      expect(body.offset).toBe(at);
      for await (const chunk of body.chunks) {
        came.push(Buffer.from(chunk));
        at += chunk.length;
      }
    }).catch((error: unknown) => {
      if (!(error instanceof DepotError) || !/^(transfer-cut|parent-unreachable)$/.test(error.code)) throw error;
    });
  }

  expect(Buffer.concat(came).equals(content)).toBe(true);
  expect(passed.connections).toBeGreaterThan(20);
  // What is more are the headers of the answers.
  expect(passed.down).toBeLessThan(content.length + 500 * (content.length / (2 * rate) + passed.connections));
  const seconds = (host.monotonic() - startedAt) / 1000;
  expect(passed.down / seconds).toBeLessThan(rate * 1.02);
});
