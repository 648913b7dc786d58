import { spawnSync } from 'node:child_process';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { everything } from '../../src/model/selection.js';
import { inlineJobs } from '../../src/store/job.js';
import { relist } from '../../src/store/rebuild.js';
import { exe, link, readTree, tree } from '../harness/tree.js';
import { runsTypeScript } from '../harness/typescript.js';
import { master, type Master } from './master.js';

const child = fileURLToPath(new URL('killed.ts', import.meta.url));

/**
 * Kills a publish before or after one of its writes, each `every`th of them in turn, and checks each time that one more
 * publish ends where an undisturbed one does: whole, complete, with a chain in which no number was used twice.
 */
export async function killAndPublish(every: number): Promise<void> {
  const first = await master();
  await tree(first.source, { a: '1', b: exe('2'), 'c/d': 'same', 'c/e': 'same', l: link('a') });
  await first.publisher.publish();
  const original = `${first.data}.original`;
  const depot = await first.close();
  await cp(depot.data, original, { recursive: true, preserveTimestamps: true });
  await tree(depot.source, { a: '11', 'c/d': 'other', new: 'n' });
  await rm(join(depot.source, 'b'));
  const wanted = await readTree(depot.source);
  const { steps } = publishIn(depot, -1);
  expect(steps).toBeGreaterThan(15);

  for (let step = 0; step < steps; step += every) {
    await rm(depot.data, { recursive: true });
    await cp(original, depot.data, { recursive: true, preserveTimestamps: true });
    expect(publishIn(depot, step)).toMatchObject({ isKilled: true });
    const after = await depot.restart();
    if (after.store.needsRelist) await inlineJobs(after.store)(relist, {});
    const seen = after.store.heads.newest('tools');
    await after.publisher.publish();
    const newest = after.store.heads.newest('tools');
    expect(newest?.head.generation, `killed at ${step}`).toBe(2);
    // What was durable may have been told to others: it is not replaced by another head of the same number.
    if (seen?.head.generation === 2) expect(newest?.sha256).toBe(seen.sha256);
    expect(newest?.head.previous).toBe(after.store.heads.get('tools', 1)?.sha256);
    expect(await after.tree()).toEqual(wanted);
    expect(after.store.heads.newestComplete('tools', [everything])?.head.generation).toBe(2);
    for (const entry of after.entries()) {
      if (entry.type === 'file') expect(after.store.objects.belongs('tools', entry.object)).toBe(true);
    }
    expect(await after.publisher.publish()).toMatchObject({ published: false });
    await after.close();
  }
}

function publishIn({ data, source }: Master, step: number): { isKilled: boolean; steps: number } {
  const command = [...runsTypeScript, child, data, source, String(step)];
  const { signal, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  if (signal !== 'SIGKILL' && stdout === '') throw new Error(stderr);
  return { isKilled: signal === 'SIGKILL', steps: Number(stdout) };
}
