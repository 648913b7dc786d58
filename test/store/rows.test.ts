import { inTransaction } from '../../src/store/database.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { comparePaths } from '../../src/model/entry.js';
import { demandsHash, everything, type Demand } from '../../src/model/selection.js';
import { sha256 } from '../../src/model/sha256.js';
import type { ReportRow } from '../../src/model/report-row.js';
import type { CycleRow } from '../../src/store/cycles.js';
import type { HoldRow } from '../../src/store/holds.js';
import type { Shipment, WantedObject } from '../../src/store/transfers.js';
import { keep, openStore, temporaryStore } from './fixture.js';

const mac: Demand = [{ include: ['mac/**'], exclude: [] }];
const win: Demand = [{ include: ['win/**'], exclude: [] }];

test('journals a switch of an installation copy until it is finished, across a restart', async () => {
  const store = await temporaryStore();
  const first = { generation: 3, root: { sha256: sha256('a'), length: 9 }, selection: everything };
  const second = { generation: 4, root: { sha256: sha256('b'), length: 7 }, selection: mac[0] ?? everything };
  store.trees.beginSwitch('tools', first);
  expect(store.trees.get('tools')).toBeUndefined();
  expect(openStore(store.layout.data).trees.switching('tools')).toEqual(first);
  store.trees.finishSwitch('tools', { files: 2, bytes: 30 });
  const shown = { repository: 'tools', ...first, files: 2, bytes: 30 };
  expect(store.trees.get('tools')).toEqual(shown);
  expect(store.trees.switching('tools')).toBeUndefined();
  store.trees.beginSwitch('tools', second);
  expect(store.trees.list()).toEqual([{ repository: 'tools', current: shown, switching: second }]);
  store.trees.finishSwitch('tools', { files: 1, bytes: 1 });
  store.trees.finishSwitch('tools', { files: 0, bytes: 0 });
  expect(store.trees.get('tools')).toEqual({ repository: 'tools', ...second, files: 1, bytes: 1 });
});

test('adds the demands of the children, but for one of them', async () => {
  const { demands } = await temporaryStore();
  demands.set('a', 'x/a', demandsHash({ tools: mac }), { tools: mac }, 10);
  demands.set('b', 'x/b', demandsHash({ tools: win }), { tools: win }, 20);
  demands.set('c', 'x/c', demandsHash({ other: [everything] }), { other: [everything] }, 30);
  expect(demands.union('tools')).toEqual([...mac, ...win]);
  expect(demands.union('tools', 'a')).toEqual(win);
  expect(demands.union('constructor')).toEqual([]);
  expect(demands.get('a')).toEqual({
    child: 'a',
    site: 'x/a',
    authenticated: false,
    hash: demandsHash({ tools: mac }),
    demands: { tools: mac },
    lastHeardMs: 10,
  });
});

test('parses the demands of a child once, and notices what another thread wrote', async () => {
  const store = await temporaryStore();
  const other = openStore(store.layout.data);
  const both = { tools: mac, other: [everything] };
  store.demands.set('a', 'x', demandsHash(both), both, 1);
  store.demands.set('b', 'x', demandsHash({ tools: win }), { tools: win }, 1);
  expect(store.demands.union('tools')).toEqual([...mac, ...win]);
  expect(store.demands.get('a')?.demands).toBe(store.demands.get('a')?.demands);
  other.demands.set('a', 'x', demandsHash({ other: mac }), { other: mac }, 2);
  expect(store.demands.union('tools')).toEqual(win);
  expect(store.demands.union('other')).toEqual(mac);
  other.demands.forgetBefore(2);
  expect(store.demands.union('tools')).toEqual([]);
});

test('knows exactly when a child was heard of, and writes it once a minute', async () => {
  const store = await temporaryStore();
  const reader = openStore(store.layout.data);
  for (const atMs of [1000, 20_000, 59_000])
    store.demands.touch({ depot: 'a', site: 'x/a', authenticated: false }, atMs);
  expect(store.demands.get('a')).toMatchObject({ hash: undefined, demands: {}, lastHeardMs: 59_000 });
  expect(reader.demands.get('a')?.lastHeardMs).toBe(1000);
  store.demands.touch({ depot: 'a', site: 'x/a', authenticated: false }, 62_000);
  store.demands.touch({ depot: 'b', site: 'x/b', authenticated: false }, 62_001);
  expect(reader.demands.get('a')?.lastHeardMs).toBe(62_000);
  expect(store.demands.forgetBefore(62_001)).toEqual(['a']);
  expect(store.demands.list().map(({ child }) => child)).toEqual(['b']);
});

const report = (depot: string, at: string, version = '1'): ReportRow => ({
  depot,
  site: 'x',
  parent: null,
  version,
  at,
  repositories: [],
});

