import fc from 'fast-check';
import { formatAddress, type Address } from '../../src/config/address.js';
import type { NetworkSettings } from '../../src/config/network.js';
import type { Rate } from '../../src/model/rate.js';
import type { Window } from '../../src/model/windows.js';
import { usualTypes, type MirrorSettings, type PackagesSettings, type Settings } from '../../src/config/settings.js';

const letter = fc.constantFrom(...'abcxyzABCXYZ0189');
const inner = fc.constantFrom(...'abcXYZ019._-');

/** Names, among them those that YAML would take for something else. */
const name = fc.oneof(
  fc.constantFrom('12', '0x10', '1e3', '007', 'null', 'true', 'no', 'constructor', 'all', '1.5', '2026-11-21'),
  fc.tuple(letter, fc.string({ unit: inner, maxLength: 20 })).map(([first, rest]) => first + rest),
);

/** Folder names with what a person might put into them, YAML's own signs and other scripts included. */
const part = fc
  .string({ unit: fc.constantFrom(...'ab #:-&*!|>\'"%@`{}[],?~\\ üß漢🙂'), minLength: 1, maxLength: 12 })
  .filter((text) => text !== '.' && text !== '..');

const glob = fc
  .tuple(fc.constantFrom('**/', '*.', 'mac/', '@(a|b)', ''), part)
  // What has brackets that are never closed is refused.
  .map(([first, rest]) => first + rest.replaceAll(/[\\[{]/g, ''))
  .filter((text) => text.trim() !== '' && !/(^|\/)\.{0,2}$/.test(text) && !/^!(?!\()/.test(text));

const duration = (shortestMs: number, longestMs: number): fc.Arbitrary<number> =>
  fc.oneof(
    fc.integer({ min: shortestMs, max: longestMs }),
    fc.constantFrom(1000, 5000, 60_000, 900_000, 3_600_000).filter((ms) => ms >= shortestMs && ms <= longestMs),
  );

const day = 86_400_000;
const interval = duration(1000, 7 * day);
const loopback = fc.constantFrom('127.0.0.1', '127.8.9.10', '::1');
const anywhere = fc.constantFrom('10.1.2.3', 'germany.example.com', 'depot-1', '2001:db8::1');
const address = (port: number): fc.Arbitrary<Address> =>
  fc.oneof(
    fc.record({ scheme: fc.constant('http' as const), host: loopback, port: fc.constant(port) }),
    fc.record({
      scheme: fc.constant('https' as const),
      host: fc.oneof(loopback, anywhere),
      port: fc.constant(port),
    }),
  );
const proxy = fc.constantFrom(
  null,
  'http://proxy.example.com:3128',
  'https://[2001:db8::2]:3128',
  'http://user:p%40ss@10.0.0.1:8080',
);
const limit = (highest: number, value: fc.Arbitrary<number>): fc.Arbitrary<number | null> =>
  fc.oneof(fc.constant(null), value, fc.integer({ min: 0, max: highest }));

const rate: fc.Arbitrary<Rate> = fc.oneof(
  fc.constantFrom('unlimited' as const, 'closed' as const),
  fc.integer({ min: 8_000, max: 1e12 }).map((bits) => bits / 8),
);
const date = fc.integer({ min: 18_000, max: 30_000 });
const window: fc.Arbitrary<Window> = fc
  .record({
    dates: fc.option(
      fc.array(
        fc.tuple(date, fc.nat(90)).map(([first, more]) => [first, first + more] as const),
        {
          minLength: 1,
          maxLength: 3,
        },
      ),
    ),
    days: fc.option(fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 })),
    fromMinute: fc.integer({ min: 0, max: 1439 }),
    toMinute: fc.integer({ min: 1, max: 1440 }),
    rate,
  })
  .filter(({ fromMinute, toMinute }) => fromMinute !== toMinute);

function network(repository: fc.Arbitrary<string>): fc.Arbitrary<NetworkSettings> {
  const uploads = fc.record({
    total: rate,
    eachChild: rate.map((each) => (each === 'closed' ? 'unlimited' : each)),
    atOnce: fc.integer({ min: 1, max: 1024 }),
    windows: fc.array(window, { maxLength: 2 }),
  });
  return fc
    .record({
      timezone: fc.constantFrom(null, 'Europe/Berlin', 'Etc/GMT+5', 'America/Argentina/Buenos_Aires'),
      frameBytes: fc.option(fc.integer({ min: 16, max: 64 * 1024 }).map((kib) => kib * 1024)),
      windows: fc.array(window, { maxLength: 3 }),
      otherwise: fc.option(rate),
      urgent: fc.option(rate),
      priority: fc.dictionary(repository, fc.constantFrom('high', 'normal', 'low')),
      uploads,
    })
    .map((made) => ({ ...made, otherwise: made.windows.length > 0 ? (made.otherwise ?? 'closed') : made.otherwise }));
}

/** What a company sets for sites, its own among them. */
function given(site: string, repository: fc.Arbitrary<string>): fc.Arbitrary<Settings['sites']> {
  const company = site.split('/')[0] ?? site;
  const line = network(repository).map(({ timezone, frameBytes, windows, otherwise, urgent, priority, uploads }) => ({
    ...{ timezone, frameBytes, windows: [...windows], otherwise },
    urgent: urgent ?? (otherwise === null ? null : ('closed' as const)),
    priority: { ...priority },
    uploads: { ...uploads, windows: [...uploads.windows] },
  }));
  const poll = interval.map((everyMs) => ({ everyMs }));
  const settings = fc.oneof(
    fc.record({ network: line }),
    fc.record({ poll }),
    fc.record({ network: line, poll }),
    fc.constant({ network: { ...nothingGiven, otherwise: 'closed' as const, urgent: 'closed' as const } }),
  );
  return fc.dictionary(name, settings, { maxKeys: 3 }).map((bySite) =>
    Object.entries(bySite)
      .map(([below, settings]) => ({ site: `${company}/${below}`, settings }))
      .sort((a, b) => (a.site < b.site ? -1 : 1)),
  );
}

const nothingGiven = {
  ...{ timezone: null, frameBytes: null, windows: [], otherwise: null, urgent: null, priority: {} },
  uploads: { total: null, eachChild: null, atOnce: null, windows: [] },
};

function mirror(site: string, name: string, at: number): fc.Arbitrary<MirrorSettings> {
  const names = site.split('/');
  return fc.record({
    name: fc.constant(name),
    kind: fc.constant('mirror' as const),
    context: fc.integer({ min: 1, max: names.length }).map((length) => names.slice(0, length).join('/')),
    source: part.map((text) => `/srv/${at}${text}`),
    settleMs: duration(100, 3_600_000),
    exclude: fc.array(glob, { maxLength: 3 }),
    names: fc.constantFrom('portable' as const, 'strict' as const, 'posix' as const),
    watchLimit: fc.integer({ min: 0, max: 1_000_000 }),
    rescanMs: interval,
    encodeWaitMs: duration(0, 3_600_000),
    deltaGenerations: fc.integer({ min: 0, max: 100 }),
    travel: fc.record({ raw: fc.array(glob, { maxLength: 2 }), rawOrDelta: fc.array(glob, { maxLength: 2 }) }),
  });
}

function packages(site: string, name: string, at: number): fc.Arbitrary<PackagesSettings> {
  const members = fc.uniqueArray(
    part.map((text) => `m${text.replace(/[^A-Za-z0-9]/g, '')}`),
    { maxLength: 2 },
  );
  return fc.record({
    name: fc.constant(name),
    kind: fc.constant('packages' as const),
    context: fc.constant(site.split('/')[0] ?? site),
    work: part.map((text) => `/work/${at}${text}`),
    keep: fc.record({ releases: fc.integer({ min: 1, max: 1000 }), days: fc.integer({ min: 0, max: 3650 }) }),
    rings: fc.array(fc.record({ name: fc.constantFrom('pilot', 'wide'), sites: members, depots: members }), {
      maxLength: 2,
    }),
  });
}

/** Settings that agree with themselves: names published here are not fetched, folders are not nested, and so on. */
export const settings: fc.Arbitrary<Settings> = fc
  .record({
    site: fc.array(name, { minLength: 1, maxLength: 16 }).map((names) => names.join('/')),
    names: fc.uniqueArray(name, { minLength: 6, maxLength: 9 }),
    published: fc.integer({ min: 0, max: 3 }),
    ports: fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { minLength: 4, maxLength: 4 }),
    parents: fc.integer({ min: 0, max: 3 }),
  })
  .chain(({ site, names, published, ports, parents }) => {
    const [own, ...others] = ports;
    const foreign = names.slice(published);
    const [first = 'a', ...rest] = foreign;
    const url = (port: number): fc.Arbitrary<string> => address(port).map(formatAddress);
    const followed = fc.record({
      repository: fc.constantFrom(first, ...rest),
      include: fc.array(glob, { maxLength: 3 }),
      exclude: fc.array(glob, { maxLength: 3 }),
    });
    const list = fc.uniqueArray(followed, { selector: ({ repository }) => repository, maxLength: 4 });
    return fc.record({
      file: fc.constant('depot.yaml'),
      depot: name,
      site: fc.constant(site),
      data: part.map((text) => `/data/${text}`),
      listen: address(own ?? 1),
      rejoinMs: fc.option(fc.oneof(fc.constant(0), interval)),
      certificate: fc.option(
        fc.record({ file: part.map((text) => `/pki/${text}`), key: part.map((text) => `/pki/${text}`) }),
      ),
      parents: fc.tuple(
        ...others.slice(0, parents).map((port) =>
          fc.record({
            url: url(port),
            repositories: fc.oneof(
              fc.constant(null),
              fc.uniqueArray(fc.constantFrom(first, ...rest), { minLength: 1 }),
            ),
          }),
        ),
      ),
      proxy,
      poll: fc.record({
        everyMs: interval,
        jitter: fc.integer({ min: 0, max: 50 }).map((percent) => percent / 100),
        atStart: fc.boolean(),
        contentMs: fc.option(interval),
        repositories: fc.dictionary(
          fc.constantFrom(first, ...rest),
          fc
            .record({ everyMs: fc.option(interval), contentMs: fc.option(interval) })
            .filter(({ everyMs, contentMs }) => everyMs !== null || contentMs !== null),
        ),
      }),
      network: network(fc.constantFrom(first, ...rest)),
      sites: fc.option(given(site, fc.constantFrom(first, ...rest))),
      follow: parents === 0 ? fc.constant([]) : fc.oneof(fc.constant('all' as const), list),
      repositories: fc.tuple(
        ...names
          .slice(0, published)
          .sort()
          .map((name, at) => fc.oneof(mirror(site, name, at), packages(site, name, at))),
      ),
      packageTypes: fc.constantFrom(usualTypes, {
        ...usualTypes,
        vm: { compress: false, delta: true },
        msi: { compress: true, delta: true },
      }),
      encoding: fc.record({
        level: fc.integer({ min: 1, max: 19 }),
        levelLarge: fc.integer({ min: 1, max: 19 }),
        onDemandCpu: fc.integer({ min: 0, max: 400 }).map((percent) => percent / 100),
        memoryBytes: fc.integer({ min: 256, max: 64 * 1024 }).map((mib) => mib * 1024 ** 2),
      }),
      deletions: fc.record({
        holdAbove: fc.record({
          files: limit(1_000_000_000, fc.nat(2000)),
          percent: limit(100, fc.double({ min: 0.001, max: 100, noNaN: true })),
        }),
      }),
      signing: fc.record({
        rootMs: fc.integer({ min: 30 * day, max: 3650 * day }),
        targetsMs: fc.integer({ min: 3 * day, max: 3650 * day }),
        timestampMs: fc.integer({ min: 3 * day, max: 3650 * day }),
      }),
      keepGenerationsMs: duration(1000, 365 * day),
      log: fc.constantFrom('debug' as const, 'info' as const, 'warn' as const, 'error' as const),
    });
  });
