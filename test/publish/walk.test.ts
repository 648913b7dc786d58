import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { comparePaths } from '../../src/model/entry.js';
import { rangesBetween } from '../../src/publish/path-range.js';
import { walk, type Found, type WalkRules } from '../../src/publish/walk.js';
import { temporaryFolder } from '../harness/temporary.js';
import { exe, folder, link, tree } from '../harness/tree.js';
import { asNobody } from '../harness/nobody.js';
import { tmpfs } from './tmpfs.js';

const plain: WalkRules = {
  names: 'portable',
  isExcluded: () => false,
  isPublished: () => false,
  unmounted: new Set(),
};

function found(root: string, rules: Partial<WalkRules> = {}): Found[] {
  return [...walk(root, { ...plain, ...rules })];
}

function published(root: string, rules: Partial<WalkRules> = {}): string[] {
  return found(root, rules)
    .filter(({ kind }) => kind === 'file' || kind === 'link' || kind === 'folder')
    .map(({ path }) => path);
}

function heldBack(root: string, rules: Partial<WalkRules> = {}): Record<string, string> {
  return Object.fromEntries(
    found(root, rules).flatMap((one) => (one.kind === 'held-back' ? [[one.path, one.reason]] : [])),
  );
}

describe('a walk', () => {
  it('finds files with their stat, links with their target, and empty folders', async () => {
    const root = await temporaryFolder();
    await tree(root, { 'bin/tool': exe('v1'), 'lib/current': link('../bin/tool'), 'logs/old/': folder() });
    expect(found(root)).toEqual([
      expect.objectContaining({ kind: 'file', path: 'bin/tool', size: 2, executable: true }),
      { kind: 'link', path: 'lib/current', target: '../bin/tool' },
      { kind: 'folder', path: 'logs/old' },
    ]);
  });

  it('comes out in the order of a manifest, whatever the names', async () => {
    const name = fc.string({
      unit: fc.constantFrom('a', 'b', '-', '.', '!', '0', 'é', '\uffee', '😀'),
      minLength: 1,
      maxLength: 3,
    });
    const part = name.filter((text) => text !== '.' && text !== '..');
    const paths = fc.uniqueArray(
      fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')),
      { maxLength: 20 },
    );
    const base = await temporaryFolder();
    let run = 0;
    fc.assert(
      fc.property(paths, (wanted) => {
        run += 1;
        const root = join(base, String(run));
        mkdirSync(root);
        const files: string[] = [];
        for (const path of wanted) {
          if (wanted.some((other) => other.startsWith(`${path}/`))) continue;
          mkdirSync(join(root, path, '..'), { recursive: true });
          if (path.length % 2 === 0) mkdirSync(join(root, path));
          else writeFileSync(join(root, path), '');
          files.push(path);
        }
        expect(published(root, { names: 'posix' })).toEqual(files.sort(comparePaths));
        const cuts = [...wanted, ...wanted.map((path) => `${path}/a`)]
          .filter((_, at) => at % 3 === 0)
          .sort(comparePaths);
        const parts = rangesBetween(cuts).flatMap((range) => [...walk(root, { ...plain, names: 'posix' }, range)]);
        expect(parts).toEqual(found(root, { names: 'posix' }));
      }),
      { numRuns: 100 },
    );
  });

  it('never follows a link, not even one put in place of a folder that it is in', async () => {
    const root = await temporaryFolder();
    await tree(root, { 'outside/secret': 's', 'source/a/1': '1', 'source/b/1': '1' });
    const seen: string[] = [];
    for (const one of walk(join(root, 'source'), plain)) {
      seen.push(one.path);
      if (one.path === 'a/1') {
        renameSync(join(root, 'source/b'), join(root, 'source/c'));
        symlinkSync('../outside', join(root, 'source/b'));
      }
    }
    expect(seen).toEqual(['a/1', 'b']);
  });

  it('prunes what is excluded, and says nothing of it', async () => {
    const root = await temporaryFolder();
    await tree(root, { 'a/keep': '', 'a/.DS_Store': '', 'node_modules/x/y': '', 'b?/z': '' });
    const isExcluded = (path: string): boolean => /(^|\/)(\.DS_Store|node_modules|b\?)$/.test(path);
    expect(found(root, { isExcluded }).map(({ path }) => path)).toEqual(['a/keep']);
  });

  it('takes a folder for empty when nothing in it is published', async () => {
    const root = await temporaryFolder();
    await tree(root, { 'a/CON': '', 'a.txt': '', 'b/x': '' });
    expect(published(root, { isExcluded: (path) => path === 'b/x' })).toEqual(['a', 'a.txt', 'b']);
  });

  it('closes what it opened when it is left midway', async () => {
    const root = await temporaryFolder();
    await tree(root, { 'a/b/c/d': '', 'a-': '', 'a/b-/x': '' });
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = open();
    for (const one of walk(root, plain)) if (one.path === 'a/b/c/d') break;
    expect(open()).toBe(before);
  });
});

