import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { buildManifest } from '../../src/manifest/build.js';
import { everything, type Demand } from '../../src/model/selection.js';
import { sha256, type Sha256 } from '../../src/model/sha256.js';
import { collect, planGc, type GcOptions } from '../../src/store/gc.js';
import type { GcPlan, GcResult } from '../../src/store/gc-plan.js';
import { inlineJobs } from '../../src/store/job.js';
import { inTransaction } from '../../src/store/database.js';
import type { Store } from '../../src/store/store.js';
import { entriesOf, headOf, keep, publish, staged, temporaryStore } from './fixture.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The clock of the store; files have the times of the real one. */
let now = 0;
beforeEach(() => {
  now = Date.now();
});

const openScripted = (): Promise<Store> => temporaryStore({ now: () => now });

const plan = (store: Store, options: Partial<GcOptions> = {}): Promise<GcPlan> =>
  inlineJobs(store)(planGc, { keepGenerationsMs: dayMs, nowMs: now, ...options });

async function collectAll(store: Store, options: Partial<GcOptions> = {}): Promise<GcResult> {
  return inlineJobs(store)(collect, await plan(store, options));
}

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();
}

const empty = { files: 0, bytes: 0 };

test('plans what it then drops: the generation, its pages and the objects that only it references', async () => {
  const store = await openScripted();
  const old = await publish(store, { a: 'only in the first', b: 'in both' }, { generation: 1 });
  const kept = await publish(store, { b: 'in both', c: 'only in the second' }, { generation: 2 });
  now += dayMs + hourMs;
  const planned = await plan(store);
  expect(planned).toMatchObject({
    generations: [{ repository: 'tools', generation: 1 }],
    objects: { files: 1, bytes: 17 },
    pages: { files: 1 },
    strays: empty,
  });
  expect(store.heads.get('tools', 1)).toBeDefined();
  const result = await inlineJobs(store)(collect, planned);
  expect(result).toEqual({ generations: 1, files: 2, bytes: 17 + planned.pages.bytes, stale: false });
  expect(files(store.layout.objects)).toEqual([sha256('in both'), sha256('only in the second')].sort());
  expect(files(store.layout.pages)).toEqual([kept.head.root.sha256]);
  expect(files(store.layout.metadata)).toEqual(['2.targets.json']);
  expect(store.heads.get('tools', old.head.generation)).toBeUndefined();
  expect(store.objects.belongs('tools', sha256('only in the first'))).toBe(false);
  expect(store.objects.belongs('tools', sha256('in both'))).toBe(true);
  expect(await plan(store)).toMatchObject({ generations: [], objects: empty, pages: empty, strays: empty });
});

test('keeps a generation fetchable for a while after the next one came, however old it is itself', async () => {
  const store = await openScripted();
  await publish(store, { a: 'first' }, { generation: 1 });
  now += 30 * dayMs;
  await publish(store, { a: 'second' }, { generation: 2 });
  now += dayMs - 1;
  expect((await plan(store)).generations).toEqual([]);
  now += 1;
  expect((await plan(store)).generations).toEqual([{ repository: 'tools', generation: 1 }]);
});

test('plans within seconds over thousands of generations, and stops when told', async () => {
  const store = await openScripted();
  const { head } = await publish(store, { a: 'content' });
  const root = { ...head.root, entries: 1, files: head.files, bytes: head.bytes };
  const count = 3001;
  inTransaction(store.db, () => {
    for (let generation = 2; generation <= count; generation += 1) {
      store.heads.enter(headOf(root, { generation }));
      store.heads.markComplete('tools', generation, generation % 2 === 0 ? [everything] : mac);
    }
  });
  now += 2 * dayMs;
  const startedAt = performance.now();
  expect((await plan(store)).generations).toHaveLength(count - 2);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  const stopped = AbortSignal.abort();
  const options = { keepGenerationsMs: dayMs, nowMs: now };
  await expect(inlineJobs(store)(planGc, options, { signal: stopped })).rejects.toThrow();
});

test('keeps the generation that a child was told of last, until it has not asked for anything for a day', async () => {
  const store = await openScripted();
  for (const generation of [1, 2, 3]) await publish(store, { a: `content ${generation}` }, { generation });
  const planned = async (): Promise<number[]> => (await plan(store)).generations.map(({ generation }) => generation);
  store.fetches.told('child', 'tools', 1, now);
  now += dayMs - hourMs;
  store.fetches.asked('child', 'tools', now);
  now += dayMs - 1;
  expect(await planned()).toEqual([2]);
  store.fetches.told('child', 'tools', 2, now);
  expect(await planned()).toEqual([1]);
  now += dayMs;
  store.fetches.asked('other', 'tools', now);
  store.fetches.asked('child', 'other', now);
  expect(await planned()).toEqual([2, 1]);
  await collectAll(store);
  store.fetches.asked('child', 'tools', now);
  expect(store.fetches.generations('tools', now)).toEqual(new Set());
});

