import { expect, test } from 'vitest';
import { ConfigError } from '../../src/config/problems.js';
import { parseSettings } from '../../src/config/settings.js';

const base = 'depot: munich-1\nsite: enterprise/germany/munich\n';
const day = (date: string): number => Date.parse(date) / 86_400_000;

test('a line has windows, a rate outside of them, and what the depots below get', () => {
  const text = `${base}network:
  timezone: Europe/Berlin
  frame: 1MiB
  windows:
    - { dates: ["2026-12-24..2027-01-02", 2027-05-01], rate: closed }
    - { days: mon-fri, from: "20:00", to: "06:00", rate: 20Mbit/s }
    - { days: [sat, sun], rate: unlimited }
  otherwise: 512kbit/s
  urgent: 5Mbit/s
  priority: { tools: high }
  uploads: { total: 200Mbit/s, each-child: 50Mbit/s, at-once: 8, windows: [{ days: sun, rate: closed }] }
`;
  expect(parseSettings(text, 'f').network).toEqual({
    timezone: 'Europe/Berlin',
    frameBytes: 2 ** 20,
    windows: [
      {
        dates: [
          [day('2026-12-24'), day('2027-01-02')],
          [day('2027-05-01'), day('2027-05-01')],
        ],
        days: null,
        fromMinute: 0,
        toMinute: 1440,
        rate: 'closed',
      },
      { dates: null, days: [1, 2, 3, 4, 5], fromMinute: 1200, toMinute: 360, rate: 2_500_000 },
      { dates: null, days: [6, 0], fromMinute: 0, toMinute: 1440, rate: 'unlimited' },
    ],
    otherwise: 64_000,
    urgent: 625_000,
    priority: { tools: 'high' },
    uploads: {
      total: 25_000_000,
      eachChild: 6_250_000,
      atOnce: 8,
      windows: [{ dates: null, days: [0], fromMinute: 0, toMinute: 1440, rate: 'closed' }],
    },
  });
});

test('all that is wrong with a line is told at once, with what was meant', () => {
  const text = `${base}network:
  timezone: europe/berlin
  frame: 256K
  windows:
    - { days: Mon-Fri, from: "8:00", to: 25:00, rate: 20Mb/s }
    - { dates: 2026-02-30, rate: 20 MB/s }
    - { from: "06:00", to: "06:00", rate: 1bit/s }
    - { from: "20:00", to: "00:00", rate: close }
    - { day: mon }
  priority: { "a b": urgent }
  uploads: { at-once: 0, each-child: closed }
`;
  const problems = problemsOf(text);
  const expected = [
    ['network.timezone', 'did you mean Europe/Berlin?'],
    ['network.frame', 'did you mean 256KiB?'],
    ['network.windows', 'needs network.otherwise beside it'],
    ['network.windows[0].days', 'did you mean mon-fri?'],
    ['network.windows[0].from', 'did you mean "08:00"?'],
    ['network.windows[0].to', 'allowed: a time of the day'],
    ['network.windows[0].rate', 'it could mean 20Mbit/s or 20Mbyte/s'],
    ['network.windows[1].dates', 'allowed: a date such as'],
    ['network.windows[1].rate', 'it could mean 20Mbyte/s or 20Mibyte/s'],
    ['network.windows[2].to', 'leave out from and to for the whole day'],
    ['network.windows[2].rate', 'the lowest allowed here is 8kbit/s'],
    ['network.windows[3].to', 'did you mean "24:00"?'],
    ['network.windows[3].rate', 'did you mean closed?'],
    ['network.windows[4].day', 'did you mean days?'],
    ['network.windows[4].rate', 'is missing'],
    ['network.priority', 'a-b'],
    ['network.priority', 'allowed: high, normal or low'],
    ['network.uploads.at-once', 'from 1 to 1024'],
    ['network.uploads.each-child', 'or unlimited'],
  ];
  for (const [path = '', words = ''] of expected) {
    const told = problems.filter((problem) => problem.path.startsWith(path) && problem.message.includes(words));
    expect(told, `${path}: ${words}\n${problems.map((each) => `${each.path} ${each.message}`).join('\n')}`).not.toEqual(
      [],
    );
  }
  expect(problems).toHaveLength(expected.length);
});

function problemsOf(text: string) {
  try {
    parseSettings(text, 'f');
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}
