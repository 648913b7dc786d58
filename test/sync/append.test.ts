import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { appendAll } from '../../src/sync/append.js';
import { noise } from '../encoding/noise.js';
import { temporaryFolder } from '../harness/temporary.js';

const content = Buffer.from(noise(5_000_000, 4, 5_000_000));

async function* inChunks(lastly?: Error): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += 16_383) yield content.subarray(at, at + 16_383);
  if (lastly !== undefined) throw lastly;
}

it('writes all that comes, in order, behind what is there, faster than the disk or not', async () => {
  const file = join(await temporaryFolder(), 'file');
  const handle = await open(file, 'a');
  await handle.appendFile('before');
  let seen = 0;
  await appendAll(handle, inChunks(), ({ length }) => (seen += length));
  await handle.close();
  expect(seen).toBe(content.length);
  expect(Buffer.compare(await readFile(file), Buffer.concat([Buffer.from('before'), content]))).toBe(0);
});

it('has written what came when the line is cut', async () => {
  const file = join(await temporaryFolder(), 'file');
  const handle = await open(file, 'a');
  await expect(appendAll(handle, inChunks(new Error('cut')))).rejects.toThrow('cut');
  await handle.close();
  expect(Buffer.compare(await readFile(file), content)).toBe(0);
});

it('asks for nothing more when the disk takes nothing more', async () => {
  // Every write to it fails as on a full disk.
  const handle = await open('/dev/full', 'a');
  let seen = 0;
  await expect(appendAll(handle, inChunks(), ({ length }) => (seen += length))).rejects.toThrow('ENOSPC');
  expect(seen).toBeLessThan(1_200_000);
  await handle.close();
});
