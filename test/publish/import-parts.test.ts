import { expect, it } from 'vitest';
import { partsOf, problemsOf, wrapperOf } from '../../src/publish/import-parts.js';
import type { WorkItem } from '../../src/store/work-folder.js';

function file(path: string): WorkItem {
  return { path, kind: 'file', size: 1, mtimeMs: 0, executable: false, target: '', read: () => [] };
}

function link(path: string, target: string): WorkItem {
  return { ...file(path), kind: 'link', target };
}

function names(paths: readonly string[], under = '', from: string | null = null): string[] | 'work' {
  const { as, parts } = partsOf(paths.map(file), under, null, from);
  return as === 'work' ? 'work' : parts.map(({ name }) => name);
}

it('takes folders that are named like versions for revisions, in natural order', () => {
  expect(names(['10/a', '2/a', '1/a'])).toEqual(['1', '2', '10']);
  expect(names(['3.0.9/a', '3.0.10/a', '3.0.21-beta/a'])).toEqual(['3.0.9', '3.0.10', '3.0.21-beta']);
  expect(names(['Rev 1/a', 'Rev 2/a'])).toEqual(['Rev 1', 'Rev 2']);
  expect(names(['vlc/2/a', 'vlc/1/a'], 'vlc')).toEqual(['1', '2']);
  expect(names(['1/a', '2/a', '3/a'], '', '2')).toEqual(['2', '3']);
});

it('takes all else for a work copy', () => {
  expect(names(['setup.exe'])).toBe('work');
  expect(names(['1/a', 'readme'])).toBe('work');
  expect(names(['7zip/7z.exe', '1/a'])).toBe('work');
  expect(names(['MyApp.app/Contents/x'])).toBe('work');
});

it('names the versions that folders say, and none for plain numbers', () => {
  expect(partsOf([file('1/a'), file('v2.0/a')], '', null, null).parts.map(({ version }) => version)).toEqual([
    null,
    'v2.0',
  ]);
});

it('knows a folder around revisions', () => {
  expect(wrapperOf([file('vlc/1/a'), file('vlc/2/a')])).toBe('vlc');
  expect(wrapperOf([file('vlc/bin/a')])).toBeUndefined();
});

it('finds all that no depot could hold, at once', () => {
  const items = ['a', 'A', 'b/con', 'b/x:y', 'd', 'd/e', 'f', 'f'].map(file);
  const [part] = partsOf([...items, link('g', '../../etc/passwd'), link('h', 'a')], '', 'work', null).parts;
  if (part === undefined) throw new Error('no part');
  expect(problemsOf(part).map(({ path, reason }) => `${path}: ${reason}`)).toEqual([
    'A: Windows or macOS take it and "a" for one name',
    'b/con: the name stands for a device on Windows',
    'b/x:y: the name has a :, which Windows cannot hold',
    'd/e: it lies in "d", which is no folder',
    'f: it is there twice',
    'g: the target "../../etc/passwd" leads out of the repository',
  ]);
});

it('makes no revision of nothing', () => {
  const [part] = partsOf([{ ...file('1'), kind: 'folder' }], '', null, null).parts;
  if (part === undefined) throw new Error('no part');
  expect(problemsOf(part)).toEqual([{ path: '1', reason: 'there is no file in it' }]);
});