describe('names that are held back', () => {
  it('are listed with the reason, and the rest is published', async () => {
    const root = await temporaryFolder();
    await tree(root, {
      good: '',
      'aux.txt': '',
      'a:b': '',
      'dot.': '',
      'in/back\\slash': '',
      'in/e\u0301': '',
      'in/[x]': '',
    });
    expect(published(root)).toEqual(['good', 'in/[x]']);
    expect(heldBack(root)).toEqual({
      'aux.txt': expect.stringContaining('device'),
      'a:b': expect.stringContaining('has a :'),
      'dot.': expect.stringContaining('dot'),
      'in/back\\slash': expect.stringContaining('has a \\'),
      'in/e\u0301': expect.stringContaining('normal form C'),
    });
    expect(Object.keys(heldBack(root, { names: 'strict' }))).toContain('in/[x]');
    expect(heldBack(root, { names: 'posix' })).toEqual({});
  });

  it('are shown escaped where they are not UTF-8 or have control characters', async () => {
    const root = await temporaryFolder();
    mkdirSync(Buffer.from(`${root}/caf\xe9`, 'latin1'));
    writeFileSync(Buffer.from(`${root}/caf\xe9/inside`, 'latin1'), '');
    writeFileSync(join(root, 'two\nlines'), '');
    expect(heldBack(root, { names: 'posix' })).toEqual({
      'caf\\xe9': 'the name is not UTF-8',
      'two\\x0alines': 'the name has a control character',
    });
    expect(published(root)).toEqual([]);
  });

  it('include sockets, pipes and devices', async () => {
    const root = await temporaryFolder();
    const server = createServer().listen(join(root, 'socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    onTestFinished(() => void server.close());
    execFileSync('mkfifo', [join(root, 'pipe')]);
    symlinkSync('/dev/null', join(root, 'null'));
    expect(heldBack(root)).toEqual({
      socket: expect.stringContaining('a socket'),
      pipe: expect.stringContaining('a pipe'),
      null: expect.stringContaining('absolute'),
    });
  });

  it('include links that leave the repository, by themselves or by way of another link', async () => {
    const root = await temporaryFolder();
    await tree(root, {
      'a/up': link('../x'),
      'a/itself': link('.'),
      'a/out': link('../../x'),
      absolute: link('/etc/passwd'),
      'deep/link': link('../a'),
      'deep/by-link': link('link/../../x'),
    });
    expect(published(root)).toEqual(['a/itself', 'a/up', 'deep/link']);
    expect(heldBack(root)).toEqual({
      'a/out': expect.stringContaining('leads out'),
      absolute: expect.stringContaining('absolute'),
      'deep/by-link': expect.stringContaining('".." after a name'),
    });
  });
});

describe('twins', () => {
  const twins = { 'Lib/a': '', 'lib/b': '', 'x/É': '', 'x/E\u0301': '', 'x/é': '', single: '' };

  it('are all held back where none is published, files and folders alike, each naming the other', async () => {
    const root = await temporaryFolder();
    await tree(root, twins);
    expect(published(root)).toEqual(['single', 'x']);
    expect(heldBack(root)).toMatchObject({
      Lib: expect.stringContaining('"lib"'),
      lib: expect.stringContaining('"Lib"'),
      'x/É': expect.stringContaining('"x/é"'),
      'x/é': expect.stringContaining('"x/É"'),
      'x/E\u0301': expect.stringContaining('normal form C'),
    });
  });

  it('leave the one that is published already where it is', async () => {
    const root = await temporaryFolder();
    await tree(root, twins);
    expect(published(root, { isPublished: (path) => path === 'lib' })).toEqual(['lib/b', 'single', 'x']);
    expect(Object.keys(heldBack(root, { isPublished: (path) => path === 'lib' }))).toContain('Lib');
  });

  it('are all held back where several are published', async () => {
    const root = await temporaryFolder();
    await tree(root, { A: '', a: '' });
    expect(published(root, { isPublished: () => true })).toEqual([]);
  });

  it('are published under names: posix', async () => {
    const root = await temporaryFolder();
    await tree(root, twins);
    expect(published(root, { names: 'posix' })).toHaveLength(6);
  });

  it('are none where one of them is not published for another reason', async () => {
    const root = await temporaryFolder();
    await tree(root, { README: '', readme: link('/etc/motd') });
    expect(published(root)).toEqual(['README']);
  });
});

describe('what cannot be looked at', () => {
  it('is unknown, which is something else than gone or empty', async () => {
    const root = await temporaryFolder();
    await tree(root, { 'closed/a': '', 'nameless/b': '', open: '' });
    chmodSync(join(root, 'closed'), 0o000);
    chmodSync(join(root, 'nameless'), 0o444);
    expect(await asNobody([root], () => found(root))).toEqual([
      { kind: 'unknown', path: 'closed', reason: 'it cannot be read: permission denied (EACCES)' },
      { kind: 'unknown', path: 'nameless/b', reason: 'it cannot be read: permission denied (EACCES)' },
      expect.objectContaining({ kind: 'file', path: 'open' }),
    ]);
  });

  it('is a folder from which the disk is gone, also where its mount point went with it', async () => {
    const root = await temporaryFolder();
    await tree(root, { 'a/here': '', 'disk/': folder() });
    const unmounted = new Set(['disk', 'a/removed']);
    expect(found(root, { unmounted }).map(({ kind, path }) => `${kind} ${path}`)).toEqual([
      'file a/here',
      'unknown a/removed',
      'unknown disk',
    ]);
  });
});

it('walks into file systems that are mounted in the source, and names them', async () => {
  const root = await temporaryFolder();
  await tree(root, { 'disk/': folder(), other: '' });
  tmpfs(join(root, 'disk'));
  writeFileSync(join(root, 'disk/file'), '');
  expect(found(root).map(({ kind, path }) => `${kind} ${path}`)).toEqual([
    'mount disk',
    'file disk/file',
    'file other',
  ]);
});
