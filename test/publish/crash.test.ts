import { spawnSync } from 'node:child_process';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { everything } from '../../src/model/selection.js';
import { relist } from '../../src/store/rebuild.js';
import { inlineJobs } from '../../src/store/job.js';
import { exe, link, readTree, tree } from '../harness/tree.js';
import { master, type Master } from './master.js';

const child = fileURLToPath(new URL('killed.mjs', import.meta.url));

function publishIn(depot: Master, step: number): { isKilled: boolean; steps: number } {
  const { signal, stdout, stderr } = spawnSync(process.execPath, [child, depot.data, depot.source, String(step)], {
    encoding: 'utf8',
  });
  if (signal !== 'SIGKILL' && stdout === '') throw new Error(stderr);
  return { isKilled: signal === 'SIGKILL', steps: Number(stdout) };
}

it('killed before or after any write, one publish later the newest generation is the source, and no number was used twice', async () => {
  const first = await master();
  await tree(first.source, { a: '1', b: exe('2'), 'c/d': 'same', 'c/e': 'same', l: link('a') });
  await first.publisher.publish();
  const original = `${first.data}.original`;
  const depot = await first.restart();
  depot.store.close();
  await cp(depot.data, original, { recursive: true, preserveTimestamps: true });
  await tree(depot.source, { a: '11', 'c/d': 'other', new: 'n' });
  await rm(join(depot.source, 'b'));
  const wanted = await readTree(depot.source);
  const { steps } = publishIn(depot, -1);
  expect(steps).toBeGreaterThan(15);

  for (let step = 0; step < steps; step += 1) {
    await rm(depot.data, { recursive: true });
    await cp(original, depot.data, { recursive: true, preserveTimestamps: true });
    expect(publishIn(depot, step)).toMatchObject({ isKilled: true });
    const after = await depot.with({});
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
    await after.publisher.stop();
    after.store.close();
  }
});
