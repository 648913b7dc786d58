import { chmod, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './temporary.js';
import { bytes, differences, exe, folder, link, readTree, setTime, tree } from './tree.js';

const sample = {
  'a.txt': 'text\n',
  'bin/tool': exe('#!/bin/sh\n'),
  'lib/current': link('../nowhere'),
  'lib/blob': bytes(Uint8Array.of(0xff, 0, 1)),
  'lib/nothing': '',
  'logs/old/': folder(),
};

describe('a tree literal', () => {
  it('is read back as it was written', async () => {
    const root = await temporaryFolder();
    await tree(root, sample);
    expect(await readTree(root)).toEqual(sample);
  });

  it('replaces a file by a folder, a folder by a file and a link by what it hid', async () => {
    const root = await temporaryFolder();
    await tree(root, { file: 'f', 'folder/inside': 'i', link: link('folder') });
    await tree(root, { 'file/now': 'a folder', folder: 'now a file', 'link/inside': 'own' });
    expect(await readTree(root)).toEqual({ 'file/now': 'a folder', folder: 'now a file', 'link/inside': 'own' });
  });

  it('takes bytes that are text for the text', () => {
    expect(bytes(new TextEncoder().encode('grüße'))).toBe('grüße');
  });
});

describe('differences', () => {
  it('are silent for equal folders, whatever the times', async () => {
    const root = await temporaryFolder();
    await tree(join(root, 'a'), sample);
    await tree(join(root, 'b'), sample);
    await setTime(join(root, 'b/a.txt'), 86_400_000);
    expect((await stat(join(root, 'b/a.txt'))).mtimeMs).toBe(86_400_000);
    expect(await differences(join(root, 'a'), join(root, 'b'))).toBe('');
  });

  it('name a file that differs, one that is missing and a link that points elsewhere', async () => {
    const root = await temporaryFolder();
    await tree(join(root, 'a'), { same: '1', changed: '1', missing: '1', link: link('x') });
    await tree(join(root, 'b'), { same: '1', changed: '2', link: link('y') });
    const found = await differences(join(root, 'a'), join(root, 'b'));
    expect(found).toContain('changed');
    expect(found).toContain('missing');
    expect(found).toContain('link');
    expect(found).not.toContain('same');
  });

  it('fail where a folder is not there, instead of calling nothing equal', async () => {
    const root = await temporaryFolder();
    await expect(differences(join(root, 'a'), join(root, 'b'))).rejects.toThrow('diff -r');
  });
});

describe('a temporary folder', () => {
  const left: string[] = [];

  it('may be left with folders that cannot be read', async () => {
    const root = await temporaryFolder();
    left.push(root);
    await tree(root, { 'closed/inside': 'x' });
    await chmod(join(root, 'closed'), 0o000);
  });

  it('is gone afterwards', async () => {
    for (const root of left) await expect(stat(root)).rejects.toThrow('ENOENT');
  });
});
