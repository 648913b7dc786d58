import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyDifference } from '../../src/manifest/stream.js';
import type { PageRef } from '../../src/manifest/page.js';
import { sha256 } from '../../src/model/sha256.js';
import type { ParentClient } from '../../src/protocol/client.js';
import { readCompressedText } from '../../src/store/compressed-text.js';
import type { RunJob } from '../../src/store/job.js';
import { pagesInMemory } from '../manifest/pages-in-memory.js';
import { temporaryFolder } from '../harness/temporary.js';
import { hosted } from './hosted.js';

function files(count: number, content: (n: number) => string): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`folder-${n % 7}/file-${n}`, content(n)]));
}

async function fetch(client: ParentClient, from: PageRef, to: PageRef): Promise<Buffer | undefined> {
  const body = await client.difference('tools', to.sha256, from.sha256);
  if (body === undefined) return undefined;
  const held: Uint8Array[] = [];
  for await (const chunk of body.chunks) held.push(chunk);
  return Buffer.concat(held);
}

/** Notes the jobs that run. */
function noting(names: string[]): (run: RunJob) => RunJob {
  return (run) => (job, input, options) => {
    names.push(job.name);
    return run(job, input, options);
  };
}

describe('a difference stream', () => {
  it('leads from the pages of the older generation to the root of the newer', async () => {
    const depot = await hosted();
    const { root: from } = (
      await depot.publish(
        'tools',
        files(500, () => 'old'),
      )
    ).head;
    const { root: to } = (
      await depot.publish(
        'tools',
        files(500, (n) => (n % 50 === 0 ? 'new' : 'old')),
      )
    ).head;
    const bytes = await fetch(depot.child(), from, to);
    const file = join(await temporaryFolder(), 'difference');
    await writeFile(file, bytes ?? '');
    const { read, write } = pagesInMemory();
    const copy = (ref: PageRef): string => {
      try {
        return read(ref);
      } catch {
        return depot.store.pages.read(ref);
      }
    };
    const made = applyDifference(readCompressedText(file), from, to, copy, write);
    expect(made.sha256).toBe(to.sha256);
    expect(bytes?.length).toBeLessThan(1_000);
  });

  it('is made once for all who ask at the same time, and kept for those who ask later', async () => {
    const names: string[] = [];
    const depot = await hosted({}, noting(names));
    const { root: from } = (
      await depot.publish(
        'tools',
        files(300, () => 'old'),
      )
    ).head;
    const { root: to } = (
      await depot.publish(
        'tools',
        files(300, (n) => (n === 5 ? 'new' : 'old')),
      )
    ).head;
    const client = depot.child();
    const together = await Promise.all([1, 2, 3, 4].map(() => fetch(client, from, to)));
    const later = await fetch(client, from, to);
    expect(new Set([...together, later].map((bytes) => bytes && sha256(bytes))).size).toBe(1);
    expect(later).toEqual(await readFile(depot.store.layout.differenceFile(to.sha256, from.sha256)));
    expect(names).toEqual(['make-difference']);
  });

  it('is made anew when it was collected', async () => {
    const depot = await hosted();
    const { root: from } = (
      await depot.publish(
        'tools',
        files(10, () => 'old'),
      )
    ).head;
    const { root: to } = (
      await depot.publish(
        'tools',
        files(10, () => 'new'),
      )
    ).head;
    const client = depot.child();
    const first = await fetch(client, from, to);
    await rm(depot.store.layout.differenceFile(to.sha256, from.sha256));
    expect(await fetch(client, from, to)).toEqual(first);
  });

  it('is declined where the pages cost less, without trying twice', async () => {
    const names: string[] = [];
    const depot = await hosted({}, noting(names));
    const old = files(1_500, (n) => `old ${n}`);
    const others = Object.fromEntries(Object.keys(old).map((path) => [`${path}-now`, `new ${path}`]));
    const { root: from } = (await depot.publish('tools', old)).head;
    const { root: to } = (await depot.publish('tools', others)).head;
    const client = depot.child();
    expect(await fetch(client, from, to)).toBeUndefined();
    expect(await fetch(client, from, to)).toBeUndefined();
    expect(names).toEqual(['make-difference']);
  });

  it('is only there between generations of that repository that are kept here', async () => {
    const depot = await hosted();
    const { root: from } = (await depot.publish('tools', { a: '1' })).head;
    const { root: to } = (await depot.publish('tools', { a: '2' })).head;
    const { root: foreign } = (await depot.publish('bavaria', { b: '1' })).head;
    const client = depot.child();
    expect(await fetch(client, from, foreign)).toBeUndefined();
    expect(await fetch(client, foreign, to)).toBeUndefined();
    expect(await fetch(client, { sha256: sha256('none'), length: 4 }, to)).toBeUndefined();
    expect(await fetch(client, from, to)).toBeDefined();
    // The file is there now, but not for those who ask in the name of another repository.
    expect(await client.difference('bavaria', to.sha256, from.sha256)).toBeUndefined();
  });

  it('that is not ready soon is promised for later, and is there then', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const depot = await hosted({ patienceMs: 50 }, (run) => async (job, input, options) => {
      await held;
      return run(job, input, options);
    });
    const { root: from } = (await depot.publish('tools', { a: '1' })).head;
    const { root: to } = (await depot.publish('tools', { a: '2' })).head;
    const client = depot.child();
    await expect(fetch(client, from, to)).rejects.toMatchObject({ code: 'parent-busy', retryAfterMs: 10_000 });
    release();
    // A busy machine may need longer for it than this parent is patient.
    const made = (): Promise<boolean> =>
      fetch(client, from, to).then(
        (stream) => stream !== undefined,
        () => false,
      );
    await expect.poll(made, { timeout: 10_000 }).toBe(true);
  });

  it('of damaged pages is none; the pages say the rest', async () => {
    const depot = await hosted();
    const { root: from } = (await depot.publish('tools', { a: '1' })).head;
    const { root: to } = (await depot.publish('tools', { a: '2' })).head;
    await writeFile(depot.store.layout.pageFile(to.sha256), 'rot');
    expect(await fetch(depot.child(), from, to)).toBeUndefined();
    expect(depot.faults).toEqual([]);
  });
});
