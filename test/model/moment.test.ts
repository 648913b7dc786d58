import { expect, test } from 'vitest';
import { momentMs } from '../../src/model/moment.js';

test.each([
  ['2026-12-01T06:00Z', '2026-12-01T06:00:00.000Z'],
  ['2026-12-01T06:00+01:00', '2026-12-01T05:00:00.000Z'],
  ['2026-12-01 06:00:30-05:30', '2026-12-01T11:30:30.000Z'],
  ['2026-12-01T06:00[Europe/Berlin]', '2026-12-01T05:00:00.000Z'],
  ['2026-07-01T06:00[Europe/Berlin]', '2026-07-01T04:00:00.000Z'],
  ['2026-10-25T02:30[Europe/Berlin]', '2026-10-25T00:30:00.000Z'],
])('%s is %s', (text, expected) => {
  expect(new Date(momentMs(text) ?? NaN).toISOString()).toBe(expected);
});

test.each([
  ['2026-12-01T06:00', 'has neither offset nor zone'],
  ['2026-03-29T02:30[Europe/Berlin]', 'is skipped when summer time begins'],
  ['2026-02-30T06:00Z', 'is no day'],
  ['2026-12-01T06:00[Mars/North]', 'is in no zone'],
  ['tomorrow', 'is no time'],
])('%s %s', (text) => {
  expect(momentMs(text)).toBeUndefined();
});
