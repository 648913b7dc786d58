import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { realHost } from '../../src/host.js';
import { DepotError } from '../../src/model/errors.js';
import { temporaryFolder } from '../harness/temporary.js';
import { exe, readTree, tree } from '../harness/tree.js';
import { runsTypeScript } from '../harness/typescript.js';
import { master, type Master } from './master.js';
import { tmpfs } from './tmpfs.js';

/** When it was scanned last, once the scans that its start brings are over. */
async function lastOfItsScans(depot: Master): Promise<string | null> {
  for (;;) {
    const { lastScanAt } = depot.publisher.status();
    await delay(300);
    if (depot.publisher.status().lastScanAt === lastScanAt) return lastScanAt;
  }
}

async function watched(depot: Master): Promise<void> {
  depot.publisher.start();
  await vi.waitUntil(() => depot.publisher.status().mode === 'watched', { timeout: 10_000 });
  // The scan that follows once the watcher is ready.
  await vi.waitUntil(() => Date.parse(depot.publisher.status().nextScanAt ?? '') > Date.now() + 3_600_000, {
    timeout: 10_000,
  });
}

async function published(depot: Master, generation: number): Promise<void> {
  await vi.waitUntil(() => depot.announced.at(-1)?.head.generation === generation, { timeout: 10_000, interval: 10 });
}

const quick = { settings: { settleMs: 200 }, host: realHost };

describe('a watched source', () => {
  it('is published after its start, and after each change once that has settled', async () => {
    const depot = await master(quick);
    await tree(depot.source, { a: '1' });
    await watched(depot);
    expect(depot.announced).toHaveLength(1);

    for (let write = 0; write < 6; write += 1) {
      await tree(depot.source, { [`burst/${write}`]: String(write), a: String(write) });
      await delay(100);
    }
    expect(depot.announced).toHaveLength(1);
    await published(depot, 2);
    expect(await depot.tree()).toEqual(await readTree(depot.source));

    rmSync(join(depot.source, 'burst'), { recursive: true });
    await published(depot, 3);
    expect(await depot.tree()).toEqual({ a: '5' });
    await delay(400);
    expect(depot.announced).toHaveLength(3);
  });

  it('shows a mere change of mode too', async () => {
    const depot = await master(quick);
    await tree(depot.source, { 'bin/tool': 'x' });
    await watched(depot);
    chmodSync(join(depot.source, 'bin/tool'), 0o755);
    await published(depot, 2);
    expect(await depot.tree()).toEqual({ 'bin/tool': exe('x') });
  });

  it('is not scanned for what is excluded', async () => {
    const depot = await master({ ...quick, settings: { settleMs: 50, exclude: ['**/*.log', 'tmp/**'] } });
    await tree(depot.source, { a: '1', 'tmp/x': '', 'deep/b.log': '' });
    await watched(depot);
    const before = await lastOfItsScans(depot);
    await tree(depot.source, { 'tmp/y': '', 'deep/b.log': 'more', 'c.log': '' });
    await delay(400);
    expect(depot.publisher.status().lastScanAt).toBe(before);
  });

  it('does not keep a person waiting for it to settle', async () => {
    const depot = await master({ ...quick, settings: { settleMs: 3_600_000 } });
    await tree(depot.source, { a: '1' });
    depot.publisher.start();
    await published(depot, 1);
    await tree(depot.source, { a: '2' });
    expect(await depot.publisher.publish()).toMatchObject({ generation: 2, published: true });
  });

  it('is watched again where another folder took its place', async () => {
    const depot = await master({ ...quick, settings: { settleMs: 50, rescanMs: 300 } });
    await tree(depot.source, { a: '1' });
    await watched(depot).catch(() => undefined);
    renameSync(depot.source, `${depot.source}.old`);
    await vi.waitUntil(() => depot.publisher.status().refused !== null, { timeout: 10_000 });
    expect(depot.publisher.status()).toMatchObject({
      mode: 'rescanned',
      modeReason: expect.stringContaining('refused'),
    });
    renameSync(`${depot.source}.old`, depot.source);
    await vi.waitUntil(() => depot.publisher.status().mode === 'watched', { timeout: 10_000 });
    await tree(depot.source, { a: '2' });
    await published(depot, 2);
  });
});

