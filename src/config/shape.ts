import * as z from 'zod';
import { address, duration, file, folder, glob, name, nameForm, percentage, pollEvery, proxy, site } from './leaves.js';
import { atLeastOne, mapping, wholeNumber } from './mapping.js';
import { encodingShape } from './encoding-shape.js';
import { networkShape } from './network-shape.js';
import { sitesShape } from './sites-shape.js';

/*
 * The configuration as it is written. Descriptions are read by administrators: as help in editors, through
 * depot.schema.json, and as comments in the file that `depot init` writes. Messages say what is allowed; `explain`
 * puts what was found before them.
 */

/** By name of a repository. The names themselves are checked with what else must agree, so that all faults are found. */
function byRepository<Value extends z.ZodType>(value: Value, allowed: string) {
  return z.record(z.string(), value, { error: allowed }).meta({ propertyNames: { pattern: nameForm.source } });
}

export const defaultData = '/var/lib/depotd';
export const defaultListen = 'http://127.0.0.1:8443';

const second = 1000;
const day = 86_400 * second;
const tenYears = 3650 * day;

const limitedParent = mapping(
  {
    url: address.describe('Where the parent listens.'),
    repositories: atLeastOne(name, 'allowed: a list of repository names, such as [tools]')
      .describe('This parent is asked for these repositories, before those without such a list.')
      .optional(),
  },
  'allowed: { url: https://HOST:PORT, repositories: [NAME] }',
);

const parentRule = 'allowed: a URL, { url: ..., repositories: [NAME] }, or a list of these';

const parent = z
  .union([address, limitedParent, atLeastOne(z.union([address, limitedParent], parentRule), parentRule)], parentRule)
  .describe(
    'The depot above, which is polled: a URL, or a list of them; the first that answers is used. None on a pure origin.',
  );

const ownPollRule =
  'allowed: repository names with their intervals, such as { tools: 5m, apps: { every: 1m, content: 4h } }';
const ownPoll = mapping(
  {
    every: pollEvery.describe('How often the parent is asked for this repository.').optional(),
    content: pollEvery.describe('How often the content of its packages is fetched.').optional(),
  },
  'allowed: an interval, or a mapping with every, content',
).refine((own) => own.every !== undefined || own.content !== undefined, 'allowed: an interval, every or content');

const poll = mapping(
  {
    every: pollEvery
      .prefault('15m')
      .describe('How often the parent is asked whether there is anything new: a number and ms, s, m, h or d.'),
    jitter: percentage(50)
      .prefault('10%')
      .describe('Each wait is longer or shorter by up to this much, by chance, so that depots do not ask all at once.'),
    'at-start': z
      .boolean('allowed: true or false')
      .prefault(true)
      .describe('Whether to ask as soon as the daemon starts, instead of waiting for the first interval to pass.'),
    content: pollEvery
      .describe(
        'How often the content of packages is fetched, where that is less often than each poll. Releases are not.',
      )
      .optional(),
    repositories: byRepository(z.union([pollEvery, ownPoll], ownPollRule), ownPollRule)
      .prefault({})
      .describe('Intervals of their own, by repository: { tools: 5m, apps: { every: 1m, content: 4h } }.'),
  },
  'allowed: a mapping with every, jitter, at-start, content, repositories',
);

const globsRule = 'allowed: a list of patterns, such as ["**/*.bak"]';

const followed = mapping(
  {
    repository: name.describe('The name of the repository.'),
    include: atLeastOne(glob, globsRule)
      .describe('Only paths that match one of these patterns; everything where this is left out.')
      .optional(),
    exclude: z.array(glob, globsRule).prefault([]).describe('Not the paths that match one of these patterns.'),
  },
  'allowed: { repository: NAME, include: [PATTERN], exclude: [PATTERN] }',
);

const followRule = 'allowed: all, or a list of { repository: NAME, include: [PATTERN], exclude: [PATTERN] }';

const follow = z
  .union([z.literal('all'), z.array(followed, followRule)], followRule)
  .describe(
    'Which repositories are kept here: all whose scope covers this site, or a list of those wanted, each whole or in part.',
  );

const kindRule = 'allowed: mirror or packages';

const context = site.describe(
  "The scope: this site and all below get the repository. This depot's own site must lie within it.",
);

