import * as z from 'zod';
import { priorities } from '../model/priority.js';
import { dates, days, time, zone } from './calendar.js';
import { rate, size } from './leaves.js';
import { atLeastOne, mapping, wholeNumber } from './mapping.js';

const KiB = 1024;

function oneOrMore<Item extends z.ZodType>(item: Item, allowed: string) {
  return z.union([item, atLeastOne(item, allowed)], allowed);
}

const windowKeys = 'days, dates, from, to, rate';

const window = mapping(
  {
    days: oneOrMore(days, 'allowed: days such as mon-fri, or a list such as [sat, sun]')
      .describe('On which days of the week it begins; any where this is left out.')
      .optional(),
    dates: oneOrMore(dates, 'allowed: dates such as 2026-12-24..2027-01-02, or a list of them')
      .describe('On which dates it begins; any where this is left out.')
      .optional(),
    from: time.describe('When it begins; "00:00" where this is left out.').optional(),
    to: time
      .describe('When it ends; "24:00" where this is left out. A time before from is on the next day.')
      .optional(),
    rate: rate('unlimited', 'closed').describe('How fast bulk bytes may move in it.'),
  },
  `allowed: a mapping with ${windowKeys}`,
);

const windows = z.array(window, `allowed: a list of mappings with ${windowKeys}`).prefault([]);
const frame = size(16 * KiB, 64 * KiB * KiB);
const anyRate = rate('unlimited', 'closed');
const eachChild = rate('unlimited');
const atOnce = wholeNumber(1024, 1);

const uploadsRule = 'allowed: a mapping with total, each-child, at-once, windows';
const uploadsWindows = windows.describe('Rates in place of total, by time; the first that matches counts.');

/** What editors show. */
const words = {
  frame:
    'The largest range asked for at once, where there is a rate or a window; at most 2 s of the rate. Without it 256KiB, or a thirtieth of a second of the rate where that is more.',
  uploads: 'What the depots below get of the line.',
  total: 'What all depots below get together, outside of the windows.',
  eachChild: 'What each of them gets at most.',
  atOnce: 'How many of them are given bulk bytes at the same time; others are told when to come back.',
};

const priorityRule = 'allowed: high, normal or low';

const common = {
  timezone: zone
    .describe("In which zone the windows are meant: a name of the IANA database; without it the machine's.")
    .optional(),
  windows: windows.describe(
    'When bulk bytes may move, and how fast; the first that matches counts. Times are those of a wall clock.',
  ),
  otherwise: anyRate
    .describe('The rate outside of all windows: a rate, unlimited or closed. Needed where there are windows.')
    .optional(),
  urgent: rate('unlimited', 'closed', 'no')
    .describe(
      'How fast what an urgent release needs may come at least, also outside of the windows; closed, or left out: as the windows say.',
    )
    .optional(),
  priority: z
    .record(z.string(), z.enum(priorities, { error: priorityRule }), {
      error: 'allowed: repository names with high, normal or low, such as { tools: high }',
    })
    .prefault({})
    .describe(
      'Which repositories go first, frame by frame: high before normal before low; of equal ones the packages that say so.',
    ),
};

const networkRule = 'allowed: a mapping with timezone, frame, windows, otherwise, urgent, priority, uploads';

export const networkShape = mapping(
  {
    timezone: common.timezone,
    frame: frame.describe(words.frame).optional(),
    windows: common.windows,
    otherwise: common.otherwise,
    urgent: common.urgent,
    priority: common.priority,
    uploads: mapping(
      {
        total: anyRate.prefault('unlimited').describe(words.total),
        'each-child': eachChild.prefault('unlimited').describe(words.eachChild),
        'at-once': atOnce.prefault(64).describe(words.atOnce),
        windows: uploadsWindows,
      },
      uploadsRule,
    )
      .prefault({})
      .describe(words.uploads),
  },
  networkRule,
);

/** The same for all depots of a site: what is left out is not set. */
export const siteNetworkShape = mapping(
  {
    ...common,
    timezone: zone
      .describe('In which zone these windows are meant; without it each depot takes them by its own wall clock.')
      .optional(),
    frame: frame.describe(words.frame).optional(),
    uploads: mapping(
      {
        total: anyRate.describe(words.total).optional(),
        'each-child': eachChild.describe(words.eachChild).optional(),
        'at-once': atOnce.describe(words.atOnce).optional(),
        windows: uploadsWindows,
      },
      uploadsRule,
    )
      .prefault({})
      .describe(words.uploads),
  },
  networkRule,
);