test('replaces the row of a depot by a newer one only, and believes no row from the future for long', async () => {
  let now = Date.parse('2026-01-01T00:00:00Z');
  const { reports } = await temporaryStore({ now: () => now });
  reports.put([report('b', '2025-12-31T00:00:00Z', 'new'), report('a', '2030-01-01T00:00:00Z', 'wrong clock')], {
    depot: 'child',
    site: 'enterprise',
  });
  reports.put([report('b', '2025-12-30T00:00:00Z', 'old')], { depot: 'child', site: 'enterprise' });
  now += 60_000;
  reports.put([report('a', '2026-01-01T00:00:30Z', 'right clock')], { depot: 'child', site: 'enterprise' });
  expect(reports.below().map(({ depot, version }) => [depot, version])).toEqual([
    ['a', 'right clock'],
    ['b', 'new'],
  ]);
  expect(reports.forgetBefore(now)).toEqual(['b']);
});

test('keeps the last thousand cycles of each repository', async () => {
  const store = await temporaryStore();
  const cycle: CycleRow = {
    repository: 'tools',
    startedAtMs: 1,
    endedAtMs: 2,
    outcome: 'applied',
    fromGeneration: null,
    toGeneration: 1,
    addedFiles: 1,
    replacedFiles: 2,
    deletedFiles: 3,
    fetchedFiles: 4,
    fetchedBytes: 5,
    error: { code: 'transfer-cut', message: 'cut', hint: null },
  };
  inTransaction(store.db, () => {
    store.cycles.insert({ ...cycle, repository: 'other', error: null });
    for (let at = 1; at <= 1005; at += 1) store.cycles.insert({ ...cycle, startedAtMs: at });
  });
  expect(store.cycles.list('tools', 2)).toEqual([
    { ...cycle, startedAtMs: 1005 },
    { ...cycle, startedAtMs: 1004 },
  ]);
  expect(store.cycles.list('tools', 5000)).toHaveLength(1000);
  expect(store.cycles.list('other', 5000)).toMatchObject([{ error: null }]);
});

test('knows the last poll at each parent', async () => {
  const { polls } = await temporaryStore();
  const poll = {
    repository: 'tools',
    parent: 'http://a',
    lastAtMs: 1,
    lastOutcome: 'unchanged',
    error: null,
  } as const;
  const failed = { ...poll, parent: 'http://b', lastAtMs: 2, lastOutcome: 'failed' } as const;
  polls.put({ ...poll, lastAtMs: 0 });
  polls.put(poll);
  polls.put(failed);
  expect(polls.latest('tools')).toEqual(failed);
  expect(polls.list()).toEqual([poll, failed]);
});

const transfer = (content: string, relay = false): WantedObject => ({
  sha256: sha256(content),
  size: content.length,
  mtimeMs: 5,
  executable: true,
  relay,
  form: content === 'bb' ? 'raw-or-delta' : 'any',
  base: { sha256: sha256(`base of ${content}`), size: 9 },
});

test('goes through a plan in its order, and counts what is held, however often it is asked to', async () => {
  const store = await temporaryStore();
  const { transfers } = store;
  const [first, second] = [[transfer('a', true), transfer('bb')], [transfer('ccc')]];
  transfers.replace('tools', 7, [first, second]);
  const planned = [...transfers.inOrder('tools')];
  expect(planned.map(({ objects }) => objects)).toEqual([first, second]);
  const [id = 0, secondId = 0] = planned.map((shipment) => shipment.id);
  await keep(store, 'bb', 'not in the plan');
  for (const each of [id, secondId, id, 0]) transfers.recount(each, 0);
  expect(transfers.totals('tools')).toEqual({
    generation: 7,
    files: 3,
    bytes: 6,
    wire: 6,
    doneFiles: 1,
    doneBytes: 2,
    doneWire: 2,
  });
  expect([...transfers.inOrder('tools')]).toEqual(planned);
  await keep(store, 'a');
  transfers.recount(id, 2);
  expect([...transfers.inOrder('tools')]).toEqual(planned.slice(1));
  expect([...transfers.all()]).toHaveLength(3);
  transfers.clear('tools');
  expect(transfers.totals('tools')).toBeUndefined();
  expect([...transfers.inOrder('tools')]).toEqual([]);
  transfers.recount(id, 2);
});

