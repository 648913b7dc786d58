import { expect, it } from 'vitest';
import type { Host } from '../../src/host.js';
import { DepotError } from '../../src/model/errors.js';
import type { Rate } from '../../src/model/rate.js';
import { sha256 } from '../../src/model/sha256.js';
import type { Window } from '../../src/model/windows.js';
import type { ParentClient } from '../../src/protocol/client.js';
import { Line } from '../../src/protocol/line.js';
import { Uploads } from '../../src/serve/uploads.js';
import { patiently } from '../../src/sync/patience.js';
import { noise } from '../encoding/noise.js';
import { hurriedHost } from '../harness/hurried-host.js';
import { childSite, hosted, type Hosted } from './hosted.js';

const content = Buffer.from(noise(400_000, 3, 400_000));
const object = sha256(content);

interface Limits {
  readonly total?: Rate;
  readonly eachChild?: Rate;
  readonly atOnce?: number;
  readonly windows?: readonly Window[];
}

async function parent(host: Host, { total = 'unlimited', eachChild = 'unlimited', atOnce = 8, windows = [] }: Limits) {
  const settings = { windows: { zone: 'UTC', list: windows, otherwise: total }, eachChild, atOnce };
  const depot = await hosted({ uploads: new Uploads(host, () => settings), now: () => host.now() });
  await depot.publish('tools', { large: content });
  return depot;
}

/** All of the object, again and again until time is over; @returns bytes that came until then. */
async function takeUntil(client: ParentClient, host: Host, endMs: number): Promise<number> {
  let bytes = 0;
  while (host.now() < endMs) {
    const { chunks } = await client.object('tools', object, content.length, 0);
    for await (const { length } of chunks) {
      if (host.now() >= endMs) break;
      bytes += length;
    }
  }
  return bytes;
}

function childOf(depot: Hosted, name: string, line?: Line): ParentClient {
  return depot.child(name, childSite, line === undefined ? {} : { line });
}

it('gives each child the same of the total, however many transfers it has, and no more than the total together', async () => {
  const host = hurriedHost();
  const total = 100_000;
  const depot = await parent(host, { total });
  const transfers = { one: 1, two: 2, many: 6 };
  const endMs = host.now() + 30_000;
  const shares = await Promise.all(
    Object.entries(transfers).map(async ([name, count]) => {
      const client = childOf(depot, name);
      const each = await Promise.all(Array.from({ length: count }, () => takeUntil(client, host, endMs)));
      return each.reduce((sum, bytes) => sum + bytes, 0);
    }),
  );
  const sum = shares.reduce((all, bytes) => all + bytes, 0);
  expect(sum).toBeLessThan(30 * total * 1.03);
  expect(sum).toBeGreaterThan(30 * total * 0.9);
  for (const share of shares) expect(share / sum).toBeCloseTo(1 / 3, 1);
});

it('gives no child more than is set for each, nor than it names itself', async () => {
  const host = hurriedHost();
  const depot = await parent(host, { eachChild: 50_000 });
  const slow = new Line(host, () => ({ rate: 20_000, urgentRate: null, frame: 16_384, opens: null, rank: () => 0 }));
  const fast = new Line(host, () => ({ rate: 1_000_000, urgentRate: null, frame: 16_384, opens: null, rank: () => 0 }));
  const endMs = host.now() + 20_000;
  const take = (name: string, line?: Line): Promise<number> =>
    takeUntil(childOf(depot, name, line), host, endMs).then((bytes) => bytes / 20);
  const [named, capped, silent] = await Promise.all([take('slow', slow), take('fast', fast), take('silent')]);
  for (const [found, wanted] of [
    [named, 20_000],
    [capped, 50_000],
    [silent, 50_000],
  ] as const) {
    expect(found).toBeLessThan(wanted * 1.05);
    expect(found).toBeGreaterThan(wanted * 0.85);
  }
});

