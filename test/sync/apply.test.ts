import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { everything } from '../../src/model/selection.js';
import { sha256 } from '../../src/model/sha256.js';
import { inlineJobs } from '../../src/store/job.js';
import { Store } from '../../src/store/store.js';
import { applyTree, finishSwitches } from '../../src/sync/apply-job.js';
import { releaseHold, restoreTree } from '../../src/sync/restore-job.js';
import { temporaryFolder } from '../harness/temporary.js';
import { exe, folder, link, readTree, type Tree } from '../harness/tree.js';
import { applyLiteral, manifestOf, repository } from './fixture.js';

async function newStore(): Promise<Store> {
  return Store.open(join(await temporaryFolder(), 'data'));
}

function treeOf(store: Store): Promise<Tree> {
  return readTree(store.layout.tree(repository));
}

describe('applying a generation', () => {
  it('makes the installation copy what the manifest says, with times and executable bits', async () => {
    const store = await newStore();
    const literal = {
      'bin/tool': exe('v1'),
      'lib/a.so': link('../bin/tool'),
      'doc/readme': 'text',
      'empty/': folder(),
    };
    const result = await applyLiteral(store, 1, literal);
    expect(await treeOf(store)).toEqual(literal);
    expect(result).toEqual({ added: 3, replaced: 0, deleted: 0, held: 0 });
    const file = lstatSync(join(store.layout.tree(repository), 'doc/readme'));
    expect(file.mtime.toISOString()).toBe('2026-01-02T03:04:05.678Z');
    expect(file.mode & 0o777).toBe(0o444);
    expect(store.trees.get(repository)).toMatchObject({ generation: 1, files: 3, bytes: 6 });
  });

  it('deletes what is gone, and the folders that it leaves empty, but not those that are entries', async () => {
    const store = await newStore();
    await applyLiteral(store, 1, { 'a/b/c/file': 'x', 'a/b/other': 'y', 'keep/file': 'z' });
    await applyLiteral(store, 2, { 'a/b/other': 'y', 'keep/': folder() });
    expect(await treeOf(store)).toEqual({ 'a/b/other': 'y', 'keep/': folder() });
    await applyLiteral(store, 3, {});
    expect(readdirSync(store.layout.tree(repository))).toEqual([]);
  });

  it('turns files into folders, folders into links, and back', async () => {
    const store = await newStore();
    const one: Tree = { a: 'file', 'b/c': 'file', d: link('a'), 'e/': folder() };
    const two: Tree = { 'a/x/y': 'deep', b: link('a/x'), 'd/z': 'file', e: 'file' };
    for (const [at, literal] of [one, two, one, two].entries()) {
      await applyLiteral(store, at + 1, literal);
      expect(await treeOf(store)).toEqual(literal);
    }
  });

  it('shares the inode of an object where time and executable bit are the same, and is not taken for altered after that', async () => {
    const store = await newStore();
    await applyLiteral(store, 1, { a: 'same', b: 'same', 'c/d': exe('same') });
    const object = statSync(store.layout.objectFile(sha256('same')));
    const inodes = ['a', 'b', 'c/d'].map((path) => statSync(join(store.layout.tree(repository), path)).ino);
    const isClone = inodes[0] !== object.ino;
    if (!isClone) expect(inodes.slice(0, 2)).toEqual([object.ino, object.ino]);
    expect(inodes[2]).not.toBe(object.ino);
    const opened = await store.objects.open(sha256('same'), ({ name }) => {
      throw new Error(`${name} although nothing was altered`);
    });
    await opened.handle.close();
  });

  it('never writes through a link that was planted in place of a folder', async () => {
    const store = await newStore();
    const outside = await temporaryFolder();
    await applyLiteral(store, 1, { 'lib/a': 'one' });
    rmSync(join(store.layout.tree(repository), 'lib'), { recursive: true });
    symlinkSync(outside, join(store.layout.tree(repository), 'lib'));
    await applyLiteral(store, 2, { 'lib/a': 'two', 'lib/b': 'new' });
    expect(readdirSync(outside)).toEqual([]);
    expect(await treeOf(store)).toEqual({ 'lib/a': 'two', 'lib/b': 'new' });
  });

  it('never deletes through a link that was planted in place of a folder', async () => {
    const store = await newStore();
    const outside = await temporaryFolder();
    writeFileSync(join(outside, 'a'), 'precious');
    await applyLiteral(store, 1, { 'lib/a': 'one', other: 'x' });
    rmSync(join(store.layout.tree(repository), 'lib'), { recursive: true });
    symlinkSync(outside, join(store.layout.tree(repository), 'lib'));
    await applyLiteral(store, 2, { other: 'x' });
    expect(readdirSync(outside)).toEqual(['a']);
  });

  it('replaces a file on disk whose deletion was recorded but which somebody made a folder', async () => {
    const store = await newStore();
    await applyLiteral(store, 1, { a: 'one' });
    rmSync(join(store.layout.tree(repository), 'a'));
    mkdirSync(join(store.layout.tree(repository), 'a'));
    await applyLiteral(store, 2, { a: 'two' });
    expect(await treeOf(store)).toEqual({ a: 'two' });
  });

  it('removes files that no manifest accounts for, where the catalogue does not know the tree', async () => {
    const store = await newStore();
    mkdirSync(join(store.layout.tree(repository), 'old'), { recursive: true });
    writeFileSync(join(store.layout.tree(repository), 'old/file'), 'left over');
    await applyLiteral(store, 1, { a: 'one' });
    expect(existsSync(join(store.layout.tree(repository), 'old/file'))).toBe(false);
  });

  it('shows another selection of the same generation after a change of settings, holding nothing', async () => {
    const store = await newStore();
    const literal = { 'mac/a': '1', 'win/a': '2', 'win/b': '3' };
    const holdAbove = { files: 0, percent: 0 };
    await applyLiteral(store, 1, literal, { holdAbove });
    await applyLiteral(store, 1, literal, { holdAbove, selection: { include: ['mac/**'], exclude: [] } });
    expect(await treeOf(store)).toEqual({ 'mac/a': '1' });
    expect(store.trees.get(repository)?.files).toBe(1);
    await applyLiteral(store, 1, literal, { selection: { include: [], exclude: ['**/a'] } });
    expect(await treeOf(store)).toEqual({ 'win/b': '3' });
    expect(store.holds.list(repository)).toEqual([]);
  });

  it('deletes below what has become a link that leads round in a circle', async () => {
    const store = await newStore();
    await applyLiteral(store, 1, { 'a/b/c': 'one' });
    const circle = { a: link('b'), b: link('b') };
    await applyLiteral(store, 2, circle);
    expect(await treeOf(store)).toEqual(circle);
  });

  it('reaches any tree from any other (property)', async () => {
    const store = await newStore();
    const paths = ['a', 'a/b', 'a/b/c', 'a-b', 'b', 'b/x', 'c/d/e/f', 'c/d'];
    const node = fc.constantFrom<Tree[string]>('one', 'two', exe('one'), link('b'));
    const literals = fc.dictionary(fc.constantFrom(...paths), node).map((all) => {
      const stands = Object.entries(all).filter(
        ([path]) => !Object.keys(all).some((other) => path.startsWith(`${other}/`)),
      );
      return Object.fromEntries(stands);
    });
    let generation = 0;
    await fc.assert(
      fc.asyncProperty(literals, async (literal) => {
        generation += 1;
        await applyLiteral(store, generation, literal);
        expect(await treeOf(store)).toEqual(literal);
        expect(store.trees.get(repository)?.files).toBe(Object.keys(literal).length);
      }),
      { numRuns: 100 },
    );
  });
});

