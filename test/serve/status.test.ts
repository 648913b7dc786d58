import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { buildManifest } from '../../src/manifest/build.js';
import type { PageRef } from '../../src/manifest/page.js';
import { everything } from '../../src/model/selection.js';
import { sha256 } from '../../src/model/sha256.js';
import type { RepositoryStatus } from '../../src/model/status.js';
import { selectionOf, type DepotFacts, type LiveFacts } from '../../src/serve/status-facts.js';
import { depotStatus, repositoryNames } from '../../src/serve/status.js';
import type { PollRow } from '../../src/store/polls.js';
import { realHost } from '../../src/host.js';
import { DirectoryHolder } from '../../src/publish/directory.js';
import { Store } from '../../src/store/store.js';
import { usualLifetimes } from '../harness/lifetimes.js';
import { unsignedHead } from '../harness/heads.js';
import { temporaryFolder } from '../harness/temporary.js';

const now = Date.UTC(2026, 10, 21, 12);
const minute = 60_000;
const hour = 60 * minute;
const parent = 'http://127.0.0.1:8441';

const facts: DepotFacts = {
  depot: 'munich-1',
  site: 'enterprise/germany/munich',
  version: '0.1.0',
  data: '/data',
  parents: [parent],
  pollEveryMs: 15 * minute,
  follow: 'all',
  published: [],
  elsewhere: [],
  lifetimes: usualLifetimes,
  given: null,
};

const live: LiveFacts = {
  startedAtMs: now - hour,
  listen: 'http://127.0.0.1:8443',
  process: { rssBytes: 1, eventLoopP99Ms: 1 },
  certificate: null,
  line: {
    rate: 'unlimited',
    until: null,
    opensAt: null,
    urgent: null,
    ordered: false,
    limited: false,
    timezone: 'UTC',
    closedBytes: 0,
  },
  parents: [{ url: parent, depot: 'germany-1', answers: 'yes', at: null, error: null, authenticated: false }],
  known: [],
  cycle: () => null,
  windowBytes: () => null,
  forecast: () => null,
  contentAtMs: () => null,
  nextPollAtMs: () => now + minute,
  source: () => null,
  directoryWaits: false,
  sitesLeft: null,
  sourceError: () => null,
  moveError: () => null,
};

let store: Store;
let root: PageRef;

beforeEach(async () => {
  store = Store.open(await temporaryFolder(), { now: () => now });
  onTestFinished(() => store.close());
  root = buildManifest([{ type: 'link', path: 'a', target: 'b' }], (text) => store.pages.write(text));
});

async function putHead(repository: string, generation: number, publishedAtMs: number): Promise<void> {
  await store.heads.put(
    unsignedHead({
      repository,
      kind: 'mirror',
      context: 'enterprise',
      epoch: '0'.repeat(32),
      generation,
      previous: generation === 1 ? null : (store.heads.get(repository, generation - 1)?.sha256 ?? sha256('before')),
      root: { sha256: root.sha256, length: root.length },
      files: 1,
      bytes: 0,
      publishedAt: new Date(publishedAtMs).toISOString(),
    }),
  );
}

function apply(repository: string, generation: number): void {
  store.trees.beginSwitch(repository, { generation, root, selection: everything });
  store.trees.finishSwitch(repository, { files: 1, bytes: 0 });
}

const nothingDone = {
  fromGeneration: null,
  toGeneration: null,
  addedFiles: 0,
  replacedFiles: 0,
  deletedFiles: 0,
  fetchedFiles: 0,
  fetchedBytes: 0,
};

function polled(change: Partial<PollRow>): void {
  const row = { repository: 'tools', parent, lastAtMs: now - minute, error: null } as const;
  store.polls.put({ ...row, lastOutcome: 'unchanged', ...change });
}

function tools(from: Partial<DepotFacts> = {}, running: LiveFacts | null = live): RepositoryStatus {
  const status = depotStatus(store, { ...facts, ...from }, running, { nowMs: now, tree: false });
  const found = status.repositories.find(({ name }) => name === 'tools');
  if (found === undefined) throw new Error('tools is not listed');
  return found;
}

test('lag counts generations, and the seconds since the oldest one that is not applied was published', async () => {
  await putHead('tools', 1, now - 9 * hour);
  await putHead('tools', 2, now - 3 * hour);
  await putHead('tools', 3, now - hour);
  apply('tools', 1);
  expect(tools()).toMatchObject({ generation: 1, newest: 3, lag: { generations: 2, seconds: 3 * 3600 } });
  apply('tools', 3);
  expect(tools()).toMatchObject({ generation: 3, newest: 3, lag: { generations: 0, seconds: 0 } });
});

test('a head without an applied generation is a lag from its first one on', async () => {
  await putHead('tools', 1, now - hour);
  expect(tools()).toMatchObject({ generation: null, files: null, tree: null, lag: { generations: 1, seconds: 3600 } });
});

test('a first switch that was not finished is no generation yet', async () => {
  await putHead('tools', 1, now - hour);
  store.trees.beginSwitch('tools', { generation: 1, root, selection: everything });
  expect(tools()).toMatchObject({ generation: null, tree: null });
});

test('a child that waits names the depot that it waits for, until it is current', async () => {
  await putHead('tools', 1, now - hour);
  polled({ lastOutcome: 'waiting' });
  expect(tools().waitingFor).toBe('germany-1');
  expect(tools({}, null).waitingFor).toBe(parent);
  apply('tools', 1);
  expect(tools().waitingFor).toBe(null);
});

