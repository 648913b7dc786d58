import { expect, it } from 'vitest';
import type { Host } from '../../src/host.js';
import { sha256 } from '../../src/model/sha256.js';
import type { ParentClient } from '../../src/protocol/client.js';
import { Line } from '../../src/protocol/line.js';
import { Uploads } from '../../src/serve/uploads.js';
import { noise } from '../encoding/noise.js';
import { hurriedHost } from '../harness/hurried-host.js';
import { childSite, hosted } from './hosted.js';

const content = Buffer.from(noise(3_000_000, 6, 3_000_000));
const windows = { zone: 'UTC', list: [], otherwise: 'unlimited' } as const;
const seconds = 30;

/** A parent of two repositories, and how to take of them on one line, again and again until time is over. */
async function parentOn(line: Line, host: Host) {
  const depot = await hosted({ uploads: new Uploads(host, () => ({ windows, eachChild: 'unlimited', atOnce: 8 })) });
  for (const repository of ['tools', 'bavaria']) await depot.publish(repository, { large: content });
  const client: ParentClient = depot.child('munich-1', childSite, { line });
  const endMs = host.now() + seconds * 1000;
  return async (repository: string, transfers: number): Promise<number> => {
    let bytes = 0;
    const one = async (): Promise<void> => {
      while (host.now() < endMs) {
        const { chunks } = await client.object(repository, sha256(content), content.length, 0);
        for await (const { length } of chunks) {
          if (host.now() >= endMs) break;
          bytes += length;
        }
      }
    };
    await Promise.all(Array.from({ length: transfers }, one));
    return bytes;
  };
}

it.each([
  { rate: 100_000, frame: 16 * 1024 },
  { rate: 8_000, frame: 16 * 1024 },
])(
  'keeps the sum to $rate bytes a second, and gives two repositories the same, however many transfers each has',
  async ({ rate, frame }) => {
    const host = hurriedHost();
    const line = new Line(host, () => ({ rate, urgentRate: null, frame, opens: null, rank: () => 0 }));
    const take = await parentOn(line, host);
    const [tools, bavaria] = await Promise.all([take('tools', 5), take('bavaria', 1)]);
    const sum = tools + bavaria;
    expect(sum).toBeLessThan(seconds * rate * 1.02 + 2 * frame);
    expect(sum).toBeGreaterThan(seconds * rate * 0.85 - 2 * frame);
    expect(Math.abs(tools - bavaria)).toBeLessThan(sum * 0.1 + 2 * frame);
  },
);

it('keeps the sum of what comes from two parents to the rate', async () => {
  const rate = 100_000;
  const host = hurriedHost();
  const line = new Line(host, () => ({ rate, urgentRate: null, frame: 16 * 1024, opens: null, rank: () => 0 }));
  const [one, other] = [await parentOn(line, host), await parentOn(line, host)];
  const came = await Promise.all([one('tools', 2), other('tools', 2), other('bavaria', 1)]);
  const sum = came.reduce((all, bytes) => all + bytes, 0);
  expect(sum).toBeLessThan(seconds * rate * 1.02 + 32 * 1024);
  expect(sum).toBeGreaterThan(seconds * rate * 0.85);
});

it('gives a repository of a higher rank its frames first', async () => {
  const host = hurriedHost();
  const rank = (repository: string): number => (repository === 'bavaria' ? 0 : 1);
  const line = new Line(host, () => ({ rate: 100_000, urgentRate: null, frame: 16 * 1024, opens: null, rank }));
  const take = await parentOn(line, host);
  const [tools, bavaria] = await Promise.all([take('tools', 4), take('bavaria', 2)]);
  // Where it asks for nothing, between two files, the other one goes on.
  expect(bavaria).toBeGreaterThan(4 * tools);
});