describe('deletions beyond the limits', () => {
  const before = { a: '1', b: '2', 'c/d': '3', 'c/e': '4', f: '5' };
  const limit = { holdAbove: { files: null, percent: 20 } };

  it('wait, while the rest is applied', async () => {
    const store = await newStore();
    await applyLiteral(store, 1, before, limit);
    const result = await applyLiteral(store, 2, { a: '1', new: '6' }, limit);
    expect(result).toMatchObject({ added: 1, deleted: 0, held: 4 });
    expect(await treeOf(store)).toEqual({ ...before, new: '6' });
    expect(store.holds.list(repository)).toMatchObject([{ kind: 'deletions', files: 4, generation: 2 }]);
  });

  it('happen when they are approved, with the folders that they empty', async () => {
    const store = await newStore();
    await applyLiteral(store, 1, before, limit);
    await applyLiteral(store, 2, { a: '1', new: '6' }, limit);
    const [hold] = store.holds.list(repository);
    await inlineJobs(store)(releaseHold, { id: hold?.id ?? '' });
    expect(await treeOf(store)).toEqual({ a: '1', new: '6' });
    expect(store.holds.list(repository)).toEqual([]);
  });

  it('do not happen where the publisher brings the files back', async () => {
    const store = await newStore();
    await applyLiteral(store, 1, before, limit);
    await applyLiteral(store, 2, { a: '1' }, limit);
    await applyLiteral(store, 3, { a: '1', b: 'again', 'c/d': '3' }, limit);
    const [hold] = store.holds.list(repository);
    expect(hold?.files).toBe(2);
    await inlineJobs(store)(releaseHold, { id: hold?.id ?? '' });
    expect(await treeOf(store)).toEqual({ a: '1', b: 'again', 'c/d': '3' });
  });

  it('keep back what cannot stand beside the held files, until they are approved', async () => {
    const store = await newStore();
    await applyLiteral(store, 1, before, limit);
    await applyLiteral(store, 2, { a: '1', c: 'a file now', 'b/x': 'a folder now' }, limit);
    expect(await treeOf(store)).toEqual(before);
    const [hold] = store.holds.list(repository);
    await inlineJobs(store)(releaseHold, { id: hold?.id ?? '' });
    expect(await treeOf(store)).toEqual({ a: '1', c: 'a file now', 'b/x': 'a folder now' });
  });
});

