import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { buildManifest } from '../../src/manifest/build.js';
import { comparePaths, type Entry } from '../../src/model/entry.js';
import { everything, type Selection } from '../../src/model/selection.js';
import { sha256 } from '../../src/model/sha256.js';
import type { TreeFinding } from '../../src/model/upkeep-status.js';
import { inlineJobs } from '../../src/store/job.js';
import { utimesSeconds } from '../../src/store/stat.js';
import type { Store } from '../../src/store/store.js';
import { verify, type VerifyResult } from '../../src/store/verify.js';
import { folder, link, tree, type Tree } from '../harness/tree.js';
import { entriesOf, mtimeMs, openStore, publish, temporaryStore } from './fixture.js';

const run = (store: Store, repository?: string, quarantine = true): Promise<VerifyResult> =>
  inlineJobs(store)(verify, { quarantine, ...(repository === undefined ? {} : { repository }) });

const none = { count: 0, shas: [] };

function overwrite(path: string, content: string): void {
  chmodSync(path, 0o644);
  writeFileSync(path, content);
}

test('finds no damage where there is none, and tells how much it read', async () => {
  const store = await temporaryStore();
  await publish(store, { a: 'first', b: 'second', c: 'second' });
  expect(await run(store)).toEqual({
    files: 2,
    bytes: 11,
    damaged: none,
    missing: none,
    pages: none,
    trees: { count: 0, findings: [] },
  });
});

test('sets damaged objects aside and forgets missing ones, so that they are fetched again', async () => {
  const store = await temporaryStore();
  await publish(store, { a: 'good', b: 'bad', c: 'gone' });
  overwrite(store.layout.objectFile(sha256('bad')), 'BAD');
  rmSync(store.layout.objectFile(sha256('gone')));
  const found = { damaged: { count: 1, shas: [sha256('bad')] }, missing: { count: 1, shas: [sha256('gone')] } };
  expect(await run(store, undefined, false)).toMatchObject(found);
  expect(store.heads.completeness('tools', 1)).toEqual([everything]);
  expect(await run(store)).toMatchObject(found);
  expect(['good', 'bad', 'gone'].map((content) => store.objects.has(sha256(content)))).toEqual([true, false, false]);
  expect(store.heads.completeness('tools', 1)).toBeUndefined();
});

test('finds what a complete generation lacks though the catalogue does not know of it', async () => {
  const store = await temporaryStore();
  await publish(store, { a: 'here', b: 'lost' });
  store.db.prepare('DELETE FROM objects WHERE sha256 = ?').run(Buffer.from(sha256('lost'), 'hex'));
  expect(await run(store)).toMatchObject({ missing: { count: 1, shas: [sha256('lost')] } });
  expect(store.heads.completeness('tools', 1)).toBeUndefined();
});

test('looks only at what the repository references when asked for one', async () => {
  const store = await temporaryStore();
  await publish(store, { a: 'tool' });
  await publish(store, { a: 'other' }, { repository: 'other' });
  overwrite(store.layout.objectFile(sha256('tool')), 'TOOL');
  expect(await run(store, 'other')).toMatchObject({ files: 1, damaged: none });
  expect(await run(store, 'tools')).toMatchObject({ files: 1, damaged: { count: 1 } });
});

test('trusts an object again whose inode changed and whose bytes did not', async () => {
  const store = await temporaryStore();
  await publish(store, { a: 'content' });
  chmodSync(store.layout.objectFile(sha256('content')), 0o400);
  await run(store);
  const noJobs = (): never => {
    throw new Error('no job was expected');
  };
  const { handle } = await store.objects.open(sha256('content'), noJobs);
  await handle.close();
});

test('finds missing and damaged pages, but none of a head whose manifest never came', async () => {
  const store = await temporaryStore();
  const contents = Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`folder/file ${at}`, 'same']));
  const { head } = await publish(store, contents);
  const early = buildManifest(entriesOf({ early: 'early' }), (text) => ({ sha256: sha256(text), length: text.length }));
  await publish(store, { later: 'later' }, { repository: 'other' });
  store.db.prepare('UPDATE heads SET complete = NULL WHERE repository = ?').run('other');
  rmSync(store.layout.pageFile(store.heads.newest('other')?.head.root.sha256 ?? early.sha256));
  const broken =
    [...store.pages.list()].map(({ page }) => page).find((page) => page !== head.root.sha256) ?? early.sha256;
  truncateSync(store.layout.pageFile(broken), 3);
  expect((await run(store)).pages).toEqual({ count: 1, shas: [broken] });
  expect(store.heads.completeness('tools', 1)).toBeUndefined();
});

test('stops when it is told to', async () => {
  const store = await temporaryStore();
  await publish(store, { a: 'content' });
  const signal = AbortSignal.abort();
  await expect(inlineJobs(store)(verify, { quarantine: true }, { signal })).rejects.toThrow(/abort/);
});