const mirror = mapping(
  {
    kind: z
      .enum(['mirror'], { error: kindRule })
      .describe('mirror: a folder that is kept the same everywhere, file by file.'),
    context,
    source: folder.describe('The folder that is published: an absolute path.'),
    settle: duration(100, 3600 * second)
      .prefault('5s')
      .describe('How long nothing may change any more before a new generation is published.'),
    exclude: z
      .array(glob, globsRule)
      .prefault([])
      .describe('Paths that match one of these patterns are not published.'),
    names: z
      .enum(['portable', 'strict', 'posix'], { error: 'allowed: portable, strict or posix' })
      .prefault('portable')
      .describe(
        'Which file names are published: portable: what Windows, macOS and Linux can all hold; ' +
          'strict: also without [ and ]; posix: whatever Linux can hold. Others are held back and listed by depot status.',
      ),
    'watch-limit': wholeNumber(1_000_000)
      .prefault(20_000)
      .describe(
        'Up to this many files the source is watched, so that changes are seen at once; above, it is rescanned.',
      ),
    rescan: duration(second).prefault('10m').describe('How often a source is looked through that is not watched.'),
    'encode-wait': duration(0, 3600 * second)
      .prefault('60s')
      .describe(
        'How long a new generation waits at most until its large files are compressed; what is not ready then follows.',
      ),
    'delta-generations': wholeNumber(100)
      .prefault(3)
      .describe(
        'From so many generations before a new one deltas of large files are made when it is published; those for depots further behind are made when they ask.',
      ),
    raw: z
      .array(glob, globsRule)
      .prefault([])
      .describe('Files that travel as they are: not compressed, not as deltas, in no bundle.'),
    'raw-or-delta': z
      .array(glob, globsRule)
      .prefault([])
      .describe('Files that travel as what differs from the file before, if they are large; else as they are.'),
  },
  'allowed: a mapping with kind, context, source',
);

const ring = mapping(
  {
    name: name.describe('What it is called in depot package release --ring.'),
    sites: z
      .array(site, 'allowed: a list of sites')
      .prefault([])
      .describe('The depots at these sites and below are in it.'),
    depots: z.array(name, 'allowed: a list of depots').prefault([]).describe('These depots are in it.'),
  },
  'allowed: { name: NAME, sites: [SITE], depots: [DEPOT] }',
);

const packages = mapping(
  {
    kind: z.enum(['packages'], { error: kindRule }).describe('packages: packages with revisions, which are released.'),
    context,
    work: folder.describe('The folder with the work copies of the packages, which people edit: an absolute path.'),
    keep: mapping(
      {
        releases: wholeNumber(1000)
          .prefault(2)
          .describe('So many released revisions stay in the installation copies of depots; at least 1.'),
        for: duration(0, tenYears)
          .prefault('30d')
          .describe('How long a revision can still be fetched after another one took its place; whole days.'),
      },
      'allowed: a mapping with releases, for',
    )
      .prefault({})
      .describe('What new packages keep of their older revisions; depot package edit changes it for one.'),
    rings: z
      .array(ring, 'allowed: a list of { name: NAME, sites: [SITE], depots: [DEPOT] }')
      .prefault([])
      .describe('Depots that can be given a release before the others.'),
  },
  'allowed: a mapping with kind, context, work',
);

const published = z.union([mirror, packages], 'allowed: a mapping with kind, context, and source or work');

const packageTypes = byRepository(
  mapping(
    {
      compress: z
        .boolean('allowed: true or false')
        .prefault(true)
        .describe('false: files of this type travel as they are, for what does not shrink.'),
      delta: z
        .boolean('allowed: true or false')
        .describe('true, where compress is false: large files travel as deltas all the same.')
        .optional(),
    },
    'allowed: { compress: false }',
  ),
  'allowed: types with their settings, such as { msi: { compress: false } }',
);

function limit(allowed: string, value: z.ZodNumber, usual: number) {
  return z.union([value, z.literal('unlimited').transform(() => null)], allowed).prefault(usual);
}

const percentRule = 'allowed: a number from 0 to 100, without the sign, or unlimited';

const holdAbove = z
  .union(
    [
      z.literal('none').transform(() => ({ files: null, percent: null })),
      mapping(
        {
          files: limit('allowed: a whole number from 0, or unlimited', wholeNumber(1_000_000_000), 1000).describe(
            'Files; unlimited switches this limit off.',
          ),
          percent: limit(percentRule, z.number(percentRule).min(0, percentRule).max(100, percentRule), 20).describe(
            'Per cent of the files of the repository; unlimited switches this limit off.',
          ),
        },
        'allowed: a mapping with files, percent',
      ),
    ],
    'allowed: { files: NUMBER, percent: NUMBER }, or none',
  )
  .prefault({})
  .describe(
    'When one change would delete more than this here, the deletions wait for depot approve, and the rest is applied. ' +
      'none: never hold.',
  );

