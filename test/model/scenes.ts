import fc from 'fast-check';
import type { Window } from '../../src/model/windows.js';

const day = (text: string): number => Date.parse(`${text}T00:00Z`) / 86_400_000;

/** Zones, and the days around a change of their clocks: at night, by half an hour, at midnight, in both directions. */
const changes = [
  ['Europe/Berlin', '2026-03-28', '2026-10-24'],
  ['America/New_York', '2026-03-07', '2026-10-31'],
  ['Australia/Lord_Howe', '2026-04-04', '2026-10-03'],
  ['America/Santiago', '2026-04-03', '2026-09-05'],
  ['Africa/Cairo', '2026-04-23', '2026-10-29'],
  ['Asia/Kolkata', '2026-03-28', '2026-10-24'],
] as const;

const minute = fc.oneof(fc.integer({ min: 0, max: 1439 }), fc.constantFrom(0, 60, 90, 120, 135, 165, 180, 1380, 1439));
const window = (around: number): fc.Arbitrary<Window> =>
  fc.record({
    dates: fc.option(
      fc.array(
        fc
          .tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: 0, max: 3 }))
          .map(([first, more]) => [around + first, around + first + more] as const),
        { minLength: 1, maxLength: 2 },
      ),
    ),
    days: fc.option(fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 })),
    fromMinute: minute,
    toMinute: minute.map((value) => value + 1),
    rate: fc.constantFrom<Window['rate']>('closed', 'unlimited', 64_000),
  });
/** Windows around a day on which the clock is changed. */
export const scenes = fc
  .tuple(fc.constantFrom(...changes), fc.boolean())
  .chain(([[zone, spring, autumn], isSpring]) => {
    const around = day(isSpring ? spring : autumn);
    return fc.record({
      around: fc.constant(around),
      windows: fc.record({
        zone: fc.constant(zone),
        list: fc.array(window(around), { maxLength: 4 }),
        otherwise: fc.constantFrom<Window['rate']>('closed', 'unlimited', 1000),
      }),
    });
  });
