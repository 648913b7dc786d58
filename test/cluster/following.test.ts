import { readdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { noise } from '../encoding/noise.js';
import type { Depot } from '../harness/depot.js';
import { bytes, differences, tree } from '../harness/tree.js';
import { cycle, pollAll, publish, startPair } from './chain.js';
import { lineBetween, type Meddling } from './line.js';

/** 16 MB that shrink to a fraction, but not to nothing. */
function large(seed: number): Uint8Array {
  const part = Buffer.from(noise(2_000_000, seed, 2_000_000)).toString('hex');
  return Buffer.from(part.repeat(4));
}

/** What has been made of an encoding that is not all here yet, bytes. */
function madeSoFar({ data }: Depot): number {
  const staging = join(data, 'staging');
  const file = readdirSync(staging).find((name) => name.startsWith('decoded-'));
  return file === undefined ? 0 : statSync(join(staging, file)).size;
}

it('decodes a large file while the rest of it comes, and begins anew where it was cut', async () => {
  const depots: Depot[] = [];
  const [child, parent] = [0, 1].map((at) => () => depots[at] ?? expect.fail());
  const line = await lineBetween(child ?? expect.fail, parent ?? expect.fail);
  const { region, origin, source } = await startPair(async (folder) => void (await tree(folder, { one: '1' })), {
    region: { parent: line.url, deletions: { 'hold-above': 'none' } },
  });
  depots.push(region, origin);
  await pollAll(region);

  const seen: number[] = [];
  /** Holds an answer half way until some of the object was made of it; then cuts it, or goes on. */
  const held = (isCut: boolean): Meddling =>
    async function* (body, { path }) {
      let count = 0;
      for await (const chunk of body) {
        yield chunk;
        count += chunk.length;
        if (!path.endsWith('.zst') || count < 1_000_000 || seen.length > 0) continue;
        await expect.poll(() => madeSoFar(region), { timeout: 10_000 }).toBeGreaterThan(0);
        seen.push(madeSoFar(region));
        if (isCut) throw new Error('cut');
      }
    };

  await tree(source, { large: bytes(large(1)) });
  await publish(origin);
  line.meddle(held(false));
  expect(await cycle(region)).toMatchObject({ outcome: 'applied', error: null });
  expect(seen).toHaveLength(1);
  expect(await differences(source, region.tree('tools'))).toBe('');

  await rm(join(source, 'large'));
  await tree(source, { another: bytes(large(3)) });
  await publish(origin);
  seen.length = 0;
  line.meddle(held(true));
  expect(await cycle(region)).toMatchObject({ outcome: 'applied', error: null });
  expect(seen).toHaveLength(1);
  const [whole, rest] = line.passed('.zst').slice(-2);
  expect([whole?.status, rest?.status]).toEqual([200, 206]);
  expect(readdirSync(join(region.data, 'staging'))).toEqual([]);
  expect(await differences(source, region.tree('tools'))).toBe('');
});
