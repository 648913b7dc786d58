import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/model/sha256.js';
import { ProcessorBudget } from '../../src/serve/processor-budget.js';
import { noise } from '../encoding/source.js';
import { hosted } from './hosted.js';

const hourMs = 3_600_000;

describe('processor time for what children ask for', () => {
  it('is never more than two hours of its share in any hour, and what was begun when it ran out (property)', () => {
    const steps = fc.array(fc.record({ waitMs: fc.nat(hourMs), tookMs: fc.nat(200_000) }), { maxLength: 60 });
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 4, noNaN: true }), steps, (share, all) => {
        let now = 0;
        const budget = new ProcessorBudget(
          () => now,
          () => share,
        );
        const spent: { atMs: number; tookMs: number }[] = [];
        for (const { waitMs, tookMs } of all) {
          now += waitMs;
          const told = budget.take(50_000);
          if (told === undefined) continue;
          told(tookMs);
          spent.push({ atMs: now, tookMs });
        }
        for (const { atMs } of spent) {
          const within = spent.filter((each) => each.atMs >= atMs && each.atMs < atMs + hourMs);
          const sum = within.reduce((total, { tookMs }) => total + tookMs, 0);
          expect(sum).toBeLessThanOrEqual(2 * share * hourMs + 200_000);
        }
      }),
    );
  });

  it('counts what is under way, so that many at once do not overdraw it', () => {
    const budget = new ProcessorBudget(
      () => 0,
      () => 100_000 / hourMs,
    );
    const begun = [1, 2, 3, 4, 5].map(() => budget.take(40_000));
    expect(begun.map((told) => told !== undefined)).toEqual([true, true, true, false, false]);
    begun[0]?.(1_000);
    expect(budget.take(40_000)).toBeDefined();
  });

  it('goes by another share at once, and by none makes nothing', () => {
    let share = 1;
    const budget = new ProcessorBudget(
      () => 0,
      () => share,
    );
    expect(budget.take(1)).toBeDefined();
    share = 0;
    expect(budget.take(1)).toBeUndefined();
  });

  it('that is used up leaves what is there, and is told of once', async () => {
    let now = Date.now();
    let told = 0;
    // Some milliseconds: the first one is made, and takes more.
    const onDemand = { share: () => 5 / hourMs, onUsedUp: () => (told += 1) };
    const { child, publish } = await hosted({ onDemand, now: () => now });
    const contents = [1, 2, 3].map((seed) => Buffer.from(noise(2_000_000, seed).toString('hex')));
    await publish('tools', Object.fromEntries(contents.map((content, at) => [`file-${at}`, content])));
    const ask = async (content: Buffer | undefined): Promise<boolean> => {
      if (content === undefined) throw new Error('no such content');
      const name = { sha256: sha256(content), base: null };
      const body = await child().encoding('tools', name, content.length, 0);
      for await (const _ of body?.chunks ?? []) continue;
      return body !== undefined;
    };
    expect(await ask(contents[0])).toBe(true);
    expect(await ask(contents[1])).toBe(false);
    expect(await ask(contents[2])).toBe(false);
    expect(told).toBe(1);
    // What was made is given on, and later there is time again.
    expect(await ask(contents[0])).toBe(true);
    now += 1_000 * hourMs;
    expect(await ask(contents[1])).toBe(true);
  });
});