test('what is published here has this depot as master, whatever the parents say of it', async () => {
  await putHead('tools', 4, now - hour);
  const published = [{ name: 'tools', kind: 'mirror', context: 'enterprise/germany', source: '/srv/tools' }] as const;
  const known = [{ name: 'tools', kind: 'packages', context: 'enterprise' }] as const;
  expect(tools({ published }, { ...live, known })).toMatchObject({
    role: 'master',
    kind: 'mirror',
    context: 'enterprise/germany',
    generation: 4,
    lag: { generations: 0, seconds: 0 },
    tree: '/srv/tools',
    poll: null,
  });
});

test('what only depots below want counts by what is complete here, and has no tree', async () => {
  await putHead('tools', 1, now - hour);
  await putHead('tools', 2, now - minute);
  store.demands.set('child', 'enterprise/germany/munich/north', sha256('x'), { tools: [everything] }, now);
  store.heads.markComplete('tools', 1, [everything]);
  expect(tools({ follow: [] })).toMatchObject({ selection: null, tree: null, generation: 1, lag: { generations: 1 } });
  expect(selectionOf({ follow: [], elsewhere: [] }, 'tools')).toBe(null);
});

test('a failed poll is the error of its repository, with its time', () => {
  polled({ lastOutcome: 'failed', error: { code: 'parent-busy', message: 'busy', hint: null } });
  const { error, poll } = tools({ follow: [{ repository: 'tools', ...everything }] });
  expect(error).toEqual({ code: 'parent-busy', message: 'busy', hint: null, at: new Date(now - minute).toISOString() });
  expect(poll).toEqual({
    lastAt: new Date(now - minute).toISOString(),
    lastOutcome: 'failed',
    nextAt: new Date(now + minute).toISOString(),
    content: null,
  });
});

test('a poll that fails again and again tells since when', () => {
  const error = { code: 'parent-unreachable', message: `GET at ${parent}: refused`, hint: null } as const;
  const cycle = {
    repository: 'tools',
    outcome: 'failed',
    startedAtMs: now - 3 * hour,
    endedAtMs: now - 3 * hour,
  } as const;
  store.cycles.insert({ ...cycle, ...nothingDone, error });
  polled({ lastOutcome: 'failed', error });
  const since = new Date(now - 3 * hour).toISOString();
  const follow = [{ repository: 'tools', ...everything }];
  expect(tools({ follow }).error).toMatchObject({ since, at: new Date(now - minute).toISOString() });
  const [told] = depotStatus(store, { ...facts, follow }, null, { nowMs: now, tree: false }).parents;
  expect(told?.error).toMatchObject({ since });
  polled({ lastOutcome: 'failed', error: { ...error, message: 'another failure' } });
  expect(tools({ follow }).error).not.toHaveProperty('since');
});

test('lists what is followed by name, named by the parents, held, and published, each once and by name', async () => {
  await putHead('held', 1, now);
  const published = [{ name: 'published', kind: 'mirror', context: 'enterprise', source: '/srv/p' }] as const;
  const follow = [
    { repository: 'followed', ...everything },
    { repository: 'held', ...everything },
  ];
  const known = [{ name: 'known', kind: 'mirror', context: 'enterprise' }] as const;
  const names = ['followed', 'held', 'known', 'published'];
  expect(repositoryNames(store, { ...facts, follow, published }, { ...live, known })).toEqual(names);
});

test('a child that missed three polls is silent', () => {
  store.demands.set('late', 'enterprise/a', sha256('x'), {}, now - 46 * minute);
  store.demands.set('early', 'enterprise/b', sha256('y'), {}, now - 44 * minute);
  const { children } = depotStatus(store, facts, live, { nowMs: now, tree: false });
  expect(children.map(({ depot, silent }) => [depot, silent])).toEqual([
    ['early', false],
    ['late', true],
  ]);
});

test('a child that polls as seldom as its site is to is not silent before three of those polls', async () => {
  const directory = new DirectoryHolder(store, realHost, 'enterprise', () => usualLifetimes);
  await directory.found({ anchors: ['root'], revoked: [], graceMs: 0 });
  await directory.set([{ site: 'enterprise/germany/munich/a', settings: { poll: { everyMs: 60 * minute } } }]);
  store.demands.set('seldom', 'enterprise/germany/munich/a/b', sha256('x'), {}, now - 46 * minute);
  store.demands.set('often', 'enterprise/germany/munich/c', sha256('y'), {}, now - 46 * minute);
  const { children } = depotStatus(store, facts, live, { nowMs: now, tree: false });
  expect(children.map(({ depot, silent }) => [depot, silent])).toEqual([
    ['often', true],
    ['seldom', false],
  ]);
});

test('the reports of the depots below come only when asked for', () => {
  const row = { depot: 'below', site: 'enterprise/a', parent: 'munich-1', version: '0.1.0', repositories: [] };
  store.reports.put([{ ...row, at: new Date(now).toISOString() }], { depot: 'below', site: 'enterprise' });
  expect(depotStatus(store, facts, live, { nowMs: now, tree: false }).below).toBe(null);
  expect(depotStatus(store, facts, live, { nowMs: now, tree: true }).below).toHaveLength(1);
});