test('knows by which routes the large objects of a plan come, and what that brings over the line', async () => {
  const store = await temporaryStore();
  const { transfers } = store;
  const [small, large] = [transfer('small'), { ...transfer('large'), size: 1_000_000 }];
  transfers.replace('tools', 7, [[small], [large]]);
  const [shipment] = [...transfers.large('tools')];
  expect(shipment?.object).toEqual(large);
  expect(transfers.totals('tools')).toMatchObject({ bytes: 1_000_005, wire: 1_000_005 });
  const name = { sha256: large.sha256, base: sha256('base') };
  const route = { steps: [{ name, bytes: 300, size: 1_000_000 }], bytes: 300 };
  transfers.setRoutes([{ id: shipment?.id ?? 0, route: { ...route, bytes: 700 } }]);
  transfers.setRoutes([{ id: shipment?.id ?? 0, route }]);
  expect([...openStore(store.layout.data).transfers.inOrder('tools')].map((planned) => planned.route)).toEqual([
    null,
    route,
  ]);
  transfers.recount(shipment?.id ?? 0, 1);
  expect(transfers.totals('tools')).toMatchObject({ bytes: 1_000_005, wire: 305, doneBytes: 1_000_000, doneWire: 300 });
  transfers.replace('tools', 8, []);
  transfers.setRoutes([{ id: shipment?.id ?? 0, route }]);
  expect(transfers.totals('tools')).toMatchObject({ generation: 8, wire: 0 });
});

test('has the old plan in force until the new one is whole', async () => {
  const { transfers } = await temporaryStore();
  transfers.replace('tools', 1, [[transfer('old')]]);
  const rows = function* (): Generator<Shipment> {
    for (let at = 0; at < 20; at += 1) yield [transfer(`new ${at}`)];
    expect(transfers.totals('tools')).toMatchObject({ generation: 1, files: 1 });
    throw new Error('stopped');
  };
  expect(() => transfers.replace('tools', 2, rows())).toThrow('stopped');
  expect([...transfers.inOrder('tools')]).toMatchObject([{ objects: [transfer('old')] }]);
  transfers.replace('tools', 3, [[transfer('newest')]]);
  expect([...transfers.all()]).toEqual([sha256('newest')]);
});

const hold: HoldRow = {
  id: 'h1',
  repository: 'tools',
  kind: 'deletions',
  reason: 'too many',
  files: 2,
  bytes: 7,
  generation: 3,
  epoch: null,
  sinceMs: 10,
};

test('keeps held paths in order, and the counts of a hold in step with them', async () => {
  const { holds } = await temporaryStore();
  holds.add(hold);
  holds.addPaths('h1', [
    { path: 'b', size: 3 },
    { path: 'a/x', size: 4 },
    { path: 'b', size: 3 },
  ]);
  holds.add({ ...hold, id: 'h2', sinceMs: 5 });
  holds.addPaths('h2', [
    { path: 'a/x', size: 4 },
    { path: 'a', size: 0 },
  ]);
  const head: HoldRow = { ...hold, id: 'h3', repository: 'other', kind: 'head', epoch: 'f'.repeat(32), files: 9 };
  holds.add(head);
  expect(holds.list().map(({ id }) => id)).toEqual(['h2', 'h1', 'h3']);
  expect(holds.list('tools')).toHaveLength(2);
  expect(holds.get('h3')).toEqual(head);
  expect(holds.get('h1')).toEqual(hold);
  expect([...holds.paths('h1')].map(({ path }) => path)).toEqual(['a/x', 'b']);
  expect([...holds.heldPaths('tools')]).toEqual(['a', 'a/x', 'b']);
  holds.dropPaths('h1', ['b', 'not held']);
  expect(holds.get('h1')).toMatchObject({ files: 1, bytes: 4 });
  holds.remove('h2');
  expect([...holds.heldPaths('tools')]).toEqual(['a/x']);
});

test('reads held paths of any number by and by, while they are dropped', async () => {
  const { holds } = await temporaryStore();
  holds.add(hold);
  const paths = Array.from({ length: 2500 }, (_, at) => ({ path: `f${String(at).padStart(4, '0')}`, size: 1 }));
  holds.addPaths('h1', paths);
  const seen: string[] = [];
  for (const { path } of holds.paths('h1')) {
    seen.push(path);
    holds.dropPaths('h1', [path]);
  }
  expect(seen).toEqual(paths.map(({ path }) => path));
  expect(holds.get('h1')).toMatchObject({ files: 0, bytes: 0 });
});

test('orders the index of a source as a manifest does, whatever the characters', async () => {
  const store = await temporaryStore();
  const file = { type: 'folder', size: 0, mtimeUs: 0, ctimeUs: 0, inode: 0, executable: false, target: null } as const;
  let run = 0;
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ unit: 'binary', minLength: 1 }).filter((name) => !name.includes('\0'))),
      (paths) => {
        run += 1;
        const repository = `r${run}`;
        store.sources.write(repository, {
          puts: paths.map((path) => ({ ...file, path, object: null, problem: null })),
        });
        expect([...store.sources.rows(repository)].map(({ path }) => path)).toEqual(paths.sort(comparePaths));
      },
    ),
    { numRuns: 50, examples: [[['a', '\u{10ffff}b']]] },
  );
});
