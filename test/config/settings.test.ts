import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/problems.js';
import { parseSettings, usualTypes } from '../../src/config/settings.js';

/** The message for `depot.yaml`, or 'no problem'. */
function problems(text: string): string {
  try {
    parseSettings(text, 'depot.yaml');
    return 'no problem';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

const day = 86_400_000;
const base = 'depot: munich-1\nsite: enterprise/germany/munich\n';

const noNetwork = {
  timezone: null,
  frameBytes: null,
  windows: [],
  otherwise: null,
  urgent: null,
  priority: {},
  uploads: { total: 'unlimited', eachChild: 'unlimited', atOnce: 64, windows: [] },
};

describe('a good file', () => {
  test('needs a depot and a site; the rest is filled in', () => {
    expect(parseSettings(base, 'depot.yaml')).toEqual({
      file: 'depot.yaml',
      depot: 'munich-1',
      site: 'enterprise/germany/munich',
      data: '/var/lib/depotd',
      listen: { scheme: 'http', host: '127.0.0.1', port: 8443 },
      parents: [],
      certificate: null,
      proxy: null,
      poll: { everyMs: 900_000, jitter: 0.1, atStart: true, contentMs: null, repositories: {} },
      network: noNetwork,
      sites: null,
      follow: [],
      repositories: [],
      packageTypes: usualTypes,
      encoding: { level: 9, levelLarge: 6, onDemandCpu: 0.5, memoryBytes: 1024 ** 3 },
      deletions: { holdAbove: { files: 1000, percent: 20 } },
      rejoinMs: null,
      signing: { rootMs: 730 * day, targetsMs: 90 * day, timestampMs: 30 * day },
      keepGenerationsMs: 86_400_000,
      log: 'info',
    });
  });

  test('may say everything', () => {
    const text = `
depot: "12"
site: enterprise/germany/munich
data: /var/lib/depotd/
listen: https://[::]:8443/
certificate: { file: /etc/pki//depot.pem, key: /etc/pki/depot.key }
parent:
  - http://127.0.0.1:8441
  - { url: "HTTPS://Germany.Example.com:8441", repositories: [drivers] }
proxy: http://depotd:s%40cret@proxy.example.com:3128/
poll: { every: 2h, jitter: 0%, at-start: false, content: 4h, repositories: { drivers: 90s, apps: { content: 1d } } }
follow:
  - { repository: office, include: ["mac/**"], exclude: ["**/*.bak"] }
  - repository: drivers
repositories:
  tools:
    kind: mirror
    context: enterprise
    source: /srv//tools
    settle: 250ms
    exclude: ["**/.DS_Store"]
    names: strict
    watch-limit: 0
    rescan: 1d
    encode-wait: 2m
    delta-generations: 1
    raw: ["**/*.msi"]
    raw-or-delta: ["images/**"]
encoding: { level: 1, level-large: 19, on-demand: { cpu: 200% }, memory: 4GiB }
deletions: { hold-above: { files: unlimited, percent: 12.5 } }
rejoin: never
signing: { root: 1000d, targets: 60d, timestamp: 72h }
keep-generations: 48h
log: debug
`;
    expect(parseSettings(text, 'depot.yaml')).toEqual({
      file: 'depot.yaml',
      depot: '12',
      site: 'enterprise/germany/munich',
      data: '/var/lib/depotd',
      listen: { scheme: 'https', host: '::', port: 8443 },
      parents: [
        { url: 'http://127.0.0.1:8441', repositories: null },
        { url: 'https://germany.example.com:8441', repositories: ['drivers'] },
      ],
      certificate: { file: '/etc/pki/depot.pem', key: '/etc/pki/depot.key' },
      proxy: 'http://depotd:s%40cret@proxy.example.com:3128',
      poll: {
        everyMs: 7_200_000,
        jitter: 0,
        atStart: false,
        contentMs: 14_400_000,
        repositories: {
          drivers: { everyMs: 90_000, contentMs: null },
          apps: { everyMs: null, contentMs: 86_400_000 },
        },
      },
      network: noNetwork,
      sites: null,
      follow: [
        { repository: 'office', include: ['mac/**'], exclude: ['**/*.bak'] },
        { repository: 'drivers', include: [], exclude: [] },
      ],
      repositories: [
        {
          name: 'tools',
          kind: 'mirror',
          context: 'enterprise',
          source: '/srv/tools',
          settleMs: 250,
          exclude: ['**/.DS_Store'],
          names: 'strict',
          watchLimit: 0,
          rescanMs: 86_400_000,
          encodeWaitMs: 120_000,
          deltaGenerations: 1,
          travel: { raw: ['**/*.msi'], rawOrDelta: ['images/**'] },
        },
      ],
      packageTypes: usualTypes,
      encoding: { level: 1, levelLarge: 19, onDemandCpu: 2, memoryBytes: 4 * 1024 ** 3 },
      deletions: { holdAbove: { files: null, percent: 12.5 } },
      rejoinMs: 0,
      signing: { rootMs: 1000 * day, targetsMs: 60 * day, timestampMs: 3 * day },
      keepGenerationsMs: 172_800_000,
      log: 'debug',
    });
  });

  test('with one parent, as a URL or a mapping, follows all', () => {
    const url = parseSettings(`${base}parent: http://127.0.0.1:8441\n`, 'f');
    const mapping = parseSettings(`${base}parent: { url: http://127.0.0.1:8441 }\n`, 'f');
    expect(url).toEqual(mapping);
    expect(url).toMatchObject({ parents: [{ url: 'http://127.0.0.1:8441', repositories: null }], follow: 'all' });
  });

  test('switches holding off with none, and keeps the other limit where one is given', () => {
    const holdAbove = (text: string) =>
      parseSettings(`${base}deletions: { hold-above: ${text} }\n`, 'f').deletions.holdAbove;
    expect(holdAbove('none')).toEqual({ files: null, percent: null });
    expect(holdAbove('{ files: 5 }')).toEqual({ files: 5, percent: 20 });
    expect(holdAbove('{ percent: unlimited }')).toEqual({ files: 1000, percent: null });
  });

  test('may use references of YAML', () => {
    const text = `${base}parent: http://127.0.0.1:8441
follow:
  - { repository: a, exclude: &junk ["**/*.bak"] }
  - { repository: b, exclude: *junk }
`;
    expect(parseSettings(text, 'f').follow).toMatchObject([{ exclude: ['**/*.bak'] }, { exclude: ['**/*.bak'] }]);
  });

  test('gives settings that nobody can change', () => {
    const settings = parseSettings(`${base}parent: http://127.0.0.1:8441\npoll: { repositories: { a: 5m } }\n`, 'f');
    for (const part of [settings, settings.listen, settings.parents, settings.parents[0], settings.poll.repositories]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  test('has no interval for a repository whose name every object knows', () => {
    expect(parseSettings(base, 'f').poll.repositories['constructor']).toBeUndefined();
  });
});

test('all problems are told at once, each in its place, with what is allowed and what was meant', () => {
  const text = `depot: munich 1
site: /enterprise//germany/münchen/
dta: /srv/depotd
listen: https://depot.example.com
parent: 127.0.0.1:8441
poll:
  evry: 15
  jitter: 10
  at-start: yes
  repositories: { tools: 5 min, "a b": 1s }
follow: al
repositories:
  tools:
    kind: mirrors
    context: enterprise/france
    settle: 5
    exclude: [*.bak, /x, 'a\\b', "", 'x/']
    names: Strict
    watch-limit: -1
every: 5m
deletions: { hold-above: { files: 10%, percent: 120 } }
keep-generations:
log: verbose
`;
  expect(problems(text).split('\n')).toEqual([
    'depot.yaml:1:8: depot: found "munich 1"; a name has letters, digits, "-", "_" and ".", begins with a letter or digit and has at most 63 characters; did you mean munich-1?',
    'depot.yaml:2:7: site: found "/enterprise//germany/münchen/"; a site is a path of names from the company down, such as enterprise/germany/munich (at most 16 names); did you mean enterprise/germany/munchen?',
    'depot.yaml:3:1: dta: unknown key; did you mean data?',
    'depot.yaml:4:9: listen: found "https://depot.example.com"; the port is missing; did you mean https://depot.example.com:8443?',
    'depot.yaml:5:9: parent: found "127.0.0.1:8441"; allowed: https://HOST:PORT, or on this machine only http://127.0.0.1:PORT; did you mean http://127.0.0.1:8441?',
    'depot.yaml:7:3: poll.evry: unknown key; did you mean every?',
    'depot.yaml:8:11: poll.jitter: found 10; allowed: a whole number with its sign, from 0% to 50%',
    'depot.yaml:9:13: poll.at-start: found "yes"; allowed: true or false; did you mean true?',
    'depot.yaml:10:26: poll.repositories.tools: found "5 min"; allowed: a whole number and its unit (ms, s, m, h or d), such as 15m; did you mean 5m?',
    'depot.yaml:10:33: poll.repositories."a b": found "a b"; a name has letters, digits, "-", "_" and ".", begins with a letter or digit and has at most 63 characters; did you mean a-b?',
    'depot.yaml:11:9: follow: found "al"; allowed: all, or a list of { repository: NAME, include: [PATTERN], exclude: [PATTERN] }; did you mean all?',
    'depot.yaml:13:3: repositories.tools.source: is missing; allowed: an absolute path, such as /srv/tools',
    'depot.yaml:14:11: repositories.tools.kind: found "mirrors"; allowed: mirror or packages; did you mean mirror?',
    'depot.yaml:16:13: repositories.tools.settle: found 5; allowed: a whole number and its unit (ms, s, m, h or d), such as 15m',
    'depot.yaml:17:15: repositories.tools.exclude[0]: a text that begins with * is a reference in YAML; put it in quotes, as in "**/*.bak"',
    'depot.yaml:17:22: repositories.tools.exclude[1]: found "/x"; paths begin inside the repository, without "/" or "./"; did you mean "x"?',
    'depot.yaml:17:26: repositories.tools.exclude[2]: found "a\\\\b"; folders are separated by "/"; did you mean "a/b"?',
    'depot.yaml:17:33: repositories.tools.exclude[3]: found ""; an empty pattern selects nothing; remove it',
    'depot.yaml:17:37: repositories.tools.exclude[4]: found "x/"; this selects no file; did you mean "x/**"?',
    'depot.yaml:18:12: repositories.tools.names: found "Strict"; allowed: portable, strict or posix; did you mean strict?',
    'depot.yaml:19:18: repositories.tools.watch-limit: found -1; allowed: a whole number from 0 to 1000000',
    'depot.yaml:20:1: every: unknown key here; it belongs to poll or poll.repositories.NAME: check the indentation',
    'depot.yaml:21:35: deletions.hold-above.files: found "10%"; allowed: a whole number from 0, or unlimited',
    'depot.yaml:21:49: deletions.hold-above.percent: found 120; allowed: a number from 0 to 100, without the sign, or unlimited',
    'depot.yaml:22:1: keep-generations: found nothing; allowed: a whole number and its unit (ms, s, m, h or d), such as 15m',
    'depot.yaml:23:6: log: found "verbose"; allowed: debug, info, warn or error',
  ]);
});

test.each([
  ['a//b', 'paths have no empty part, so this selects nothing; did you mean "a/b"?'],
  ['a/./b', 'paths have no part ".", so this selects nothing; did you mean "a/b"?'],
  ['img/[0-9.png', 'the "[" is never closed; where a name has one, it is written as "[[]"'],
  ['[]a', 'the "[" is never closed; where a name has one, it is written as "[[]"'],
  ['*.{bak,tmp', 'the "{" is never closed; where a name has one, it is written as "[{]"'],
  ['+(a|b', 'the "(" is never closed; where a name has one, it is written as "[(]"'],
])('refuses the pattern %s, which selects nothing that it seems to', (pattern, fault) => {
  const text = `depot: a\nsite: e\nparent: https://p:1\nfollow: [{ repository: r, include: [${JSON.stringify(pattern)}] }]\n`;
  expect(problems(text)).toContain(`follow[0].include[0]: found ${JSON.stringify(pattern)}; ${fault}`);
});

test.each(['[[]x', '[]a]', '[!]]*', 'a(b', 'a)b', '{a,b}/*.[ch]', '[{]', '@(a|b)/**', '**/*.bak'])(
  'takes the pattern %s',
  (pattern) => {
    const text = `depot: a\nsite: e\nparent: https://p:1\nfollow: [{ repository: r, exclude: [${JSON.stringify(pattern)}] }]\n`;
    expect(() => parseSettings(text, 'depot.yaml')).not.toThrow();
  },
);

test('what disagrees is told even where each value is good by itself', () => {
  const text = `depot: a
site: e/f
parent: [http://127.0.0.1:8443, http://127.0.0.1:8441, { url: http://127.0.0.1:8441/, repositories: [t, x, x] }]
poll: { repositories: { t: 5m } }
follow: [{ repository: y }, { repository: y }, { repository: t }]
repositories:
  t: { kind: mirror, context: e/f/g, source: /var/lib/depotd/x }
  u: { kind: mirror, context: e, source: /var/lib }
  v: { kind: mirror, context: e, source: /srv/a }
  w: { kind: mirror, context: e, source: /srv/a/b }
  x.y: { kind: mirror, context: e, source: /srv/a }
`;
  const published = '"t" is published here, or held whole until it is; remove it from follow';
  expect(problems(text).split('\n')).toEqual([
    'depot.yaml:3:10: parent[0]: http://127.0.0.1:8443 is where this depot itself listens; name the depot above',
    'depot.yaml:3:63: parent[2].url: found "http://127.0.0.1:8441" a second time; remove one of the two',
    'depot.yaml:3:108: parent[2].repositories[2]: found "x" a second time; remove one of the two',
    'depot.yaml:5:43: follow[1].repository: found "y" a second time; put its patterns into one entry',
    `depot.yaml:5:62: follow[2].repository: ${published}`,
    'depot.yaml:7:31: repositories.t.context: found "e/f/g", which does not cover this depot\'s own site "e/f"; allowed: e, e/f',
    'depot.yaml:7:46: repositories.t.source: found "/var/lib/depotd/x", which lies in the data directory /var/lib/depotd; a source must be a folder of its own',
    'depot.yaml:8:42: repositories.u.source: found "/var/lib", which holds the data directory /var/lib/depotd; depotd would publish its own files',
    'depot.yaml:8:42: repositories.u.source: found "/var/lib", which holds the source of t, /var/lib/depotd/x',
    'depot.yaml:10:42: repositories.w.source: found "/srv/a/b", which lies in the source of v, /srv/a',
    'depot.yaml:11:44: repositories.x.y.source: found "/srv/a", which is the source of v already',
    'depot.yaml:11:44: repositories.x.y.source: found "/srv/a", which holds the source of w, /srv/a/b',
  ]);
});

test('following without a parent is a mistake', () => {
  expect(problems(`${base}follow: all\n`)).toBe(
    'depot.yaml:3:1: follow: there is no parent to follow anything from; add parent: https://HOST:PORT, or remove follow',
  );
});

describe('addresses', () => {
  const listen = (url: string) => problems(`${base}listen: ${url}\n`).replace(/^depot.yaml:3:9: listen: /, '');
  const loopbackOnly =
    'plain HTTP is for loopback only (127.0.0.0/8 or [::1]); other addresses need https:// and a certificate, which comes with joining';

  test.each([
    'http://127.0.0.1:1',
    'http://127.255.0.9:65535',
    '"http://[::1]:8443"',
    'HTTP://127.0.0.1:8443/',
    'https://0.0.0.0:8443',
    '"https://[::]:8443"',
    '"https://[2001:DB8:0::1]:8443/"',
    'https://germany.example.com:443',
    'https://localhost:8443',
  ])('accepts %s', (url) => expect(listen(url)).toBe('no problem'));

  test.each([
    ['https://Germany.Example.com:8443', 'https://germany.example.com:8443'],
    ['https://[2001:DB8:0::1]:8443/', 'https://[2001:db8::1]:8443'],
  ])('reads %s as %s, so that one address has one spelling', (written, url) =>
    expect(parseSettings(`${base}parent: "${written}"\n`, 'f').parents).toEqual([{ url, repositories: null }]),
  );

  test.each(['https://0.0.0.0:8441', 'https://[::]:8441'])('refuses %s as a parent', (url) =>
    expect(problems(`${base}parent: "${url}"\n`)).toContain(`${url} means all addresses of this machine`),
  );

  test.each([
    'http://0.0.0.0:8443',
    'http://10.1.2.3:8443',
    'http://depot:8443',
    '"http://[::]:8443"',
    'http://127.1:80',
  ])('refuses %s, because plain HTTP must not leave the machine', (url) => expect(listen(url)).toContain(loopbackOnly));

  test.each([
    ['http://localhost:8441', 'write the address itself; did you mean http://127.0.0.1:8441?'],
    ['http://127.0.0.1', 'the port is missing; did you mean http://127.0.0.1:8443?'],
    ['http://127.0.0.1:0', 'port 0 means another port at each start, where no child could find it'],
    ['http://127.0.0.1:65536', 'there is no such port; allowed: 1 to 65535'],
    ['http://127.0.0.1:8443/depot', 'nothing may follow the port; did you mean http://127.0.0.1:8443?'],
    ['https://10.1.2.3', 'the port is missing; did you mean https://10.1.2.3:8443?'],
    ['https://10.1.2.3:x', 'there is no such port; allowed: 1 to 65535'],
    ['https://host:8443/depot', 'nothing may follow the port; did you mean https://host:8443?'],
    ['https://10.1:8443', 'the host must be a name, an IPv4 address, or an IPv6 address in brackets'],
    ['https://0x7f:8443', 'the host must be a name'],
    ['https://a_b:8443', 'the host must be a name'],
    ['"https://2001:db8::1:8443"', 'the host must be a name'],
    ['"https://[fe80::1%eth0]:8443"', 'the host must be a name'],
    ['https://me@host:8443', 'a URL must not hold a user or password'],
    ['ftp://127.0.0.1:21', 'the scheme must be https or http, not ftp'],
    ['8443', 'found 8443; allowed: https://HOST:PORT'],
  ])('refuses %s with the reason', (url, reason) => expect(listen(url)).toContain(reason));
});

describe('a proxy', () => {
  const proxy = (url: string) => parseSettings(`${base}proxy: "${url}"\n`, 'f').proxy;

  test('has a host, a port, and where it wants them a user and a password', () => {
    expect(proxy('http://proxy.example.com:3128/')).toBe('http://proxy.example.com:3128');
    expect(proxy('HTTPS://me:p%2Fw@Proxy:443')).toBe('https://me:p%2Fw@proxy:443');
    expect(proxy('http://me@[2001:DB8::1]:3128')).toBe('http://me@[2001:db8::1]:3128');
  });

  test.each([
    ['proxy.example.com:3128', 'allowed: http://HOST:PORT or http://USER:PASSWORD@HOST:PORT'],
    ['socks5://proxy:1080', 'the scheme must be http or https, not socks5'],
    ['http://proxy', 'the port is missing'],
    ['http://proxy:3128/x', 'nothing may follow the port'],
    ['http://me:hunt/er2@proxy:3128', 'must be written as %2F'],
    ['http://me:hunt#er2@proxy:3128', 'must be written as %2F'],
    ['http://me:hunt@er2@proxy:3128', 'must be written as %2F'],
    ['http://me:hunt%er2@proxy:3128', 'must be written as %2F'],
  ])('is refused as %s, and a password shown nowhere', (url, reason) => {
    const said = problems(`${base}proxy: "${url}"\n`);
    expect(said).toContain(reason);
    expect(said).not.toMatch(/hunt|er2/);
  });
});

describe('values', () => {
  test.each([
    ['poll: { every: 999ms }', 'found "999ms"; the shortest allowed here is 1s'],
    ['signing: { timestamp: 2d }', 'found "2d"; the shortest allowed here is 3d'],
    ['signing: { root: 3651d }', 'the longest allowed here is 3650d'],
    ['signing: { snapshot: 90d }', 'unknown key'],
    ['poll: { every: 8d }', 'found "8d"; the longest allowed here is 7d'],
    ['poll: { every: 1.5h }', 'did you mean 90m?'],
    ['poll: { every: 15M }', 'did you mean 15m?'],
    ['encoding: { level: 22 }', 'found 22; allowed: a whole number from 1 to 19'],
    ['encoding: { on-demand: { cpu: half } }', 'allowed: a whole number with its sign, from 0% to 400%'],
    ['encoding: { on-demand: 25% }', 'allowed: { cpu: PERCENTAGE }, such as { cpu: 25% }'],
    ['encoding: { memory: 1 GB }', 'allowed: a whole number and MiB or GiB, such as 1GiB; did you mean 1GiB?'],
    ['encoding: { memory: 100MiB }', 'the smallest allowed here is 256MiB'],
    ['poll: { jitter: 51% }', 'found "51%"; allowed: a whole number with its sign, from 0% to 50%'],
    ['data: var/lib', 'found "var/lib"; allowed: an absolute path, beginning with "/"'],
    ['data: ~/depot', '"~" is not expanded here'],
    ['data: /srv/../etc', 'a path must not contain ".."'],
    ['data: /', 'this is the whole file system; name a folder of it'],
    ['data: "/a\\0b"', 'found "/a\\u0000b"; a path must not contain control characters'],
    ['depot: 12', 'one that looks like a number must be in quotes'],
    ['parent: []', 'found an empty list; allowed: a URL, { url: ..., repositories: [NAME] }, or a list of these'],
    ['log: [info]', 'found a list; allowed: debug, info, warn or error'],
    ['deletions: { hold-above: nune }', 'allowed: { files: NUMBER, percent: NUMBER }, or none; did you mean none?'],
    ['repositories: { __proto__: { kind: mirror } }', 'repositories.__proto__: found "__proto__"; a name has letters'],
  ])('%s is refused with the reason', (line, reason) => {
    const key = line.slice(0, line.indexOf(':'));
    const text = `${base.replace(new RegExp(`^${key}:.*\n`, 'm'), '')}${line}\n`;
    expect(problems(text)).toContain(reason);
  });
});

test('a password in a URL, wherever it stands, is refused and shown nowhere', () => {
  const text = `${base}listen: http://admin:hunter2@127.0.0.1:8443
parent: ["http://admin:hunter2 @127.0.0.1:8441", { url: "http://admin:hunter2@[::1]:80" }, "admin:hunter2@host"]
data: http://admin:hunter2@${'x'.repeat(100)}
follow: [http://127.0.0.1/?password=hunter2]
log: "http://admin:hunt/er2@h"
`;
  expect(problems(text)).toContain('found "http://***@127.0.0.1:8443"; a URL must not hold a user or password');
  expect(problems(text)).not.toMatch(/hunt|admin/);
});

test('neither a value of an unknown key nor an excerpt of broken YAML is shown', () => {
  const broken = [
    `${base}password: hunter2\n`,
    `${base}password: "hunter2\n`,
    `${base}password: *hunter2\n`,
    `${base}password: @hunter2\n`,
    `${base}password: "\\hunter2"\n`,
    `${base}password: !hunter2 x\n`,
    `${base}password: | hunter2\n`,
    `${base}password: {a: b} hunter2\n`,
    `${base}password: "a" hunter2\n`,
    `${base}]hunter2\n`,
  ];
  for (const text of broken) {
    expect(problems(text)).not.toBe('no problem');
    expect(problems(text)).not.toContain('hunter');
  }
});
