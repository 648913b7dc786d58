import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { realHost } from '../../src/host.js';
import { buildManifest } from '../../src/manifest/build.js';
import type { ForecastStatus } from '../../src/model/forecast-status.js';
import type { Entry } from '../../src/model/entry.js';
import type { HeadFile } from '../../src/model/head.js';
import { directoryName } from '../../src/model/company.js';
import { everything } from '../../src/model/selection.js';
import { sha256 } from '../../src/model/sha256.js';
import type { CycleProgress } from '../../src/model/cycle-status.js';
import type { ReportRow } from '../../src/model/report-row.js';
import { Signer } from '../../src/publish/signer.js';
import type { ControlApi, LongWork } from '../../src/serve/control-api.js';
import { serveControl, type ControlServer } from '../../src/serve/control.js';
import { listHeld, listPath } from '../../src/serve/listing.js';
import { keysStatus } from '../../src/serve/keys.js';
import { historyRows, holdStatuses, requireHold, requireRepository } from '../../src/serve/queries.js';
import { selectionOf, type DepotFacts, type LiveFacts } from '../../src/serve/status-facts.js';
import { depotStatus, repositoryNames } from '../../src/serve/status.js';
import { Store } from '../../src/store/store.js';
import { usualLifetimes } from '../harness/lifetimes.js';
import { unsignedHead } from '../harness/heads.js';

