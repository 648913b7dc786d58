import { expect, test } from 'vitest';
import { lineWords } from '../../src/cli/pace.js';
import type { LineStatus } from '../../src/model/line-status.js';

const now = new Date(2026, 10, 26, 20).getTime();
const at = (hour: number): string => new Date(2026, 10, 26, hour).toISOString();
const closed: LineStatus = {
  rate: 'closed',
  until: null,
  opensAt: at(23),
  urgent: null,
  ordered: true,
  limited: false,
  timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  closedBytes: 0,
};

test('a pause that ends while the windows are closed does not seem to be all that closes the line', () => {
  expect(lineWords({ ...closed, orderedUntil: at(21) }, now)).toBe(
    'closed, opens 23:00, by hand (depot resume ends it), the windows from 21:00 on',
  );
  expect(lineWords({ ...closed, orderedUntil: at(23) }, now)).toBe(
    'closed, opens 23:00, by hand (depot resume ends it)',
  );
  expect(lineWords({ ...closed, opensAt: null }, now)).toBe('closed, by hand (depot resume ends it)');
});

test('times of another zone than that of who reads them say so', () => {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const other = own === 'Asia/Tokyo' ? 'Europe/Berlin' : 'Asia/Tokyo';
  expect(lineWords({ ...closed, timezone: own }, now)).not.toContain('times of');
  expect(lineWords({ ...closed, timezone: other }, now)).toMatch(new RegExp(`\\(times of ${other}\\)$`));
  // Where no time is told, there is nothing to say.
  expect(lineWords({ ...closed, opensAt: null, timezone: other }, now)).not.toContain('times of');
});