const mac: Demand = [{ include: ['mac/**'], exclude: [] }];

/** What makes the first of three generations stay. */
const keepers: Record<string, (store: Store) => void> = {
  'the installation copy shows it': (store) => {
    store.trees.beginSwitch('tools', { generation: 1, root: rootOf(store), selection: everything });
    store.trees.finishSwitch('tools', { files: 1, bytes: 1 });
  },
  'the installation copy is being switched to it': (store) => {
    store.trees.beginSwitch('tools', { generation: 1, root: rootOf(store), selection: everything });
  },
  'a child is served it': (store) => {
    store.demands.set('child', 'x', sha256('demand'), { tools: mac }, now);
    store.heads.clearComplete('tools');
    store.heads.markComplete('tools', 1, mac);
  },
  'it is the newest that is complete': (store) => {
    store.heads.clearComplete('tools');
    store.heads.markComplete('tools', 1, [everything]);
  },
};

function rootOf(store: Store): { sha256: Sha256; length: number } {
  return store.heads.get('tools', 1)?.head.root ?? { sha256: sha256(''), length: 0 };
}

test.each(Object.entries(keepers))('keeps what a generation references while %s', async (_why, setUp) => {
  const store = await openScripted();
  for (const generation of [1, 2, 3]) await publish(store, { a: `content ${generation}` }, { generation });
  setUp(store);
  now += 2 * dayMs;
  await collectAll(store);
  expect(store.objects.has(sha256('content 1'))).toBe(true);
  expect(store.pages.has(rootOf(store)) || store.trees.list().length > 0).toBe(true);
  expect(store.objects.has(sha256('content 2'))).toBe(false);
});

test('keeps what transfers and sources name, and what was used in the last hour', async () => {
  const store = await openScripted();
  const [transferred, source, garbage] = await keep(store, 'transferred', 'source', 'garbage');
  now += 2 * hourMs;
  const [young] = await keep(store, 'young');
  await store.objects.admit([staged(store, 'garbage, admitted again')]);
  if (transferred === undefined || source === undefined) throw new Error('expected objects');
  const file = { size: 1, mtimeUs: 1, ctimeUs: 1, inode: 1, executable: false, target: null, problem: null };
  store.transfers.replace('tools', 1, [
    [{ sha256: transferred, size: 11, mtimeMs: 1, executable: false, relay: true, base: null, form: 'any' }],
  ]);
  store.sources.write('tools', { puts: [{ ...file, path: 'a', type: 'file', object: source }] });
  await collectAll(store);
  const left = [transferred, source, young, sha256('garbage, admitted again')];
  expect(files(store.layout.objects)).toEqual([...left].sort());
  expect(garbage !== undefined && store.objects.has(garbage)).toBe(false);
});

test('drops strays when their time is over, and not before', async () => {
  const store = await openScripted();
  const { layout } = store;
  const { head } = await publish(store, { a: 'content' });
  const partial = staged(store, 'partial').from;
  const wanted = staged(store, 'wanted');
  store.transfers.replace('tools', 1, [[{ ...wanted, relay: false, base: null, form: 'any' }]]);
  const scratch = layout.scratchFile('scan-1');
  const leftover = layout.objectFile(sha256('leftover'));
  const temporary = join(layout.pages, 'ab', '.abc.1-0-1.tmp');
  const quarantined = join(layout.quarantine, sha256('bad'));
  const stale = layout.differenceFile(head.root.sha256, sha256('old root'));
  const useful = layout.differenceFile(head.root.sha256, head.root.sha256);
  const strays = [scratch, leftover, temporary, quarantined, stale, useful];
  for (const path of strays) writeFileSync(path, 'stray');
  const alive = (): string[] => [partial, ...strays].filter((path) => existsSync(path));
  await collectAll(store);
  expect(alive()).toEqual([partial, ...strays]);
  now += 2 * hourMs;
  await collectAll(store);
  expect(alive()).toEqual([partial, scratch, temporary, quarantined, useful]);
  now += dayMs;
  await collectAll(store);
  expect(alive()).toEqual([partial, quarantined, useful]);
  now += 7 * dayMs;
  await collectAll(store);
  expect(alive()).toEqual([quarantined, useful]);
  now += 30 * dayMs;
  await collectAll(store);
  expect(alive()).toEqual([useful]);
  expect(existsSync(wanted.from)).toBe(true);
});