/** A depot in the middle of the tree, with one of everything that a status can show. */
export interface Sample {
  readonly data: string;
  readonly config: string;
  readonly store: Store;
  readonly facts: DepotFacts;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const settings = {
  depot: 'munich-1',
  site: 'enterprise/germany/munich',
  listen: 'http://127.0.0.1:8443',
  parent: ['http://127.0.0.1:8441', 'http://127.0.0.1:8442'],
  follow: [
    { repository: 'tools' },
    { repository: 'media', include: ['lib/**'], exclude: ['**/*.bak'] },
    { repository: 'fonts' },
  ],
  repositories: { scripts: { kind: 'mirror', context: 'enterprise/germany/munich', source: '/srv/scripts' } },
};

/** Writes configuration and data directory below `folder`; `nowMs` is the present that its times are relative to. */
export async function sampleDepot(folder: string, nowMs: number): Promise<Sample> {
  const data = join(folder, 'data');
  const config = join(folder, 'depot.yaml');
  await mkdir(folder, { recursive: true });
  await writeFile(config, stringify({ ...settings, data }));
  const store = Store.open(data, { now: () => nowMs });
  await fillTools(store, nowMs);
  await fillMedia(store, nowMs);
  await putHead(store, {
    repository: 'scripts',
    generation: 12,
    atMs: nowMs - 2 * hour,
    context: 'enterprise/germany/munich',
    entries: files(3),
  });
  for (const name of ['tools', 'scripts', directoryName]) await sign(store, name, nowMs);
  for (const file of store.keys.list(directoryName)) store.keys.remove(directoryName, file);
  store.reports.put(reportRows(nowMs), { depot: 'munich-2', site: 'enterprise/germany/munich' });
  store.demands.set(
    'munich-2',
    'enterprise/germany/munich/north',
    sha256('x'),
    { tools: [everything] },
    nowMs - minute,
  );
  store.rejoins.put({
    depot: 'munich-3',
    site: 'enterprise/germany/munich/south',
    atMs: nowMs - day,
    endedMs: nowMs - 13 * day,
  });
  store.demands.set('munich-3', 'enterprise/germany/munich/south', sha256('y'), {}, nowMs - 2 * day);
  const facts: DepotFacts = {
    depot: settings.depot,
    site: settings.site,
    version: '0.1.0',
    data,
    parents: settings.parent,
    pollEveryMs: 15 * minute,
    follow: settings.follow.map(({ repository, include = [], exclude = [] }) => ({ repository, include, exclude })),
    lifetimes: usualLifetimes,
    given: {
      generation: 7,
      network: 'enterprise/germany',
      poll: null,
      warnings: [
        'poll.every: 5m (depot.yaml:9) is more often than 30m, set for enterprise in the directory; 30m counts',
      ],
    },
    published: [{ name: 'scripts', kind: 'mirror', context: 'enterprise/germany/munich', source: '/srv/scripts' }],
    elsewhere: [],
  };
  return { data, config, store, facts };
}

/** `tools`: two generations behind, deletions held, a failed poll. */
async function fillTools(store: Store, nowMs: number): Promise<void> {
  const heads = [
    { generation: 41, atMs: nowMs - 5 * day, entries: files(1204) },
    { generation: 42, atMs: nowMs - 3 * hour - 10 * minute, entries: files(1300) },
    { generation: 43, atMs: nowMs - hour, entries: files(20) },
  ];
  let previous: HeadFile | undefined;
  for (const head of heads) previous = await putHead(store, { repository: 'tools', previous, ...head });
  const first = store.heads.get('tools', 41);
  if (first === undefined) throw new Error('the head was not kept');
  store.heads.markComplete('tools', 41, [everything]);
  store.trees.beginSwitch('tools', { generation: 41, root: first.head.root, selection: everything });
  store.trees.finishSwitch('tools', { files: first.head.files, bytes: first.head.bytes });
  store.polls.put({
    repository: 'tools',
    parent: 'http://127.0.0.1:8441',
    lastAtMs: nowMs - 3 * minute,
    lastOutcome: 'waiting',
    error: null,
  });
  store.cycles.insert({
    repository: 'tools',
    startedAtMs: nowMs - 5 * day,
    endedAtMs: nowMs - 5 * day + 95_000,
    outcome: 'applied',
    fromGeneration: 40,
    toGeneration: 41,
    addedFiles: 12,
    replacedFiles: 3,
    deletedFiles: 1,
    fetchedFiles: 14,
    fetchedBytes: 31_457_280,
    error: null,
  });
  store.holds.add({
    id: '7f3a',
    repository: 'tools',
    kind: 'deletions',
    epoch: null,
    reason: '1,184 files are more than 20 % of 1,204',
    files: 0,
    bytes: 0,
    generation: 43,
    sinceMs: nowMs - 40 * minute,
  });
  store.holds.addPaths(
    '7f3a',
    files(1184).flatMap(({ path, type }) => (type === 'folder' ? [] : [{ path, size: 1_000_000 }])),
  );
}

/** Signed metadata of some content, with the keys that signed it. */
async function sign(store: Store, name: string, nowMs: number): Promise<void> {
  const signer = new Signer(store, { ...realHost, now: () => nowMs }, name, () => usualLifetimes);
  await signer.alone((put) => put(1, {}));
}

/** `media`: on its way here for the first time. */
async function fillMedia(store: Store, nowMs: number): Promise<void> {
  await putHead(store, { repository: 'media', generation: 7, atMs: nowMs - 40 * minute, entries: files(500) });
  store.polls.put({
    repository: 'media',
    parent: 'http://127.0.0.1:8442',
    lastAtMs: nowMs - 20 * minute,
    lastOutcome: 'failed',
    error: {
      code: 'parent-unreachable',
      message: 'GET http://127.0.0.1:8442/v1/repositories/media/state: connection refused',
      hint: 'is the parent running?',
    },
  });
}

async function putHead(
  store: Store,
  options: {
    readonly repository: string;
    readonly generation: number;
    readonly atMs: number;
    readonly entries: readonly Entry[];
    readonly context?: string;
    readonly previous?: HeadFile | undefined;
  },
): Promise<HeadFile> {
  const { repository, generation, atMs, entries, context = 'enterprise', previous } = options;
  const root = buildManifest(entries, (text) => store.pages.write(text));
  await store.pages.flush();
  const head = unsignedHead({
    repository,
    kind: 'mirror',
    context,
    epoch: '0123456789abcdef0123456789abcdef',
    generation,
    previous: previous?.sha256 ?? (generation === 1 ? null : sha256('before')),
    root: { sha256: root.sha256, length: root.length },
    files: root.files,
    bytes: root.bytes,
    publishedAt: new Date(atMs).toISOString(),
  });
  await store.heads.put(head);
  return head;
}

/** `bin/tool`, a link to it, an empty folder, and so many files in `lib`. */
function files(amount: number): Entry[] {
  const entry = (path: string, size: number, executable = false): Entry => ({
    type: 'file',
    path,
    object: sha256(path),
    size,
    mtimeMs: Date.UTC(2026, 10, 20, 12, 30),
    executable,
  });
  const library = Array.from({ length: amount - 2 }, (_, at) =>
    entry(`lib/part-${String(at).padStart(5, '0')}.so`, 1_000_000),
  );
  return [
    entry('bin/tool', 12_345, true),
    { type: 'link', path: 'bin/tool-latest', target: 'tool' },
    { type: 'folder', path: 'empty' },
    ...library,
  ];
}

function reportRows(nowMs: number): ReportRow[] {
  const row = (
    depot: string,
    parent: string,
    agoMs: number,
    generation: number,
    error: string | null = null,
  ): ReportRow => ({
    depot,
    site: `enterprise/germany/munich/${depot}`,
    parent,
    version: '0.1.0',
    at: new Date(nowMs - agoMs).toISOString(),
    repositories: [
      {
        name: generation === 12 ? 'scripts' : 'tools',
        role: 'child',
        generation,
        newest: generation === 12 ? 12 : 41,
        unitsComplete: generation === 12 ? 1 : 0,
        units: 1,
        bytesLeft: generation === 12 ? 0 : 3_000_000,
        held: 0,
        lagSeconds: generation === 12 ? 0 : 7200,
        error,
      },
    ],
  });
  return [
    row('munich-2', 'munich-1', minute, 12),
    row('munich-3', 'munich-1', 2 * day, 40),
    row('munich-21', 'munich-2', 5 * minute, 12),
    row('munich-22', 'munich-2', 5 * minute, 40, 'GET /v1/repositories/tools/state: connection refused'),
  ];
}

export function liveFacts(nowMs: number): LiveFacts {
  const ago = (ms: number): string => new Date(nowMs - ms).toISOString();
  const fetching: CycleProgress = {
    phase: 'fetch',
    startedAt: ago(4 * minute),
    generation: 7,
    urgent: false,
    files: { done: 220, total: 499 },
    bytes: { done: 220_000_000, total: 498_000_000 },
    wire: { done: 22_000_000, total: 49_800_000, exact: false },
    bytesPerSecond: 1_200_000,
    etaSeconds: 232,
  };
  const media: ForecastStatus = {
    repository: 'media',
    package: null,
    contentAt: null,
    bytesLeft: 278_000_000,
    bytesBefore: 0,
    doneAt: new Date(nowMs + 232_000).toISOString(),
    reason: null,
    waitsFor: null,
    legs: [
      {
        from: new Date(nowMs).toISOString(),
        until: new Date(nowMs + 232_000).toISOString(),
        rate: 'unlimited',
        bytesPerSecond: 1_200_000,
        bytes: 278_000_000,
      },
    ],
  };
  return {
    startedAtMs: nowMs - 3 * day - 4 * hour,
    listen: settings.listen,
    process: { rssBytes: 90_000_000, eventLoopP99Ms: 4 },
    certificate: { serial: '4f', expiresAt: new Date(nowMs + 60 * day).toISOString(), provided: false, error: null },
    contentAtMs: () => null,
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
    parents: [
      {
        url: settings.parent[0] ?? '',
        depot: 'germany-1',
        answers: 'yes',
        at: ago(3 * minute),
        error: null,
        authenticated: false,
      },
      {
        url: settings.parent[1] ?? '',
        depot: null,
        answers: 'no',
        at: ago(20 * minute),
        error: {
          code: 'parent-unreachable',
          message: 'connection refused',
          hint: 'is the parent running?',
          at: ago(20 * minute),
        },
        authenticated: false,
      },
    ],
    known: [{ name: 'tools', kind: 'mirror', context: 'enterprise' }],
    cycle: (repository) => (repository === 'media' ? fetching : null),
    windowBytes: () => 90_000_000,
    forecast: (repository) => (repository === 'media' ? media : null),
    nextPollAtMs: () => nowMs + 12 * minute,
    directoryWaits: false,
    sitesLeft: null,
    sourceError: () => null,
    moveError: () => null,
    source: () => ({
      path: '/srv/scripts',
      mode: 'watched',
      modeReason: null,
      scanning: false,
      lastScanAt: ago(2 * hour),
      nextScanAt: null,
      refused: null,
      heldBack: [
        { path: 'docs/CON.txt', reason: 'CON is a device on Windows' },
        { path: 'a\u001b[31mred\u202e', reason: 'has a control character' },
      ],
      heldBackCount: 2,
    }),
  };
}

/** What the daemon of this sample would answer: queries from its store; what sync and publish do as `scripted` at that time. */
export function sampleApi(
  sample: Sample,
  live: LiveFacts,
  now: () => number,
  scripted: Partial<ControlApi> = {},
): ControlApi {
  const { store, facts } = sample;
  const names = (): string[] => repositoryNames(store, facts, live);
  const published = facts.published.map(({ name }) => name);
  const send = (work: LongWork) => (entries: Parameters<Parameters<typeof listHeld>[2]>[0]) =>
    work.onEvent({ type: 'entries', entries });
  const unexpected = (): Promise<never> => Promise.reject(new Error('this test asks for nothing of the kind'));
  return {
    moves: scripted.moves ?? { takeOver: unexpected, cancel: unexpected, move: unexpected, keep: unexpected },
    status: async ({ tree }) => depotStatus(store, facts, live, { nowMs: now(), tree }),
    ls: async (repository, path, work) => {
      requireRepository(repository, names());
      return listPath(store, repository, path, work.generation, selectionOf(facts, repository), send(work));
    },
    history: async (repository, { limit }) => {
      if (repository !== null) requireRepository(repository, names());
      return historyRows(store, repository === null ? names() : [repository], published, limit);
    },
    holds: async () => holdStatuses(store),
    held: (id, work) => listHeld(store, id, send(work)),
    approve: async (id) => {
      const hold = requireHold(store, id);
      store.holds.remove(id);
      return { hold };
    },
    poll: (...asked) => (scripted.poll ?? unexpected)(...asked),
    plan: (...asked) => (scripted.plan ?? unexpected)(...asked),
    publish: (...asked) => (scripted.publish ?? unexpected)(...asked),
    verify: (...asked) => (scripted.verify ?? unexpected)(...asked),
    gc: (...asked) => (scripted.gc ?? unexpected)(...asked),
    forecast: (...asked) => (scripted.forecast ?? unexpected)(...asked),
    reload: () => (scripted.reload ?? unexpected)(),
    settings: () => (scripted.settings ?? unexpected)(),
    orderLine: (...asked) => (scripted.orderLine ?? unexpected)(...asked),
    keys: scripted.keys ?? {
      list: async () => keysStatus(store, published),
      protect: unexpected,
      forget: unexpected,
      rotate: unexpected,
      add: unexpected,
    },
    packages: scripted.packages ?? {
      list: unexpected,
      show: unexpected,
      create: unexpected,
      edit: unexpected,
      remove: unexpected,
      prepare: unexpected,
      distribute: unexpected,
      release: unexpected,
      cancelRelease: unexpected,
      revoke: unexpected,
      retire: unexpected,
      readiness: unexpected,
    },
    subjects: scripted.subjects ?? { list: unexpected, add: unexpected, remove: unexpected },
    trust: scripted.trust ?? {
      reset: unexpected,
      certificates: unexpected,
      renew: unexpected,
      invite: unexpected,
      revoke: unexpected,
      replaceAnchors: unexpected,
      rotateAuthority: unexpected,
      finishRotation: unexpected,
      repositories: unexpected,
      enroll: unexpected,
      approve: unexpected,
    },
  };
}

export function serveSample(sample: Sample, api: ControlApi): Promise<ControlServer> {
  return serveControl(api, { path: sample.store.layout.controlSocket, data: sample.data, version: '0.1.0' });
}