describe('a source that is not watched', () => {
  it('is scanned at intervals where it is larger than the limit, and says so', async () => {
    const depot = await master({ ...quick, settings: { settleMs: 50, rescanMs: 300, watchLimit: 2 } });
    await tree(depot.source, { a: '1', b: '1', c: '1' });
    depot.publisher.start();
    await published(depot, 1);
    await vi.waitUntil(() => depot.publisher.status().mode === 'rescanned');
    expect(depot.publisher.status().modeReason).toBe('it has 3 names, more than the watch-limit of 2');
    await tree(depot.source, { a: '2' });
    await published(depot, 2);
    rmSync(join(depot.source, 'b'));
    rmSync(join(depot.source, 'c'));
    await vi.waitUntil(() => depot.publisher.status().mode === 'watched', { timeout: 10_000 });
  });

  it('is scanned at intervals where the system refuses to watch it, and says why', async () => {
    const source = join(await temporaryFolder(), 'source');
    for (let at = 0; at < 40; at += 1) mkdirSync(join(source, String(at)), { recursive: true });
    writeFileSync(join(source, 'file'), '');
    const child = fileURLToPath(new URL('unwatchable.ts', import.meta.url));
    const limited = 'echo 20 > /proc/sys/user/max_inotify_watches && exec "$@"';
    const run = promisify(execFile);
    const { stdout } = await run('unshare', [
      '-Ur',
      'sh',
      '-c',
      limited,
      'sh',
      process.execPath,
      ...runsTypeScript,
      child,
      source,
    ]);
    expect(JSON.parse(stdout)).toMatchObject({
      mode: 'rescanned',
      modeReason: expect.stringContaining('ENOSPC: System limit for number of file watchers'),
    });
  });
});

describe('a publisher', () => {
  it('scans again soon where files changed while they were read', async () => {
    let changes = 0;
    const depot: Master = await master({
      settings: { settleMs: 100, watchLimit: 0 },
      host: realHost,
      before: {
        'read-files': () => {
          changes += 1;
          if (changes <= 2) writeFileSync(join(depot.source, 'busy'), 'x'.repeat(changes));
        },
      },
    });
    await tree(depot.source, { busy: '', other: '' });
    depot.publisher.start();
    await vi.waitUntil(async () => (await depot.tree())['busy'] === 'xx', { timeout: 10_000 });
    expect(changes).toBeGreaterThanOrEqual(3);
  });

  it('takes over settings while it runs', async () => {
    const depot = await master(quick);
    await tree(depot.source, { a: '1', 'b.bak': '1' });
    await watched(depot);
    depot.publisher.reconfigure({ ...depot.settings, exclude: ['**/*.bak'] });
    await published(depot, 2);
    expect(await depot.tree()).toEqual({ a: '1' });

    await tree(`${depot.source}.new`, { other: '1' });
    depot.publisher.reconfigure({ ...depot.settings, source: `${depot.source}.new` });
    await vi.waitUntil(() => depot.publisher.status().refused !== null, { timeout: 10_000 });
    expect(depot.publisher.status().refused).toContain(`the source was ${depot.source} and is ${depot.source}.new now`);
    expect(await depot.publisher.publish({ acceptSource: true })).toMatchObject({ published: true, generation: 3 });
  });

  it('stops in the middle of a scan, keeps what was read, and goes on from there', async () => {
    const depot: Master = await master({ before: { compose: () => void depot.publisher.stop() } });
    await tree(depot.source, { a: '1', b: '2' });
    const error: unknown = await depot.publisher.publish().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DepotError);
    expect(error).toMatchObject({ code: 'interrupted' });
    expect(depot.filesRead()).toBe(2);
    const again = await depot.with({ before: {} });
    expect(await again.publisher.publish()).toMatchObject({ published: true, generation: 1 });
    expect(again.filesRead()).toBe(0);
  });

  it('says what a scan ran into, tries again, and forgets it once one has succeeded', async () => {
    let fails = true;
    const depot: Master = await master({
      ...quick,
      settings: { settleMs: 100 },
      before: {
        compose: () => {
          if (fails) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
        },
      },
    });
    await tree(depot.source, { a: '1' });
    await expect(depot.publisher.publish()).rejects.toMatchObject({ code: 'disk-full' });
    depot.publisher.start();
    await vi.waitUntil(() => depot.publisher.lastError() !== null);
    expect(depot.publisher.lastError()).toMatchObject({
      code: 'disk-full',
      message: expect.stringContaining(depot.source),
    });
    fails = false;
    await published(depot, 1);
    expect(depot.publisher.lastError()).toBeNull();
  });

  it('keeps the last generation when the disk is full, leaves nothing behind, and goes on once there is room', async () => {
    const depot = await master({
      prepare(data) {
        mkdirSync(data);
        tmpfs(data, '12m');
      },
    });
    await tree(depot.source, { a: '1' });
    await depot.publisher.publish();
    writeFileSync(join(depot.source, 'large'), randomBytes(16 * 1024 * 1024));
    await expect(depot.publisher.publish()).rejects.toMatchObject({ code: 'disk-full' });
    expect(await depot.tree()).toEqual({ a: '1' });
    expect(readdirSync(depot.store.layout.staging)).toEqual([]);
    await tree(depot.source, { large: 'small now' });
    expect(await depot.publisher.publish()).toMatchObject({ generation: 2, published: true });
  });

  it('writes one line for a generation, and none where nothing changed', async () => {
    const depot = await master();
    await tree(depot.source, { a: '1' });
    await depot.publisher.publish();
    await depot.publisher.publish();
    expect(depot.lines).toEqual(['info published generation 1']);
  });
});