it('gives nothing large while its window for uploads is closed, says when it opens, and lets the rest pass', async () => {
  // 06:00 to 07:30 UTC.
  const start = Date.parse('2026-11-26T06:30:00Z');
  const window = { dates: null, days: null, fromMinute: 360, toMinute: 450, rate: 'closed' } as const;
  const host = hurriedHost(start);
  const depot = await parent(host, { windows: [window] });
  const client = childOf(depot, 'munich');
  await expect(client.state('tools')).resolves.not.toBe('unchanged');
  const refusal = await client.object('tools', object, content.length, 0).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(DepotError);
  expect(refusal).toMatchObject({ code: 'parent-busy', retryAfterMs: 3_600_000 });
  expect((refusal as DepotError).message).toContain('window for uploads is closed');
  await host.sleep(3_600_001);
  const { chunks } = await client.object('tools', object, content.length, 0);
  let came = 0;
  for await (const { length } of chunks) came += length;
  expect(came).toBe(content.length);
});

it('lets heads pass while its window for uploads is closed, and of what is under way when it closes no more than a frame', async () => {
  // It closes after ten seconds.
  const start = Date.parse('2026-11-26T05:59:50Z');
  const window = { dates: null, days: null, fromMinute: 360, toMinute: 450, rate: 'closed' } as const;
  const host = hurriedHost(start);
  const depot = await parent(host, { windows: [window], eachChild: 8_000 });
  const client = childOf(depot, 'munich');
  // Fifty seconds: a child that names no rate asks for all of it.
  const { chunks } = await client.object('tools', object, content.length, 0);
  const came: { atMs: number; bytes: number }[] = [];
  const cut = await (async () => {
    for await (const { length } of chunks) came.push({ atMs: host.now() - start, bytes: length });
  })().catch((error: unknown) => error);
  expect(cut).toMatchObject({ code: 'transfer-cut' });
  const late = came.filter(({ atMs }) => atMs > 10_500).reduce((sum, { bytes }) => sum + bytes, 0);
  expect(late).toBeGreaterThan(0);
  expect(late).toBeLessThanOrEqual(256 * 1024);
  const { head } = await depot.publish('tools', { large: content, small: 'small' });
  expect((await client.page('tools', head.root)).length).toBeGreaterThan(10);
});

it('serves so many children at once; the others come when they are told, at different times, and none is left out', async () => {
  let seed = 20_261_126;
  const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
  let left = 9;
  const host = { ...hurriedHost(undefined, () => left), random };
  const atOnce = 2;
  // Twenty seconds for each.
  const depot = await parent(host, { atOnce, eachChild: 20_000 });
  const names = Array.from({ length: left }, (_, at) => `branch-${at}`);
  let served = 0;
  let most = 0;
  const comings: { readonly name: string; readonly atMs: number; readonly toldMs: number }[] = [];
  const early: number[] = [];
  await Promise.all(
    names.map(async (name) => {
      const client = childOf(depot, name);
      let notBeforeMs = 0;
      await patiently(host, new AbortController().signal, async () => {
        if (host.now() < notBeforeMs) early.push(notBeforeMs - host.now());
        try {
          const { chunks } = await client.object('tools', object, content.length, 0);
          served += 1;
          most = Math.max(most, served);
          let came = 0;
          for await (const { length } of chunks) came += length;
          served -= 1;
          expect(came).toBe(content.length);
        } catch (error) {
          if (!(error instanceof DepotError) || error.code !== 'parent-busy') throw error;
          notBeforeMs = host.now() + (error.retryAfterMs ?? 0);
          comings.push({ name, atMs: host.now(), toldMs: error.retryAfterMs ?? 0 });
          throw error;
        }
      }).finally(() => (left -= 1));
    }),
  );
  expect(most).toBe(atOnce);
  expect(early).toEqual([]);
  expect(new Set(comings.map(({ name }) => name)).size).toBeGreaterThan(names.length / 2);
  for (const { toldMs } of comings) {
    expect(toldMs).toBeGreaterThanOrEqual(10_000);
    expect(toldMs).toBeLessThanOrEqual(16_000);
  }
  // All came together the first time; those that were sent away once more had drifted apart.
  const second = names.flatMap((name) => comings.filter((each) => each.name === name)[1]?.atMs ?? []);
  expect(second.length).toBeGreaterThan(3);
  expect(Math.max(...second) - Math.min(...second)).toBeGreaterThan(3_000);
  const inOneSecond = (ms: number): number => second.filter((other) => other >= ms && other < ms + 1000).length;
  expect(Math.max(...second.map(inOneSecond))).toBeLessThanOrEqual(second.length / 2);
});
