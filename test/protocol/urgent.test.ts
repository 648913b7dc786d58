import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rankOf, type Cargo } from '../../src/model/priority.js';
import type { Rate } from '../../src/model/rate.js';
import { Line } from '../../src/protocol/line.js';
import { scriptedHost } from '../daemon/scripted-host.js';

const urgent: Cargo = { priority: 'normal', urgent: true };
const frame = 16 * 1024;

/** A line on which nothing else passes than what it admits. */
function scriptedLine(rate: Rate, urgentRate: Rate | null) {
  const host = scriptedHost();
  const state = { rate, urgentRate, frame, opens: null, rank: (_: string, cargo: Cargo) => rankOf('normal', cargo) };
  const line = new Line(host, () => state);
  const given: { atMs: number; repository: string; bytes: number }[] = [];
  const fetch = async (repository: string, bytes: number): Promise<void> => {
    for (let left = bytes; left > 0;) {
      const part = await line.admit(left, repository, 'does-not');
      given.push({ atMs: host.monotonic(), repository, bytes: part });
      left -= part;
    }
  };
  const sum = (fromMs: number, untilMs: number, of?: string): number =>
    given
      .filter(({ atMs, repository }) => atMs >= fromMs && atMs < untilMs && (of ?? repository) === repository)
      .reduce((total, { bytes }) => total + bytes, 0);
  return { host, line, given, fetch, sum };
}

it('an urgent release overtakes at the next frame, and takes the whole line', async () => {
  const { host, line, given, fetch } = scriptedLine(64_000, null);
  const slow = fetch('tools', 1_000_000);
  await host.advance(3_000);
  const carried = line.carry('apps', urgent);
  const quick = fetch('apps', 500_000);
  await host.advance(9_000);
  await quick;
  carried();
  const order = given.map(({ repository }) => repository);
  const first = order.indexOf('apps');
  const last = order.lastIndexOf('apps');
  expect(order.slice(first, last).filter((each) => each === 'tools').length).toBeLessThanOrEqual(1);
  await host.advance(30_000);
  await slow;
  expect(order[0]).toBe('tools');
});

it('at a rate of its own an urgent release passes a closed line, and nothing else does', async () => {
  const { host, line, fetch, sum } = scriptedLine('closed', 100_000);
  const carried = line.carry('apps', urgent);
  await expect(fetch('tools', 10_000)).rejects.toMatchObject({ code: 'window-closed' });
  const quick = fetch('apps', 1_000_000);
  await host.advance(11_000);
  await quick;
  expect(sum(0, Infinity, 'apps')).toBe(1_000_000);
  expect(sum(0, 5_000)).toBeLessThanOrEqual(5 * 100_000 + 2 * frame);
  carried();
  await expect(fetch('apps', 10_000)).rejects.toMatchObject({ code: 'window-closed' });
});

it('beside an urgent release at a rate of its own the sum keeps to that rate, and the rest to what it always has', async () => {
  const rates = fc.constantFrom(16_000, 64_000, 250_000);
  const parts = fc.array(
    fc.record({ atMs: fc.integer({ min: 0, max: 20_000 }), bytes: fc.integer({ min: 1, max: 400_000 }) }),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  await fc.assert(
    fc.asyncProperty(rates, fc.integer({ min: 2, max: 10 }), parts, parts, async (rate, faster, express, others) => {
      const urgentRate = rate * faster;
      const { host, line, given, fetch, sum } = scriptedLine(rate, urgentRate);
      const startMs = host.monotonic();
      const running = [
        ...others.map(async ({ atMs, bytes }, at) => {
          await host.sleep(atMs);
          await fetch(`tools${at}`, bytes);
        }),
        // One after the other, with pauses in which the line is nobody's.
        ...express.map(async ({ atMs, bytes }, at) => {
          await host.sleep(atMs);
          const carried = line.carry(`apps${at}`, urgent);
          await fetch(`apps${at}`, bytes);
          carried();
        }),
      ];
      await host.advance(20_000 + (2_500_000 / rate) * 1000 + 10_000);
      await Promise.all(running);
      const times = given.map(({ atMs }) => atMs);
      const tools = given.filter(({ repository }) => repository.startsWith('tools'));
      for (const fromMs of times) {
        for (const spanMs of [1_000, 5_000]) {
          expect(sum(fromMs, fromMs + spanMs)).toBeLessThanOrEqual((urgentRate * (spanMs + 2)) / 1000 + 3 * frame);
          const ordinary = tools
            .filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + spanMs)
            .reduce((total, { bytes }) => total + bytes, 0);
          expect(ordinary).toBeLessThanOrEqual((rate * (spanMs + 2)) / 1000 + 3 * frame);
        }
      }
      expect(startMs).toBeLessThanOrEqual(Math.min(...times));
    }),
    { numRuns: 40 },
  );
});