/** An installation copy as it should be. */
async function installed(selection: Selection = everything): Promise<{ store: Store; root: string }> {
  const store = await temporaryStore();
  const contents = { 'bin/tool': 'tool', 'lib/a': 'text', 'lib.txt': 'beside' };
  await publish(store, contents);
  const entries: Entry[] = [
    ...entriesOf(contents),
    { type: 'link', path: 'bin/link', target: 'tool' },
    { type: 'folder', path: 'lib-empty' },
  ];
  const manifest = buildManifest(
    entries.sort((a, b) => comparePaths(a.path, b.path)),
    store.pages.write,
  );
  store.trees.beginSwitch('tools', { generation: 1, root: manifest, selection });
  store.trees.finishSwitch('tools', { files: 4, bytes: 14 });
  const root = store.layout.tree('tools');
  await put(root, { 'bin/link': link('tool'), 'lib-empty/': folder(), 'lib.txt': 'beside', 'lib/a': 'text' });
  mkdirSync(join(root, 'bin'), { recursive: true });
  linkSync(store.layout.objectFile(sha256('tool')), join(root, 'bin/tool'));
  return { store, root };
}

async function put(root: string, literal: Tree): Promise<void> {
  await tree(root, literal);
  for (const [path, node] of Object.entries(literal)) {
    if (typeof node === 'string') utimesSync(join(root, path), utimesSeconds(mtimeMs), utimesSeconds(mtimeMs));
  }
}

async function faults(store: Store): Promise<string[]> {
  const { trees } = await run(store);
  return trees.findings.map(({ problem, path, detail }: TreeFinding) => `${problem} ${path}: ${detail}`);
}

test('finds an installation copy as it should be', async () => {
  const { store } = await installed();
  expect(await faults(store)).toEqual([]);
});

const spoilings: Record<string, [(root: string) => unknown, string[]]> = {
  'a missing file': [(root) => rmSync(join(root, 'lib/a')), ['missing lib/a: file']],
  'a missing empty folder': [
    (root) => rmSync(join(root, 'lib-empty'), { recursive: true }),
    ['missing lib-empty: folder'],
  ],
  'a foreign file, link and folder': [
    (root) => tree(root, { 'bin/x': 'x', 'lib-empty/y': link('z'), 'zz/': folder() }),
    ['foreign bin/x: file', 'foreign lib-empty/y: link', 'foreign zz: folder'],
  ],
  'a longer file': [
    (root) => writeFileSync(join(root, 'lib.txt'), 'longer than it was'),
    ['altered lib.txt: 18 bytes instead of 6'],
  ],
  'a file of another time': [
    (root) => utimesSync(join(root, 'lib/a'), 1, 1),
    ['altered lib/a: changed at 1970-01-01T00:00:01.000Z instead of 2024-02-29T12:34:56.789Z'],
  ],
  'an executable file': [(root) => chmodSync(join(root, 'lib/a'), 0o755), ['altered lib/a: is executable']],
  'altered bytes under the same size and time': [
    (root) => put(root, { 'lib/a': 'TEXT' }),
    ['altered lib/a: its bytes were altered'],
  ],
  'a link that leads elsewhere': [
    (root) => tree(root, { 'bin/link': link('../lib/a') }),
    ['altered bin/link: leads to ../lib/a instead of tool'],
  ],
  'a link in place of a file': [
    (root) => tree(root, { 'lib/a': link('/etc/passwd') }),
    ['altered lib/a: a link instead of a file'],
  ],
  'a file in place of a folder': [
    (root) => tree(root, { bin: 'file' }),
    ['foreign bin: file', 'missing bin/link: link', 'missing bin/tool: file'],
  ],
  'a tree that is gone': [
    (root) => rmSync(root, { recursive: true }),
    ['bin/link: link', 'bin/tool: file', 'lib-empty: folder', 'lib.txt: file', 'lib/a: file'].map(
      (what) => `missing ${what}`,
    ),
  ],
};

test.each(Object.entries(spoilings))('finds %s in an installation copy', async (_what, [spoil, expected]) => {
  const { store, root } = await installed();
  await spoil(root);
  expect(await faults(store)).toEqual(expected);
});

test('reads through a hard link once: damage of the object is told of the object', async () => {
  const { store, root } = await installed();
  const file = join(root, 'bin/tool');
  const { atime, mtime } = statSync(file);
  overwrite(file, 'TOOL');
  utimesSync(file, atime, mtime);
  chmodSync(file, 0o444);
  const result = await run(store);
  expect(result.damaged.shas).toEqual([sha256('tool')]);
  expect(result.trees.findings).toMatchObject([{ path: 'bin/tool', problem: 'altered' }]);
  expect(readFileSync(join(store.layout.quarantine, sha256('tool')), 'utf8')).toBe('TOOL');
});

test('takes files that a hold keeps for no finding, nor those that are not selected', async () => {
  const { store, root } = await installed({ include: ['lib/**'], exclude: [] });
  rmSync(join(root, 'bin'), { recursive: true });
  rmSync(join(root, 'lib-empty'), { recursive: true });
  expect(await faults(store)).toEqual(['foreign lib.txt: file']);
  const hold = { id: 'h', repository: 'tools', kind: 'deletions', reason: '', epoch: null } as const;
  store.holds.add({ ...hold, files: 1, bytes: 6, generation: 1, sinceMs: 0 });
  store.holds.addPaths('h', [{ path: 'lib.txt', size: 6 }]);
  expect(await faults(store)).toEqual([]);
});

test('leaves an installation copy alone that is being switched', async () => {
  const { store, root } = await installed();
  rmSync(dirname(join(root, 'lib/a')), { recursive: true });
  const shown = store.trees.get('tools');
  if (shown === undefined) throw new Error('expected a tree');
  store.trees.beginSwitch('tools', { ...shown, generation: 2 });
  expect(await faults(openStore(store.layout.data))).toEqual([]);
});
