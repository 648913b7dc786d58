import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bounded } from '../../src/config/bounded.js';
import { shownSettings } from '../../src/config/effective.js';
import { laxerThanGiven } from '../../src/config/laxer.js';
import { ownWindows, uploadWindows } from '../../src/config/network.js';
import { ConfigError } from '../../src/config/problems.js';
import { parseConfig, parseSettings } from '../../src/config/settings.js';
import { bytesPerSecond, stricter } from '../../src/model/rate.js';
import { givenTo, siteSettingsShape, type GivenSettings, type SiteRow } from '../../src/model/site-settings.js';
import { rateAt } from '../../src/model/windows.js';
import { settings as anySettings } from './arbitrary-settings.js';

const origin = 'depot: o\nsite: enterprise\n';
const branch = 'depot: m\nsite: enterprise/germany/munich\nparent: https://g:1\n';
const now = Date.parse('2026-11-26T09:00:00Z');
const hour = 3_600_000;

/** As the directory has them. */
function rows(sites: string): SiteRow[] {
  return (
    parseSettings(`${origin}sites:\n${sites}`, 'o').sites?.map((row) => JSON.parse(JSON.stringify(row)) as SiteRow) ??
    []
  );
}

function given(sites: string, site = 'enterprise/germany/munich'): GivenSettings | null {
  return givenTo(site, rows(sites), 7);
}

function problems(text: string): string[] {
  try {
    parseSettings(text, 'f');
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n');
  }
}

