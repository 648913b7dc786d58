import { expect, it } from 'vitest';
import { counted, inFrames } from '../../src/protocol/frames.js';
import { Lanes } from '../../src/protocol/lanes.js';
import { Line } from '../../src/protocol/line.js';
import type { FramedRequest, Part } from '../../src/protocol/part.js';
import { scriptedHost } from '../daemon/scripted-host.js';

const frame = 256 * 1024;
const total = 8 * 1024 ** 2;
const pieceBytes = 16 * 1024;

/** A line whose speed was measured, so that it takes nothing more while too much is under way. */
async function measuredLine() {
  const host = scriptedHost();
  const line = new Line(host, () => ({ rate: 'unlimited', urgentRate: null, frame, opens: null, rank: () => 0 }));
  const sent = async function* (bytes: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes; at += pieceBytes) {
      void host.advance(200);
      await host.sleep(200);
      yield new Uint8Array(Math.min(pieceBytes, bytes - at));
    }
  };
  const sharing = { line, repository: 'tools', keeper: () => 'does-not' as const, lanes: new Lanes() };
  const sizes = { size: total, most: total, signal: undefined };
  const request = (ask: FramedRequest['ask'], offset = 0): FramedRequest => ({ ...sharing, ...sizes, offset, ask });
  const seen = { dropped: 0 };
  const drop = (): void => void (seen.dropped += 1);
  const range = (from: number, bytes: number): Part => {
    const end = Math.min(total, from + bytes);
    return { offset: from, end, total, chunks: sent(end - from), isWhole: false, drop };
  };
  const whole = (): Part => ({ offset: 0, end: total, total, chunks: sent(total), isWhole: true, drop });
  const measured = await inFrames(request(async (from, bytes) => range(from, bytes), total - 4 * pieceBytes));
  for await (const _ of measured?.chunks ?? []);
  return { line, host, request, range, whole, seen };
}

/** Whether the line gives a turn to another repository, within a minute. */
async function isFree({ line, host }: Awaited<ReturnType<typeof measuredLine>>): Promise<boolean> {
  const stopping = new AbortController();
  const turn = line.admit(1, 'apps', 'does-not', stopping.signal).then(
    () => true,
    () => false,
  );
  await host.advance(60_000);
  stopping.abort(new Error('too long'));
  return turn;
}

it('lets go of a part that begins elsewhere, so that the line goes on for others', async () => {
  const setting = await measuredLine();
  const { request, range, whole, seen } = setting;
  for (const [times] of Array(4).entries()) {
    let asked = 0;
    const mixed = async (from: number, bytes: number) => ((asked += 1) === 1 ? range(from, bytes) : whole());
    const body = await inFrames(request(mixed, frame));
    const reading = (async () => {
      for await (const _ of body?.chunks ?? []);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'transfer-cut' });
    expect(seen.dropped).toBe(times + 1);
  }
  expect(await isFree(setting)).toBe(true);
});

it('lets go of a body that is dropped before anybody has read of it, once', async () => {
  const setting = await measuredLine();
  const { request, range, seen } = setting;
  for (const [times] of Array(4).entries()) {
    const body = await inFrames(request(async (from, bytes) => range(from, bytes)));
    body?.drop();
    body?.drop();
    expect(seen.dropped).toBe(times + 1);
  }
  expect(await isFree(setting)).toBe(true);
});

it('takes the line for no faster than bundles come compressed', async () => {
  const { line, host } = await measuredLine();
  for (let bundles = 0; bundles < 4; bundles += 1) {
    await line.turn(5 * pieceBytes, 'tools', 'does-not');
    async function* chunks(): AsyncGenerator<Uint8Array> {
      void host.advance(1_000);
      await host.sleep(1_000);
      yield new Uint8Array(pieceBytes);
    }
    const body = { chunks: chunks(), drop: () => undefined };
    for await (const _ of counted(body, 5 * pieceBytes, line, 'tools').chunks);
  }
  // What comes in two seconds.
  expect(line.bundleBytes('tools')).toBe(2 * pieceBytes);
});
