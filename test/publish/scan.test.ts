import { readdirSync, rmSync } from 'node:fs';
import { chmod, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { realHost } from '../../src/host.js';
import { everything } from '../../src/model/selection.js';
import { noise } from '../encoding/noise.js';
import { bytes, exe, folder, link, readTree, tree, type Tree } from '../harness/tree.js';
import { master } from './master.js';

const sample: Tree = {
  'bin/tool': exe('#!/bin/sh\n'),
  'bin/tool-link': link('tool'),
  'doc/read.me': 'read me\n',
  'doc/copy': 'read me\n',
  'empty/': folder(),
  zero: '',
};

describe('the first publish', () => {
  it('makes generation 1 of what is in the source, whole and complete', async () => {
    const depot = await master();
    await tree(depot.source, sample);
    const result = await depot.publisher.publish();
    expect(result).toEqual({
      repository: 'tools',
      dryRun: false,
      generation: 1,
      published: true,
      add: { files: 5, bytes: 26 },
      replace: { files: 0, bytes: 0 },
      delete: { files: 0, bytes: 0 },
      heldBack: [],
      heldBackCount: 0,
      changing: [],
      refused: null,
    });
    expect(await depot.tree()).toEqual(await readTree(depot.source));
    const head = depot.store.heads.newest('tools');
    expect(head?.head).toMatchObject({
      kind: 'mirror',
      context: 'enterprise',
      generation: 1,
      previous: null,
      files: 5,
      bytes: 26,
    });
    expect(depot.store.heads.newestComplete('tools', [everything])?.head.generation).toBe(1);
    for (const entry of depot.entries()) {
      if (entry.type === 'file') expect(depot.store.objects.belongs('tools', entry.object)).toBe(true);
    }
    expect(depot.announced.map(({ sha256 }) => sha256)).toEqual([head?.sha256]);
    expect(readdirSync(depot.store.layout.staging)).toEqual([]);
  });

  it('keeps mtime in whole milliseconds, and none before 1970', async () => {
    const depot = await master();
    await tree(depot.source, { old: '1', older: '2' });
    await utimes(join(depot.source, 'old'), 1000.5, 1000.5);
    await utimes(join(depot.source, 'older'), new Date(-5000), new Date(-5000));
    await depot.publisher.publish();
    expect(depot.entries()).toMatchObject([{ mtimeMs: 1_000_500 }, { mtimeMs: 0 }]);
  });

  it('publishes an empty source, since there is nothing to lose', async () => {
    const depot = await master();
    await tree(depot.source, {});
    expect(await depot.publisher.publish()).toMatchObject({ generation: 1, refused: null });
  });
});

describe('the next publish', () => {
  it('makes no generation where nothing changed, and reads no file again', async () => {
    const depot = await master();
    await tree(depot.source, sample);
    await depot.publisher.publish();
    expect(depot.filesRead()).toBe(4);
    expect(await depot.publisher.publish()).toMatchObject({ generation: 1, published: false });
    expect(depot.filesRead()).toBe(0);
    expect(depot.announced).toHaveLength(1);
  });

  it('takes changed, renamed, deleted and new files, other types and other modes', async () => {
    const depot = await master();
    await tree(depot.source, sample);
    await depot.publisher.publish();
    depot.filesRead();
    await tree(depot.source, {
      'bin/tool': exe('#!/bin/bash\n'),
      'bin/tool-link': 'a file now',
      'doc/copy/now': 'a folder',
      'empty/not': link('../zero'),
    });
    await rename(join(depot.source, 'doc/read.me'), join(depot.source, 'doc/README'));
    await rm(join(depot.source, 'zero'));
    await chmod(join(depot.source, 'doc/README'), 0o755);
    expect(await depot.publisher.publish()).toMatchObject({
      generation: 2,
      add: { files: 3, bytes: 16 },
      replace: { files: 2, bytes: 22 },
      delete: { files: 3, bytes: 16 },
    });
    expect(await depot.tree()).toEqual(await readTree(depot.source));
    expect(depot.filesRead()).toBe(4);
  });

  it('continues the chain: next number, hash of the head before, same epoch', async () => {
    const depot = await master();
    await tree(depot.source, { a: '1' });
    await depot.publisher.publish();
    await tree(depot.source, { a: '2' });
    await depot.publisher.publish();
    await tree(depot.source, { a: '3' });
    const again = await depot.restart();
    await again.publisher.publish();
    const [third, second, first] = again.store.heads.list('tools');
    expect([third?.head.generation, second?.head.generation, first?.head.generation]).toEqual([3, 2, 1]);
    expect(third?.head.previous).toBe(second?.sha256);
    expect(second?.head.previous).toBe(first?.sha256);
    expect(first?.head.previous).toBeNull();
    expect(new Set([first, second, third].map((row) => row?.head.epoch)).size).toBe(1);
  });

  it('stores content once, wherever it stands, and does not store what it holds already', async () => {
    const depot = await master();
    await tree(depot.source, { a: 'same', 'b/c': 'same' });
    await depot.publisher.publish();
    const object = depot.entries()[0];
    const file = object?.type === 'file' ? depot.store.layout.objectFile(object.object) : '';
    const before = await stat(file);
    await tree(depot.source, { d: 'same' });
    await depot.publisher.publish();
    expect((await stat(file)).ino).toBe(before.ino);
    expect(depot.entries()).toHaveLength(3);
  });

  it('publishes another context as a new generation of the same manifest', async () => {
    const depot = await master();
    await tree(depot.source, sample);
    await depot.publisher.publish();
    const moved = await depot.with({ settings: { context: 'enterprise/germany' } });
    expect(await moved.publisher.publish()).toMatchObject({ generation: 2, published: true, add: { files: 0 } });
    const [second, first] = moved.store.heads.list('tools');
    expect(second?.head).toMatchObject({ context: 'enterprise/germany', root: first?.head.root, files: 5, bytes: 26 });
  });

  it('reads a file again that was changed in the moment it was read, whatever its stat says', async () => {
    const depot = await master({ host: realHost });
    await tree(depot.source, { fresh: '1' });
    await depot.publisher.publish();
    expect(depot.filesRead()).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await depot.publisher.publish();
    expect(depot.filesRead()).toBe(1);
    await depot.publisher.publish();
    expect(depot.filesRead()).toBe(0);
  });

  it('reads a file again whose object went to quarantine, and is complete again', async () => {
    const depot = await master();
    await tree(depot.source, sample);
    await depot.publisher.publish();
    const tool = depot.entries().find(({ path }) => path === 'bin/tool');
    if (tool?.type !== 'file') throw new Error('no file');
    depot.store.objects.quarantine(tool.object);
    expect(depot.store.heads.newestComplete('tools', [everything])).toBeUndefined();
    expect(await depot.publisher.publish()).toMatchObject({ generation: 1, published: false });
    expect(depot.store.objects.has(tool.object)).toBe(true);
    expect(depot.store.heads.newestComplete('tools', [everything])?.head.generation).toBe(1);
  });

  it('writes a damaged manifest anew from what it knows of the source', async () => {
    const depot = await master();
    await tree(depot.source, sample);
    await depot.publisher.publish();
    const { root } = depot.store.heads.newest('tools')?.head ?? { root: undefined };
    if (root === undefined) throw new Error('no head');
    await writeFile(depot.store.layout.pageFile(root.sha256), 'rotten');
    expect(await depot.publisher.publish()).toMatchObject({ generation: 1, published: false });
    expect(await depot.tree()).toEqual(await readTree(depot.source));
    expect(depot.store.heads.newestComplete('tools', [everything])?.head.generation).toBe(1);
  });
});

describe('a dry run', () => {
  it('says what would change, in files and bytes, and publishes nothing', async () => {
    const depot = await master();
    await tree(depot.source, sample);
    await depot.publisher.publish();
    await tree(depot.source, { new: '12345', 'doc/copy': 'x' });
    await rm(join(depot.source, 'bin'), { recursive: true });
    const would = { add: { files: 1, bytes: 5 }, replace: { files: 1, bytes: 1 }, delete: { files: 2, bytes: 10 } };
    expect(await depot.publisher.publish({ dryRun: true })).toMatchObject({
      ...would,
      dryRun: true,
      published: false,
      generation: 1,
    });
    expect(depot.store.heads.newest('tools')?.head.generation).toBe(1);
    expect(depot.announced).toHaveLength(1);
    expect(await depot.publisher.publish()).toMatchObject({ ...would, published: true, generation: 2 });
  });
});

describe('names', () => {
  it('that fail are held back and listed while the rest is published, also after a restart', async () => {
    const depot = await master();
    await tree(depot.source, { good: '1', 'a:b': '1', Twin: '1', twin: '2', out: link('../x') });
    const result = await depot.publisher.publish();
    expect(Object.keys(await depot.tree())).toEqual(['good']);
    expect(result.heldBack.map(({ path }) => path).sort()).toEqual(['Twin', 'a:b', 'out', 'twin']);
    expect(result).toMatchObject({ published: true, heldBackCount: 4 });
    expect(depot.publisher.status().heldBack).toEqual(result.heldBack);
    expect((await depot.restart()).publisher.status()).toMatchObject({ heldBackCount: 4, heldBack: result.heldBack });
  });

  it('that are published stay when a twin appears', async () => {
    const depot = await master();
    await tree(depot.source, { 'Lib/a': '1' });
    await depot.publisher.publish();
    await tree(depot.source, { 'lib/b': '2', LIB: '3' });
    const result = await depot.publisher.publish();
    expect(result.heldBack.map(({ path }) => path).sort()).toEqual(['LIB', 'lib']);
    expect(Object.keys(await depot.tree())).toEqual(['Lib/a']);
  });

  it('that are excluded are not published, and deleted where they were', async () => {
    const depot = await master();
    await tree(depot.source, { a: '1', 'b/Thumbs.db': '1', 'b/c': '1', 'tmp/x/y': '1' });
    await depot.publisher.publish();
    const stricter = await depot.with({ settings: { exclude: ['**/Thumbs.db', 'tmp/**'] } });
    expect(await stricter.publisher.publish()).toMatchObject({ delete: { files: 2 }, heldBack: [] });
    expect(Object.keys(await stricter.tree())).toEqual(['a', 'b/c']);
  });
});

describe('whatever happens to a source', () => {
  const name = fc.constantFrom('a', 'a.b', 'a-', 'b', 'c', 'é', '😀');
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
  const node = fc.oneof(
    fc.string({ maxLength: 3 }),
    fc.string({ maxLength: 3 }).map((content) => exe(content)),
    fc.constantFrom('x', 'a/b', './y').map((target) => link(target)),
  );
  const change = fc.record({
    put: fc.dictionary(path, node, { maxKeys: 6 }),
    remove: fc.array(path, { maxLength: 3 }),
  });

  it('the newest generation is what a walk of it sees', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const depot = await master();
        await tree(depot.source, { keep: 'k' });
        for (const { put, remove } of changes) {
          for (const gone of remove)
            await rm(join(depot.source, gone), { recursive: true, force: true }).catch(() => undefined);
          await tree(depot.source, put);
          await depot.publisher.publish();
          expect(await depot.tree()).toEqual(await readTree(depot.source));
        }
      }),
      { numRuns: 25 },
    );
  });
});

