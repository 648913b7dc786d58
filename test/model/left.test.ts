import fc from 'fast-check';
import { expect, it } from 'vitest';
import { amountUntil, bytesLeft, type LeftBatch, type RepositoryLeft } from '../../src/model/left.js';
import { priorities, rankOf } from '../../src/model/priority.js';

const batch: fc.Arbitrary<LeftBatch> = fc
  .record({
    priority: fc.constantFrom(...priorities),
    urgent: fc.boolean(),
    units: fc.array(
      fc.record({
        name: fc.constantFrom('vlc/1', 'vlc/2', 'tool/1', 'image/4'),
        bytes: fc.integer({ min: 1, max: 30 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  })
  .map((each) => ({ ...each, bytes: each.units.reduce((sum, { bytes }) => sum + bytes, 0) }));
const lefts: fc.Arbitrary<RepositoryLeft[]> = fc
  .uniqueArray(
    fc.record({
      repository: fc.constantFrom('apps', 'tools', 'media', 'docs'),
      priority: fc.constantFrom(...priorities),
      batches: fc.array(batch, { maxLength: 4 }),
    }),
    { selector: ({ repository }) => repository, minLength: 1 },
  )
  .map((all) =>
    all.map((each) => ({
      ...each,
      batches: [...each.batches].sort((a, b) => rankOf('normal', a) - rankOf('normal', b)),
    })),
  );

/** What the line carries until the asked for has come, byte by byte: the lowest rank first, repositories in turns. */
function carry(left: readonly RepositoryLeft[], repository: string, last: number): number {
  const queues = left.map((each) => ({
    ...each,
    batches: each.batches.map(({ bytes, ...cargo }) => ({ ...cargo, rank: rankOf(each.priority, cargo), bytes })),
  }));
  const asked = queues.find((each) => each.repository === repository)?.batches[last];
  let carried = 0;
  let turn = 0;
  while (asked !== undefined && asked.bytes > 0) {
    const waiting = queues.flatMap(({ batches }, at) => {
      const next = batches.find(({ bytes }) => bytes > 0);
      return next === undefined ? [] : [{ next, at }];
    });
    const rank = Math.min(...waiting.map(({ next }) => next.rank));
    const first = waiting.filter(({ next }) => next.rank === rank);
    const chosen = first.find(({ at }) => at >= turn) ?? first[0];
    if (chosen === undefined) break;
    chosen.next.bytes -= 1;
    turn = (chosen.at + 1) % queues.length;
    carried += 1;
  }
  return carried;
}

it('what crosses a line until something has come is what goes before it, and as much of what takes turns with it', () => {
  fc.assert(
    fc.property(lefts, (left) => {
      for (const { repository, batches } of left) {
        for (const name of [null, 'vlc', 'image']) {
          const last = batches.findLastIndex(
            ({ units }) => name === null || units.some((unit) => unit.name.startsWith(`${name}/`)),
          );
          const { urgent, ordinary } = amountUntil(left, { repository, package: name });
          const own = bytesLeft(left, { repository, package: name });
          if (last < 0) {
            expect([urgent + ordinary, own]).toEqual([0, null]);
            continue;
          }
          // Whoever is in turn may be a byte ahead.
          expect(Math.abs(urgent + ordinary - carry(left, repository, last))).toBeLessThanOrEqual(left.length);
          expect(own).toBeLessThanOrEqual(urgent + ordinary);
          if (batches[last]?.urgent === true) expect(ordinary).toBe(0);
        }
      }
    }),
  );
});
