import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DepotError } from '../../src/model/errors.js';
import { sha256 } from '../../src/model/sha256.js';
import type { ObjectBody } from '../../src/protocol/frames.js';
import { Store } from '../../src/store/store.js';
import { patiently } from '../../src/sync/patience.js';
import { appendBody, Hashed, receiveObject, receivePart } from '../../src/sync/receive.js';
import { scriptedHost } from '../daemon/scripted-host.js';
import { noise } from '../encoding/noise.js';
import { temporaryFolder } from '../harness/temporary.js';

const content = Buffer.from(noise(1_000_000, 12, 1_000_000));
const wanted = { sha256: sha256(content), size: content.length };

/** A parent from which so many bytes come before the line is cut; with 0 there is no answer at all. */
function cutting(bytes: () => number) {
  const asked: number[] = [];
  const request = async (offset: number): Promise<ObjectBody> => {
    asked.push(offset);
    const length = bytes();
    if (length === 0) throw new DepotError('parent-unreachable', 'the line is cut');
    const end = Math.min(offset + length, content.length);
    async function* chunks(): AsyncGenerator<Uint8Array> {
      for (let at = offset; at < end; at += 8_192) yield content.subarray(at, Math.min(at + 8_192, end));
      if (end < content.length) throw new DepotError('transfer-cut', 'the line is cut', { retry: 'now' });
    }
    return { offset, chunks: chunks(), drop: () => undefined };
  };
  return { asked, request };
}

async function receiving(bytes: () => number) {
  const store = Store.open(await temporaryFolder());
  const host = scriptedHost();
  const { asked, request } = cutting(bytes);
  let done = 0;
  const add = (more: number): void => void (done += more);
  const meter = { kept: add, arrived: add, lost: (less: number) => add(-less) };
  const hashed = new Hashed();
  const once = (): Promise<void> => receiveObject(store, wanted, request, meter, hashed);
  const { signal } = new AbortController();
  const ended = patiently(host, signal, once, () => store.staging.size(wanted.sha256)).then(
    () => undefined,
    (error: unknown) => error,
  );
  let isOver = false;
  void ended.then(() => (isOver = true));
  while (!isOver) await host.advance(1_000);
  store.close();
  return { error: await ended, asked, done: () => done };
}

it('goes on after as many cuts as there are where each brings something, and counts nothing twice', async () => {
  let cuts = 0;
  // Each fifth one comes before there is an answer.
  const { error, asked, done } = await receiving(() => ((cuts += 1) % 5 === 0 ? 0 : 20_000));
  expect(error).toBeUndefined();
  expect(asked.length).toBeGreaterThan(50);
  expect(done()).toBe(content.length);
});

it('gives up after three cuts that bring hardly anything, and keeps what came', async () => {
  const { error, asked, done } = await receiving(() => 1_000);
  expect(error).toMatchObject({ code: 'transfer-cut' });
  expect(asked).toEqual([0, 1_000, 2_000]);
  expect(done()).toBe(3_000);
});

it('does not wait for a parent that never answered', async () => {
  const { error, asked } = await receiving(() => 0);
  expect(error).toMatchObject({ code: 'parent-unreachable' });
  expect(asked).toEqual([0]);
});

it('lets go of a body for which no file can be opened, or of which nothing can be written', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'file'), 'in the way');
  let dropped = 0;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield content;
  }
  const body = { offset: NaN, chunks: chunks(), drop: () => void (dropped += 1) };
  await expect(receivePart(body, join(folder, 'file', 'below'))).rejects.toMatchObject({ code: 'EEXIST' });
  expect(dropped).toBe(1);
  const noPlace = appendBody(
    join(folder, 'other'),
    async () => body,
    () => undefined,
  );
  await expect(noPlace).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
  expect(dropped).toBe(2);
});
