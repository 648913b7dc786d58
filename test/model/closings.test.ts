import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lastClosing, nextOpen } from '../../src/model/closings.js';
import { openMinutes } from './minute-by-minute.js';
import { scenes } from './scenes.js';

const minute = 60_000;
const day = 1440 * minute;

it('a line closed last, and opens next, when going through the days minute by minute says so', () => {
  fc.assert(
    fc.property(scenes, fc.integer({ min: 2 * 1440, max: 3 * 1440 }), ({ around, windows }, at) => {
      const from = (around - 2) * day;
      const rates = openMinutes(windows, from, from + 7 * day);
      const isOpen = (place: number): boolean => rates[place] !== 'closed';
      const closing = rates.findLastIndex(
        (_, place) => place <= at && place > 0 && !isOpen(place) && isOpen(place - 1),
      );
      const found = lastClosing(windows, from + at * minute);
      // Further back than these days nobody has looked.
      if (closing >= 0) expect(found).toBe(from + closing * minute);
      else if (found !== undefined) expect(found).toBeLessThanOrEqual(from);

      const closed = rates.findIndex((_, place) => place >= at && !isOpen(place));
      const opening = closed < 0 ? -1 : rates.findIndex((_, place) => place > closed && isOpen(place));
      const end = opening < 0 ? -1 : rates.findIndex((_, place) => place > opening && !isOpen(place));
      const next = nextOpen(windows, from + at * minute);
      if (end >= 0) {
        expect(next?.at(0)?.fromMs).toBe(from + opening * minute);
        expect(next?.at(-1)?.untilMs).toBe(from + end * minute);
      } else if (next !== undefined) expect(next.at(-1)?.untilMs).toBeGreaterThanOrEqual(from + 7 * day);
    }),
    { numRuns: 100 },
  );
});