const rejoinRule = 'allowed: a whole number and its unit (ms, s, m, h or d), such as 30d, or never';

export const configShape = mapping(
  {
    depot: name.describe('The name of this depot; no other depot of the company has it.'),
    site: site.describe('Where this depot stands in the company: names from the top down, joined by "/".'),
    data: folder
      .prefault(defaultData)
      .describe('The folder where everything is kept: the database, the files by content, the installation copies.'),
    listen: address
      .prefault(defaultListen)

      .describe(
        'Where the depots below this one, and its clients, reach it: https://HOST:PORT, where [::] is all addresses of ' +
          'this machine. Plain http:// is for loopback only.',
      ),
    certificate: mapping(
      {
        file: file.describe("This depot's certificate and those between it and the root, PEM."),
        key: file.describe('Its private key, PEM, not encrypted.'),
      },
      'allowed: { file: FILE, key: FILE }',
    )
      .describe(
        "Only where certificates come from the company's own PKI: the files that it issued for this depot. Replaced files " +
          'are taken up by depot reload, and once an hour.',
      )
      .optional(),
    parent: parent.optional(),
    proxy: proxy
      .describe(
        'The HTTP proxy through which parents with https:// are reached. It can neither read nor alter what passes.',
      )
      .optional(),
    poll: poll
      .prefault({})
      .describe('When to ask the parent, such as { every: 15m }, which is what counts without it.'),
    network: networkShape
      .describe('The line belongs to the branch: when bulk bytes may move, and how fast, both ways and all together.')
      .prefault({}),
    sites: sitesShape
      .describe(
        "Only at the depot that holds the company's directory: settings for all depots at a site and below, which are signed " +
          'and go down one level a poll. Of network and of poll that of the longest site counts; the own file of a depot ' +
          'can only be stricter. Where the key is missing, what was signed before stays; {} takes it back.',
      )
      .optional(),
    follow: follow.optional(),
    repositories: byRepository(published, 'allowed: a mapping of repository names: { NAME: { kind: mirror, ... } }')
      .prefault({})
      .describe('The repositories that are published here, by name.'),
    packages: mapping(
      {
        types: packageTypes
          .prefault({})
          .describe('Types of packages besides app, msi, os, script and book, or with other settings than those have.'),
      },
      'allowed: { types: ... }',
    )
      .prefault({})
      .describe('What holds for all packages that are published here.'),
    encoding: encodingShape
      .prefault({})
      .describe('How much is done so that less travels: at the depot that publishes, and where one below asks for it.'),
    deletions: mapping({ 'hold-above': holdAbove }, 'allowed: { hold-above: ... }')
      .prefault({})
      .describe('A guard against a source that was emptied by mistake.'),
    rejoin: z
      .union([z.literal('never').transform(() => 0), duration(second, tenYears)], rejoinRule)
      .describe(
        'How long after the end of its certificate a depot below may still come back by itself through this one; never, or ' +
          'a time. Without it, as long as depot ca init --grace said, which is the most. It is told in status and log.',
      )
      .optional(),
    signing: mapping(
      {
        root: duration(30 * day, tenYears)
          .prefault('730d')
          .describe(
            'The root, which names the keys; signed again by itself at half, where its key is on this machine.',
          ),
        targets: duration(3 * day, tenYears)
          .prefault('90d')
          .describe('What a generation is; signed again as a new one at half.'),
        timestamp: duration(3 * day, tenYears)
          .prefault('30d')
          .describe(
            'Which generation is the newest; signed again daily. A depot that hears of nothing newer for so long alarms.',
          ),
      },
      'allowed: a mapping with root, targets, timestamp',
    )
      .prefault({})
      .describe('How long what is signed here is valid, for the repositories that are published here.'),
    'keep-generations': duration(second, 365 * day)
      .prefault('24h')
      .describe('How long a generation that was replaced stays fetchable for depots that are still transferring it.'),
    log: z
      .enum(['debug', 'info', 'warn', 'error'], { error: 'allowed: debug, info, warn or error' })
      .prefault('info')
      .describe('The least important messages that are logged.'),
  },
  'allowed: a mapping that begins with depot: NAME and site: SITE',
);

/** The configuration as it was understood: defaults filled in, durations in milliseconds, keys as in YAML. */
export type Config = z.output<typeof configShape>;