describe('settings of sites', () => {
  it('tell all that is wrong with them at once, each with its place', () => {
    const text = `${origin}sites:
  enterprise/germany:
    network:
      windows: [{ days: mon-fri, from: "20:00", to: "20:00", rate: 20Mb/s }]
      priority: { "a b": high }
      follow: all
    poll: { every: 1ms }
  Enterprise//x: { poll: { every: 1h } }
  other/germany: { poll: { every: 1h } }
  enterprise/france: {}
  enterprise/spain: { network: {} }
  enterprise/italy: { poll: {} }
`;
    expect(problems(text)).toEqual([
      expect.stringMatching(
        /^f:6:7: sites\."enterprise\/germany"\.network\.windows: needs network\.otherwise beside it/,
      ),
      expect.stringMatching(/^f:6:53: .*windows\[0\]\.to: is the time at which it begins/),
      expect.stringMatching(/^f:6:68: .*windows\[0\]\.rate: found "20Mb\/s"; .*it could mean 20Mbit\/s or 20Mbyte\/s/),
      expect.stringMatching(/^f:7:19: .*priority\."a b": found "a b"; a name has/),
      expect.stringMatching(/^f:8:7: .*network\.follow: unknown key here; it belongs to the top level/),
      expect.stringMatching(/^f:9:20: .*poll\.every: found "1ms"; the shortest allowed here is 1s/),
      expect.stringMatching(
        /^f:10:3: sites\."Enterprise\/\/x": found "Enterprise\/\/x"; a site is .*did you mean Enterprise\/x/,
      ),
      expect.stringMatching(/^f:11:3: .*which lies outside the company: all sites begin with "enterprise"/),
      expect.stringMatching(/^f:12:3: sites\."enterprise\/france": says nothing; give it network or poll/),
      expect.stringMatching(
        /^f:13:23: .*network: says nothing; to set no limit, write network: { otherwise: unlimited }/,
      ),
      expect.stringMatching(/^f:14:23: .*poll\.every: is missing/),
    ]);
  });

  it('are those of the longest site, section by section, each as a whole', () => {
    const sites = `
  enterprise: { poll: { every: 30m }, network: { otherwise: closed, frame: 16KiB } }
  enterprise/germany: { network: { otherwise: 1Mbit/s } }
  enterprise/germany/munich/lab: { network: { otherwise: unlimited }, poll: { every: 1s } }
  enterprise/germany/mun: { poll: { every: 2h } }`;
    expect(given(sites)).toMatchObject({
      generation: 7,
      network: { site: 'enterprise/germany', settings: { otherwise: 125_000, frameBytes: null } },
      poll: { site: 'enterprise', settings: { everyMs: 1_800_000 } },
      ignored: [],
    });
    expect(given(sites, 'enterprise')?.network?.site).toBe('enterprise');
    expect(given('  enterprise/france: { poll: { every: 1h } }')).toBeNull();
  });

  it('are read as far as they are understood where a newer version has signed them', () => {
    const network = rows('  enterprise: { network: { windows: [{ rate: closed }], otherwise: closed } }')[0]
      ?.settings as {
      network: { windows: object[] };
    };
    const newer = {
      network: {
        ...network.network,
        timezone: 'Mars/Olympus',
        burst: 3,
        windows: [{ ...network.network.windows[0], weeks: 'odd' }],
      },
      poll: { everyMs: 'seldom' },
      follow: ['tools'],
    };
    const found = givenTo('enterprise/x', [{ site: 'enterprise', settings: newer }], 9);
    expect(found).toMatchObject({ network: { settings: { timezone: null, otherwise: 'closed' } }, poll: null });
    expect(found?.ignored).toEqual([
      'enterprise: network.timezone (Mars/Olympus is not known here)',
      'enterprise: network.windows[0].weeks',
      'enterprise: network.burst',
      'enterprise: poll',
      'enterprise: follow',
    ]);
    for (const settings of [null, 7, 'x', [], { network: null }, { network: { windows: 3 } }])
      expect(givenTo('enterprise', [{ site: 'enterprise', settings }], 1)).toMatchObject({ network: null, poll: null });
  });

  it('are signed as they are written, and never make a depot laxer, at any moment, whatever both say', () => {
    const instants = fc.array(fc.integer({ min: 0, max: 400 * 24 * 60 }), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(anySettings, anySettings, instants, (own, origin, minutes) => {
        const row = origin.sites?.[0];
        if (row === undefined) return;
        const signed: unknown = JSON.parse(JSON.stringify(siteSettingsShape.parse(row.settings)));
        const given = givenTo(row.site, [{ site: row.site, settings: signed }], 1);
        expect(given?.ignored).toEqual([]);
        const inForce = bounded(own, given);
        const atLeastMs = row.settings.poll?.everyMs ?? 0;
        expect(inForce.poll.everyMs).toBe(Math.max(own.poll.everyMs, atLeastMs));
        for (const [name, { everyMs, contentMs }] of Object.entries(own.poll.repositories)) {
          const atMost = everyMs === null ? null : Math.max(everyMs, atLeastMs);
          expect(inForce.poll.repositories[name]).toEqual({ everyMs: atMost, contentMs });
        }
        const { network: line } = row.settings;
        expect(inForce.network.frameBytes).toBe(smallest(own.network.frameBytes, line?.frameBytes ?? null));
        if (line === undefined) return;
        const zone = line.timezone ?? ownWindows(own.network).zone;
        for (const minute of minutes) {
          const atMs = now + minute * 60_000;
          const limit = rateAt({ zone, list: line.windows, otherwise: line.otherwise ?? 'unlimited' }, atMs).rate;
          expect(rateAt(ownWindows(inForce.network), atMs).rate).toBe(
            stricter(rateAt(ownWindows(own.network), atMs).rate, limit),
          );
          const uploads = { zone, list: line.uploads.windows, otherwise: line.uploads.total ?? 'unlimited' };
          const most = bytesPerSecond(rateAt(uploads, atMs).rate);
          expect(bytesPerSecond(rateAt(uploadWindows(inForce.network), atMs).rate)).toBeLessThanOrEqual(most);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('a file that is laxer', () => {
  const sites = `
  enterprise/germany:
    network:
      timezone: Europe/Berlin
      frame: 64KiB
      windows: [{ days: mon-fri, from: "07:00", to: "19:00", rate: closed }]
      otherwise: 20Mbit/s
      uploads: { total: 8Mbit/s, each-child: 1Mbit/s, at-once: 2 }
    poll: { every: 30m }`;
  const warnings = (text: string): string[] => laxerThanGiven(parseConfig(branch + text, 'm.yaml'), given(sites), now);
  const from = 'set for enterprise/germany in the directory (generation 7)';

  it('is told each value with its line, and what it is held against', () => {
    const text = `poll:
  every: 5m
  repositories: { tools: 1m, media: 1h }
network:
  timezone: Europe/Berlin
  frame: 1MiB
  windows:
    - { from: "20:00", to: "22:00", rate: unlimited }
    - { days: sun, rate: closed }
  otherwise: 1Mbit/s
  uploads: { total: 9Mbit/s, each-child: 2Mbit/s, at-once: 3 }
`;
    expect(warnings(text)).toEqual([
      `poll.every: 5m (m.yaml:5) is more often than 30m, ${from}; 30m counts`,
      `poll.repositories.tools: 1m (m.yaml:6) is more often than 30m, ${from}; 30m counts`,
      `network.frame: 1MiB (m.yaml:9) is larger than 64KiB, ${from}; the smaller counts`,
      `network.uploads.each-child: 2Mbit/s (m.yaml:14) is faster than 1Mbit/s, ${from}; the slower counts`,
      `network.uploads.at-once: 3 (m.yaml:14) is more than 2, ${from}; the lower counts`,
      `network.otherwise: 1Mbit/s (m.yaml:13) is open while it is closed now, ${from}; at every moment the stricter counts`,
      `network.windows[0].rate: unlimited (m.yaml:11) is faster than 20Mbit/s from 20:00 on, ${from}; at every moment the stricter counts`,
      `network.uploads.total: 9Mbit/s (m.yaml:14) is faster than 8Mbit/s now, ${from}; at every moment the stricter counts`,
    ]);
  });

  it('is nothing to tell of where it says nothing, or is stricter', () => {
    expect(warnings('')).toEqual([]);
    const stricterText = `poll: { every: 1h }
network:
  timezone: Europe/Berlin
  windows: [{ from: "06:00", to: "20:00", rate: closed }]
  otherwise: 1Mbit/s
  uploads: { total: 1Mbit/s, each-child: 1Mbit/s, at-once: 1 }
`;
    expect(warnings(stricterText)).toEqual([]);
  });

  it('takes windows by its own clock where the site names no zone', () => {
    const text = 'network: { timezone: Asia/Kolkata, otherwise: unlimited }\n';
    const noon =
      '  enterprise: { network: { windows: [{ from: "12:00", to: "13:00", rate: closed }], otherwise: unlimited } }';
    const inForce = bounded(parseSettings(branch + text, 'f'), given(noon));
    const windows = ownWindows(inForce.network);
    expect(rateAt(windows, Date.parse('2026-11-26T07:00:00Z')).rate).toBe('closed');
    expect(rateAt(windows, Date.parse('2026-11-26T12:30:00Z')).rate).toBe('unlimited');
    expect(rateAt(windows, now)).toMatchObject({ rate: 'unlimited', untilMs: now + 21.5 * hour });
  });

  it('is shown value by value with its origin, and without passwords', () => {
    const text =
      'proxy: http://user:secret@proxy:3128\npoll: { repositories: { a: 5m, b: { every: 1m, content: 2m }, c: 2h } }\nnetwork:\n  otherwise: 1Mbit/s\n  priority: { tools: low }\n';
    const limits =
      '  enterprise: { network: { otherwise: closed, priority: { tools: high, media: high } }, poll: { every: 1h } }';
    const rows = shownSettings(parseConfig(branch + text, 'm.yaml'), given(limits));
    const shown = (key: string) => rows.find((row) => row.key === key);
    const directory = { kind: 'directory', site: 'enterprise', generation: 7 };
    expect(shown('depot')).toEqual({
      ...{ key: 'depot', value: 'm', beside: null },
      origin: { kind: 'file', file: 'm.yaml', line: 1 },
    });
    expect(shown('network.otherwise')).toMatchObject({
      ...{ value: '1Mbit/s', origin: { kind: 'file', line: 7 } },
      beside: { value: 'closed', origin: directory, counts: 'at-every-moment-the-stricter' },
    });
    expect(shown('network.priority.tools')).toMatchObject({ value: 'low', origin: { kind: 'file' }, beside: null });
    expect(shown('network.priority.media')).toMatchObject({ value: 'high', origin: directory });
    expect(shown('poll.every')).toMatchObject({
      value: '1h',
      origin: directory,
      beside: { value: '15m', counts: 'no' },
    });
    expect(shown('poll.repositories.a')).toMatchObject({ value: '1h', origin: directory, beside: { value: '5m' } });
    expect(shown('poll.repositories.b.every')).toMatchObject({
      value: '1h',
      origin: directory,
      beside: { value: '1m' },
    });
    expect(shown('poll.repositories.b.content')).toMatchObject({ value: '2m', origin: { kind: 'file' }, beside: null });
    expect(shown('poll.repositories.c')).toMatchObject({ value: '2h', beside: { value: '1h', counts: 'no' } });
    expect(JSON.stringify(rows)).not.toContain('secret');
    expect(rows.map(({ key }) => key.split('.')[0]).filter((key, at, all) => key !== all[at - 1])).toHaveLength(
      new Set(rows.map(({ key }) => key.split('.')[0])).size,
    );
  });
});

function smallest(...bytes: readonly (number | null)[]): number | null {
  const known = bytes.filter((each) => each !== null);
  return known.length === 0 ? null : Math.min(...known);
}
