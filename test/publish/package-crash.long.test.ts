import { spawnSync } from 'node:child_process';
import { cp, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { DepotError } from '../../src/model/errors.js';
import { readEntries } from '../../src/manifest/read.js';
import { relist } from '../../src/store/rebuild.js';
import { temporaryFolder } from '../harness/temporary.js';
import { exe, readTree, tree } from '../harness/tree.js';
import { runsTypeScript } from '../harness/typescript.js';
import { desk } from './package-desk.js';

const child = fileURLToPath(new URL('killed-package.ts', import.meta.url));
const quietly = { signal: new AbortController().signal, onProgress: () => undefined };
const first = { a: '1', b: exe('2'), 'c/d': 'same', 'c/e': 'same' };
const second = { a: '11', 'c/d': 'same', 'c/e': 'same', new: 'n' };

/** A package whose first revision is released and shown, and whose work copy has been changed since. */
async function begun(): Promise<{ data: string; work: string; original: string }> {
  const root = await temporaryFolder();
  const [data, work] = [join(root, 'data'), join(root, 'work')];
  const { publisher, store, show } = desk(data, work);
  await publisher.create('tool', { type: 'app' });
  await tree(join(work, 'tool'), first);
  await publisher.prepare('tool', { note: null, version: null, dryRun: false }, quietly);
  await publisher.distribute('tool', { to: ['enterprise'], except: [] });
  await publisher.release('tool', { revision: null, ring: null, at: null });
  await show();
  store.close();
  await tree(join(work, 'tool'), { a: '11', new: 'n' });
  await rm(join(work, 'tool/b'));
  const original = `${data}.original`;
  await cp(data, original, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  return { data, work, original };
}

function runIn(
  data: string,
  work: string,
  what: 'commands' | 'copies',
  step: number,
): { isKilled: boolean; steps: number } {
  const command = [...runsTypeScript, child, data, work, what, String(step)];
  const { signal, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  if (signal !== 'SIGKILL' && stdout === '') throw new Error(stderr);
  return { isKilled: signal === 'SIGKILL', steps: Number(stdout) };
}

async function renew(original: string, data: string): Promise<void> {
  await rm(data, { recursive: true });
  await cp(original, data, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
}

/** What was done already is refused by name. */
async function again(command: Promise<unknown>): Promise<void> {
  await command.catch((error: unknown) => {
    if (!(error instanceof DepotError) || !/rule: (?:unchanged|base-first)\)$/.test(error.message)) throw error;
  });
}

test('killed at any write of prepare, distribute or release, the same commands end where undisturbed ones do', async () => {
  const { data, work, original } = await begun();
  const { steps } = runIn(data, work, 'commands', -1);
  expect(steps).toBeGreaterThan(30);
  for (let step = 0; step < steps; step += 1) {
    await renew(original, data);
    expect(runIn(data, work, 'commands', step)).toMatchObject({ isKilled: true });
    const { publisher, store, run } = desk(data, work);
    if (store.needsRelist) await run(relist, {});
    await again(publisher.prepare('tool', { note: null, version: null, dryRun: false }, quietly));
    await publisher.distribute('tool', null);
    await again(publisher.release('tool', { revision: null, ring: null, at: null }));
    const { revisions } = publisher.get('tool');
    expect(
      revisions.map(({ revision, state }) => [revision, state]),
      `killed at ${step}`,
    ).toEqual([
      [1, 'superseded'],
      [2, 'released'],
    ]);
    const newest = store.heads.newest('apps');
    if (newest === undefined) throw new Error('nothing is published');
    for (const { head, sha256 } of store.heads.list('apps')) {
      const next = store.heads.get('apps', head.generation + 1);
      if (next !== undefined) expect(next.head.previous).toBe(sha256);
    }
    for (const entry of readEntries(newest.head.root, store.pages.read)) {
      if (entry.type !== 'file') continue;
      expect(store.objects.has(entry.object)).toBe(true);
      expect(store.objects.belongs('apps', entry.object)).toBe(true);
    }
    const isWhole = store.units.whole('apps');
    for (const { revision, manifest } of store.packages.of(newest.head.root)[0]?.revisions ?? []) {
      expect(isWhole({ package: 'tool', revision, manifest: manifest.sha256 })).toBe(true);
    }
    store.close();
  }
}, 600_000);

test('killed at any step of showing a release, clients see one whole revision, and the new one after the next start', async () => {
  const { data, work, original } = await begun();
  const prepared = desk(data, work);
  await prepared.publisher.prepare('tool', { note: null, version: null, dryRun: false }, quietly);
  await prepared.publisher.distribute('tool', null);
  await prepared.publisher.release('tool', { revision: null, ring: null, at: null });
  prepared.store.close();
  await rm(original, { recursive: true });
  await cp(data, original, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  const { steps } = runIn(data, work, 'copies', -1);
  expect(steps).toBeGreaterThan(8);
  const folder = join(data, 'trees/apps/tool');
  for (let step = 0; step < steps; step += 1) {
    await renew(original, data);
    expect(runIn(data, work, 'copies', step)).toMatchObject({ isKilled: true });
    const seen = await readlink(join(folder, 'current'));
    expect(await readTree(join(folder, seen)), `killed at ${step}`).toEqual(seen === '1' ? first : second);
    const { store, show } = desk(data, work);
    await show();
    store.close();
    expect(await readlink(join(folder, 'current'))).toBe('2');
    expect(await readTree(folder)).toMatchObject({ '2/a': '11', '2/new': 'n' });
    expect(Object.keys(await readTree(folder)).some((path) => path.startsWith('1/'))).toBe(false);
  }
}, 600_000);