/** What may happen between a plan and its execution, to the objects that it would drop. */
const news: Record<string, (store: Store, garbage: Sha256) => void | Promise<void>> = {
  'a head arrives': (store) =>
    store.heads.put(headOf({ sha256: sha256('x'), length: 1, entries: 0, files: 0, bytes: 0 }, { generation: 9 })),
  'a plan of transfers is made': (store) => store.transfers.replace('other', 1, []),
  'a switch begins': (store) =>
    store.trees.beginSwitch('tools', { generation: 1, root: rootOf(store), selection: everything }),
  'a repository references objects': (store, garbage) => store.objects.enlist('other', [garbage]),
};

test.each(Object.entries(news))('drops nothing when %s after the plan was made', async (_what, happens) => {
  const store = await openScripted();
  await publish(store, { a: 'content' });
  const [garbage = sha256('')] = await keep(store, 'garbage');
  now += 2 * hourMs;
  const planned = await plan(store);
  expect(planned.objects.files).toBe(1);
  await happens(store, garbage);
  expect(await inlineJobs(store)(collect, planned)).toMatchObject({ files: 0, stale: true });
  expect(store.objects.has(garbage)).toBe(true);
});

test('keeps an object that was admitted or published again after the plan was made', async () => {
  const store = await openScripted();
  const [again = sha256(''), indexed = sha256('')] = await keep(store, 'again', 'indexed');
  const stat = { path: 'a', size: 1, mtimeUs: 1, ctimeUs: 1, inode: 1 };
  store.sources.write('tools', {
    puts: [{ ...stat, type: 'file', executable: false, target: null, object: null, problem: null }],
  });
  now += 2 * hourMs;
  const planned = await plan(store);
  expect(planned.objects.files).toBe(2);
  await store.objects.admit([staged(store, 'again')]);
  store.sources.setObject('tools', [{ ...stat, object: indexed }]);
  expect(await inlineJobs(store)(collect, planned)).toMatchObject({ files: 0, stale: false });
  expect([again, indexed].every((sha) => store.objects.has(sha) && existsSync(store.layout.objectFile(sha)))).toBe(
    true,
  );
});

test('keeps the file of an object that somebody is admitting', async () => {
  const store = await openScripted();
  const leftover = store.layout.objectFile(sha256('leftover'));
  writeFileSync(leftover, 'leftover');
  now += 2 * hourMs;
  const planned = await plan(store);
  expect(planned.objects).toEqual({ files: 1, bytes: 8 });
  store.db.prepare('INSERT INTO admissions (hashes) VALUES (?)').run(Buffer.from(sha256('leftover'), 'hex'));
  await inlineJobs(store)(collect, planned);
  expect(existsSync(leftover)).toBe(true);
  expect((await plan(store)).objects.files).toBe(0);
});

test('leaves a manifest alone that is on its way in, whose old pages somebody found here', async () => {
  const store = await openScripted();
  const contents = Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`folder/file ${at}`, `${at}`]));
  const root = buildManifest(entriesOf(contents), store.pages.write);
  const count = files(store.layout.pages).length;
  expect(count).toBeGreaterThan(2);
  now += 2 * hourMs;
  const planned = await plan(store);
  expect(planned.pages.files).toBe(count);
  expect(store.pages.has(root)).toBe(true);
  expect((await plan(store)).pages.files).toBe(0);
  expect(await inlineJobs(store)(collect, planned)).toMatchObject({ files: 0, stale: true });
  expect(files(store.layout.pages)).toHaveLength(count);
});

test('drops a page before those that it lists', async () => {
  const store = await openScripted();
  const contents = Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`folder/file ${at}`, `${at}`]));
  const root = buildManifest(entriesOf(contents), store.pages.write);
  now += 2 * hourMs;
  const { work } = await plan(store);
  expect(Buffer.from(work.pages.subarray(0, 32)).toString('hex')).toBe(root.sha256);
});

test('collects nothing while a page of a complete generation is missing, and says what to do', async () => {
  const store = await openScripted();
  const contents = Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`folder/file ${at}`, `same`]));
  const { head } = await publish(store, contents);
  const page = files(store.layout.pages).find((name) => name !== head.root.sha256) ?? '';
  const file = store.layout.pageFile(page as Sha256);
  writeFileSync(file, 'rot');
  await expect(plan(store)).rejects.toMatchObject({ code: 'manifest-damaged', hint: expect.any(String) });
});

test('gives the space back on disk', async () => {
  const store = await openScripted();
  const [garbage = sha256('')] = await keep(store, 'x'.repeat(100_000));
  expect(statSync(store.layout.objectFile(garbage)).blocks).toBeGreaterThan(0);
  now += 2 * hourMs;
  expect(await collectAll(store)).toMatchObject({ files: 1, bytes: 100_000 });
  expect(existsSync(store.layout.objectFile(garbage))).toBe(false);
});