describe('after a crash', () => {
  it('finishes a switch from its journal, also where half of the files had moved and some of the staging is lost', async () => {
    const store = await newStore();
    await applyLiteral(store, 1, { a: '1', b: '2', 'c/d': '3', gone: 'x' });
    const two = { a: 'new', b: '2', 'c/d': 'changed', 'e/f': 'added', z: link('a') };
    const root = await manifestOf(store, two);
    store.trees.beginSwitch(repository, { generation: 2, root, selection: everything });
    // `a` was moved, the rest never staged: the journal alone must do.
    const tree = store.layout.tree(repository);
    rmSync(join(tree, 'a'));
    linkSync(store.layout.objectFile(sha256('new')), join(tree, '.moved'));
    renameSync(join(tree, '.moved'), join(tree, 'a'));
    expect(await inlineJobs(store)(finishSwitches, undefined)).toEqual([repository]);
    expect(await treeOf(store)).toEqual(two);
    expect(store.trees.switching(repository)).toBeUndefined();
    expect(await inlineJobs(store)(finishSwitches, undefined)).toEqual([]);
  });

  it('takes no old file for the new one that looks just like it: same size, time and mode', async () => {
    const store = await newStore();
    // As reproducible builds make them. One has a name at its object only, the others are copies where there are no clones.
    const one: Tree = { a: 'one', b: exe('one'), c: exe('same'), d: 'same' };
    const two: Tree = { a: 'two', b: exe('two'), c: exe('same'), d: 'same', e: 'new' };
    await applyLiteral(store, 1, one);
    const root = await manifestOf(store, two);
    store.trees.beginSwitch(repository, { generation: 2, root, selection: everything });
    expect(await inlineJobs(store)(finishSwitches, undefined)).toEqual([repository]);
    expect(await treeOf(store)).toEqual(two);
  });

  it('leaves a file that came into place before a crash as it is', async () => {
    const store = await newStore();
    await applyLiteral(store, 1, { a: 'one', b: exe('one') });
    const two: Tree = { a: 'two', b: exe('two') };
    await applyLiteral(store, 2, two);
    const inodes = (): number[] => ['a', 'b'].map((path) => statSync(join(store.layout.tree(repository), path)).ino);
    const before = inodes();
    store.db.prepare('UPDATE trees SET root = NULL, generation = NULL').run();
    const root = await manifestOf(store, two);
    store.trees.beginSwitch(repository, { generation: 2, root, selection: everything });
    await inlineJobs(store)(finishSwitches, undefined);
    expect(inodes()).toEqual(before);
    expect(await treeOf(store)).toEqual(two);
  });

  it('holds files that no manifest accounts for, where the catalogue and its holds were lost and they are many', async () => {
    const store = await newStore();
    mkdirSync(store.layout.tree(repository), { recursive: true });
    for (const name of ['a', 'x', 'y']) writeFileSync(join(store.layout.tree(repository), name), name);
    const result = await applyLiteral(store, 7, { a: 'one' }, { holdAbove: { files: 1, percent: null } });
    expect(result.held).toBe(2);
    expect(await treeOf(store)).toEqual({ a: 'one', x: 'x', y: 'y' });
    const [hold] = store.holds.list(repository);
    await inlineJobs(store)(releaseHold, { id: hold?.id ?? '' });
    expect(await treeOf(store)).toEqual({ a: 'one' });
  });

  it('decides anew on deletions that a run wrote down and did not come to switch', async () => {
    const store = await newStore();
    const limit = { holdAbove: { files: 1, percent: null } };
    await applyLiteral(store, 1, { a: '1', b: '2', c: '3' }, limit);
    const root = await manifestOf(store, { a: '1' });
    store.holds.add({
      id: 'left',
      repository,
      kind: 'deletions',
      reason: '',
      files: 1,
      bytes: 1,
      generation: 2,
      epoch: null,
      sinceMs: 0,
    });
    store.holds.addPaths('left', [{ path: 'b', size: 1 }]);
    const input = { repository, generation: 2, root, selection: everything, now: 0, prepared: null, ...limit };
    await inlineJobs(store)(applyTree, input);
    expect(store.holds.list(repository)).toMatchObject([{ files: 2 }]);
  });
});

describe('restoring paths', () => {
  it('puts altered and missing files right, and takes away what the manifest does not have', async () => {
    const store = await newStore();
    const literal = { a: '1', 'b/c': '2' };
    await applyLiteral(store, 1, literal);
    const tree = store.layout.tree(repository);
    rmSync(join(tree, 'a'));
    writeFileSync(join(tree, 'a'), 'tampered');
    rmSync(join(tree, 'b'), { recursive: true });
    writeFileSync(join(tree, 'foreign'), 'x');
    await inlineJobs(store)(restoreTree, { repository, paths: ['a', 'b/c', 'foreign'] });
    expect(await treeOf(store)).toEqual(literal);
  });
});
