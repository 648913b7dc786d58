import { existsSync, lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { readEntries } from '../../src/manifest/read.js';
import type { ManifestRoot } from '../../src/manifest/page.js';
import { everything } from '../../src/model/selection.js';
import { inlineJobs } from '../../src/store/job.js';
import { Store } from '../../src/store/store.js';
import { applyTree, finishSwitches } from '../../src/sync/apply-job.js';
import type { SyncDepot } from '../../src/sync/depot.js';
import type { PlanInput } from '../../src/sync/plan.js';
import { Preparation } from '../../src/sync/preparation.js';
import { preparedFolder, prepareTree } from '../../src/sync/prepare-job.js';
import { afterTheLast, temporaryFolder } from '../harness/temporary.js';
import { exe, folder, link, readTree, type Tree } from '../harness/tree.js';
import { manifestOf, repository } from './fixture.js';

/** Several pages, several batches, names of the same object with another time or bit. */
const literal: Tree = {
  ...Object.fromEntries(Array.from({ length: 1_300 }, (_, n) => [`files/${n % 7}/${n}`, `content ${n % 900}`])),
  'bin/tool': exe('content 5'),
  'lib/a.so': link('../bin/tool'),
  'empty/': folder(),
};

const whenDone = afterTheLast();
let parent: { readonly store: Store; readonly root: ManifestRoot };

beforeAll(async () => {
  const store = Store.open(join(await temporaryFolder(whenDone), 'data'));
  parent = { store, root: await manifestOf(store, literal) };
});

/** A child that has the manifest. `fetch` brings the next files, up to a share of all. */
async function scene(): Promise<{ store: Store; root: ManifestRoot; fetch: (share: number) => Promise<void> }> {
  const { store: above, root } = parent;
  const store = Store.open(join(await temporaryFolder(), 'data'));
  for (const { page } of above.pages.list()) {
    const text = above.pages.inspect(page);
    if (text !== undefined) store.pages.write(text);
  }
  await store.pages.flush();
  const entries = [...readEntries(root, above.pages.read)];
  const fetch = async (share: number): Promise<void> => {
    const here = entries.slice(0, share * entries.length).flatMap((entry) => (entry.type === 'file' ? [entry] : []));
    const objects = new Map(here.map((entry) => [entry.object, entry]));
    const missing = store.objects.missing([...objects.keys()]);
    const batch = [...objects.values()].flatMap(({ object: sha256, size, mtimeMs, executable }) => {
      const from = above.objects.read(sha256, size);
      return missing.has(sha256) && from !== undefined ? [{ sha256, size, mtimeMs, executable, from }] : [];
    });
    await store.objects.admit(batch);
  };
  return { store, root, fetch };
}

function input(root: ManifestRoot, after: string) {
  const prepared = { after, selection: everything };
  const holdAbove = { files: null, percent: null };
  return { repository, generation: 1, root, selection: everything, holdAbove, now: 0, prepared };
}

describe('a first installation copy that is prepared while its content comes', () => {
  it('is what the manifest says, however much of it was there each time', async () => {
    const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(shares, async (parts) => {
        const { store, root, fetch } = await scene();
        const run = inlineJobs(store);
        let after: string | null = null;
        for (const share of parts.sort((a, b) => a - b)) {
          await fetch(share);
          after = await run(prepareTree, { repository, root, selection: everything, after });
        }
        await fetch(1);
        after = await run(prepareTree, { repository, root, selection: everything, after });
        expect(existsSync(store.layout.tree(repository))).toBe(false);
        const result = await run(applyTree, input(root, after ?? ''));
        expect(result).toEqual({ added: 1_302, replaced: 0, deleted: 0, held: 0 });
        expect(await readTree(store.layout.tree(repository))).toEqual(literal);
        expect(store.trees.get(repository)).toMatchObject({ generation: 1, files: 1_302 });
        expect(existsSync(store.layout.treeStaging(repository))).toBe(false);
      }),
      { numRuns: 5 },
    );
  });

  it('goes on after a cut, and one that is begun anew has no object read again', async () => {
    const { store, root, fetch } = await scene();
    const run = inlineJobs(store);
    await fetch(0.7);
    const half = await run(prepareTree, { repository, root, selection: everything, after: null });
    expect(await run(prepareTree, { repository, root, selection: everything, after: half })).toBe(half);
    await run(prepareTree, { repository, root, selection: everything, after: null });
    await fetch(1);
    await run(applyTree, { ...input(root, ''), prepared: null });
    expect(await readTree(store.layout.tree(repository))).toEqual(literal);
    for (const entry of readEntries(root, store.pages.read)) {
      if (entry.type !== 'file') continue;
      const { handle } = await store.objects.open(entry.object, ({ name }) => {
        throw new Error(`${name} of ${entry.path}, although nothing was altered`);
      });
      await handle.close();
    }
  });

  it('tells of an object that is held and gone, before all is called complete', async () => {
    const { store, root, fetch } = await scene();
    await fetch(1);
    const [lost] = [...readEntries(root, store.pages.read)].flatMap((entry) =>
      entry.type === 'file' ? [entry.object] : [],
    );
    rmSync(store.layout.objectFile(lost ?? expect.fail()));
    const log = { debug: () => undefined };
    const depot = { run: inlineJobs(store), board: { prepared: new Map() }, log } as unknown as SyncDepot;
    const plan = { repository, root, selection: everything, tree: null } as unknown as PlanInput;
    const preparation = Preparation.of(depot, plan, 5_000, AbortSignal.timeout(60_000)) ?? expect.fail();
    preparation.came();
    await expect(preparation.end()).rejects.toMatchObject({ code: 'object-missing' });
    expect(store.objects.has(lost ?? expect.fail())).toBe(false);
  });

  it('takes the place of nothing: where files stand there, it is applied as any other', async () => {
    const { store, root, fetch } = await scene();
    const run = inlineJobs(store);
    await fetch(1);
    const after = await run(prepareTree, { repository, root, selection: everything, after: null });
    mkdirSync(store.layout.tree(repository), { recursive: true });
    writeFileSync(join(store.layout.tree(repository), 'foreign'), 'x');
    await run(applyTree, { ...input(root, after ?? ''), holdAbove: { files: 0, percent: null } });
    expect(await readTree(store.layout.tree(repository))).toEqual({ ...literal, foreign: 'x' });
    expect(store.holds.list(repository)).toMatchObject([{ files: 1 }]);
  });

  it.each(['before', 'after'])('is finished after a crash %s the folder came into its place', async (when) => {
    const { store, root, fetch } = await scene();
    const run = inlineJobs(store);
    await fetch(1);
    await run(prepareTree, { repository, root, selection: everything, after: null });
    store.trees.beginSwitch(repository, { generation: 1, root, selection: everything });
    const inode = lstatSync(join(preparedFolder(store, repository), 'bin')).ino;
    if (when === 'after') renameSync(preparedFolder(store, repository), store.layout.tree(repository));
    expect(await run(finishSwitches, undefined)).toEqual([repository]);
    expect(await readTree(store.layout.tree(repository))).toEqual(literal);
    expect(lstatSync(join(store.layout.tree(repository), 'bin')).ino === inode).toBe(when === 'after');
    expect(store.trees.get(repository)).toMatchObject({ generation: 1, files: 1_302 });
  });
});