it('publishes by way of a link that names the source', async () => {
  const depot = await master();
  await tree(`${depot.source}.real`, sample);
  await symlink(`${depot.source}.real`, depot.source);
  await depot.publisher.publish();
  expect(await depot.tree()).toEqual(await readTree(`${depot.source}.real`));
});

describe('large files', () => {
  it('get deltas from the last generations, as many as the settings say', async () => {
    const depot = await master({ settings: { deltaGenerations: 2 } });
    const same = noise(400_000, 1, 400_000);
    const objects: string[] = [];
    for (const version of [1, 2, 3, 4]) {
      await tree(depot.source, { large: bytes(Buffer.concat([Buffer.from(`version ${version}`), same])) });
      await depot.publisher.publish();
      objects.push(...depot.entries().flatMap((entry) => (entry.type === 'file' ? [entry.object] : [])));
    }
    const [first, second, third, fourth] = objects;
    const made = readdirSync(depot.store.layout.encodings).filter((name) => name.includes('.from.'));
    const expected = [`${fourth}.from.${third}`, `${fourth}.from.${second}`, `${third}.from.${first}`];
    expect(made).toEqual(expect.arrayContaining(expected));
    expect(made).not.toContain(`${fourth}.from.${first}`);
  });

  it('are compressed once, and get no deltas where the settings say none', async () => {
    const depot = await master({ settings: { deltaGenerations: 0 } });
    const same = noise(400_000, 1, 200_000);
    const made = (): string[] => readdirSync(depot.store.layout.encodings).sort();
    await tree(depot.source, { large: bytes(same) });
    await depot.publisher.publish();
    const [first = ''] = made();
    rmSync(join(depot.store.layout.encodings, first));
    await tree(depot.source, { another: bytes(Buffer.concat([Buffer.from('another'), same])) });
    await depot.publisher.publish();
    expect(made()).toHaveLength(1);
    expect(made()).not.toContain(first);
    expect(first).toMatch(/\.zst$/);
  });
});

describe('a source that several threads look through', () => {
  it('is published as it is, also where it changed at the cuts', async () => {
    const depot = await master();
    const name = (at: number): string => `f${String(at % 150).padStart(3, '0')}/${String(at).padStart(5, '0')}`;
    await tree(depot.source, Object.fromEntries(Array.from({ length: 20_100 }, (_, at) => [name(at), `${at}`])));
    await depot.publisher.publish();
    const cuts = depot.store.sources.cuts('tools', 4, 20_000);
    expect(cuts).toHaveLength(3);
    const [first = '', second = '', third = ''] = cuts;
    await rm(join(depot.source, first));
    await writeFile(join(depot.source, second), 'other');
    await tree(depot.source, { [`${third}-`]: 'behind the cut', 'a/first': 'new' });
    expect(await depot.publisher.publish()).toMatchObject({
      published: true,
      add: { files: 2 },
      replace: { files: 1 },
      delete: { files: 1 },
    });
    expect(await depot.tree()).toEqual(await readTree(depot.source));
  });
});
