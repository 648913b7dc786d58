import { Compressor, compress, decompress } from 'zstd-napi';
import { describe, expect, it } from 'vitest';
import { metadataName } from '../../src/model/metadata.js';
import { everything } from '../../src/model/selection.js';
import { sha256 } from '../../src/model/sha256.js';
import type { CycleResult } from '../../src/model/cycle-status.js';
import { runCycle } from '../../src/sync/cycle.js';
import type { Tree } from '../harness/tree.js';
import { repository } from '../sync/fixture.js';
import { asOf, attacks, only, stating, withoutDifferences, type Scene } from './attacks.js';
import { middleDepot, newChild, newOrigin, site, type ChildDepot, type HonestAnswer } from './fixture.js';
import { sized } from './manipulations.js';

const dayMs = 24 * 3600 * 1000;
const before: Tree = { small: 'small 1', large: '1'.repeat(40_000), gone: 'gone' };
const after: Tree = { small: 'small 2', large: '2'.repeat(40_000), fresh: 'fresh' };

async function scene(): Promise<Scene & { readonly middle: Awaited<ReturnType<typeof middleDepot>> }> {
  const [origin, stranger] = [await newOrigin(), await newOrigin()];
  await origin.publish({ first: 'first' });
  const names = [metadataName('timestamp'), metadataName('snapshot', 1), metadataName('targets', 1)];
  const old = new Map(names.map((name) => [name, origin.store.signed.read(repository, name) ?? Buffer.alloc(0)]));
  await origin.publish(before);
  await stranger.publish({ other: 'other' });
  for (const literal of [{}, { other: 'less' }, {}]) await stranger.publish(literal);
  const middle = await middleDepot(origin);
  return { origin, stranger, middle, old };
}

function said({ error }: CycleResult): string {
  return `${error?.message} ${error?.hint}`;
}

/** What a child has of `before` is all there, and what its children are told of is that. */
async function keepsWhatItHas(child: ChildDepot): Promise<void> {
  expect(await child.tree()).toEqual(before);
  expect(child.store.heads.newestComplete(repository, [everything])?.head.generation).toBe(2);
  expect(child.store.staging.bytes()).toBeLessThanOrEqual(40_000);
}

describe('a parent with altered code that sends', () => {
  it.each(Object.entries(attacks))(
    '%s: its child keeps what it has, says why, and takes it elsewhere',
    async (_, attack) => {
      const { middle, ...set } = await scene();
      const [alone, rescued] = [await newChild(set.origin, [middle]), await newChild(set.origin, [middle, set.origin])];
      for (const child of [alone, rescued]) expect((await child.cycle()).error).toBeNull();
      await set.origin.publish(after);
      middle.alter = attack.alter(set);
      const result = await alone.cycle();
      expect(said(result).replaceAll(middle.url, 'PARENT')).toContain(attack.says);
      expect(result.error?.code).toBe(attack.code);
      await keepsWhatItHas(alone);
      expect(await rescued.cycle()).toMatchObject({ outcome: 'applied', error: null });
      expect(await rescued.tree()).toEqual(after);
      middle.alter = undefined;
      expect((await alone.cycle()).error).toBeNull();
      expect(await alone.tree()).toEqual(after);
    },
  );
});

describe('a depot', () => {
  it('does not follow a repository that only its parent knows', async () => {
    const { origin, middle } = await scene();
    const child = await newChild(origin, [middle]);
    await child.cycle();
    middle.alter = (path, answer) => {
      if (!path.includes('/invented/')) return answer;
      const nothing = { repository: 'invented', head: null, complete: null, metadata: { root: 1, timestamp: 1 } };
      const body = Buffer.from(JSON.stringify({ ...nothing, company: null, directory: sha256(''), depot: 'origin' }));
      return sized({ ...answer, status: 200 }, body);
    };
    const result = await runCycle(child.depot, 'invented', AbortSignal.timeout(10_000));
    expect(result.error?.code).toBe('not-allowed');
    expect(said(result)).toContain(`invented is not in the company's directory for ${site}: refused`);
    expect(child.depot.known.list().map(({ name }) => name)).toEqual([repository]);
  });

  it('that is new believes no other first root than the directory names', async () => {
    const { origin, stranger, middle } = await scene();
    middle.alter = asOf(stranger);
    const [alone, rescued] = [await newChild(origin, [middle]), await newChild(origin, [middle, origin])];
    const result = await alone.cycle();
    expect(result.error?.code).toBe('head-refused');
    expect(said(result)).toContain("has another root of tools than the company's directory: refused");
    expect(await alone.tree()).toEqual({});
    expect(alone.store.signed.held(repository)).toBeUndefined();
    expect(await rescued.cycle()).toMatchObject({ outcome: 'applied', error: null });
  });

  it('that has not joined does not trust a first root that leads to nothing', async () => {
    const { origin, middle } = await scene();
    const child = await newChild(origin, [middle], { hasJoined: false });
    middle.alter = only('root', (answer) => sized(answer, Buffer.from('{}')));
    expect((await child.cycle()).error?.code).toBe('head-refused');
    middle.alter = undefined;
    expect((await child.cycle()).error).toBeNull();
    expect(await child.tree()).toEqual(before);
  });

  it('does not follow a head beyond the context that the directory allows', async () => {
    const { origin, middle } = await scene();
    const child = await newChild(origin, [middle]);
    await child.cycle();
    const root = sha256(origin.store.signed.read(repository, metadataName('root', 1)) ?? '');
    await origin.publish(after);
    await origin.directory.enrol({ name: 'tools', kind: 'mirror', master: 'origin', context: site, root });
    const result = await child.cycle();
    expect(result.error?.code).toBe('head-refused');
    expect(said(result)).toContain(`claims the context enterprise, the company's directory says ${site}`);
    await keepsWhatItHas(child);
  });

  it('finds out by the time who withholds newer heads, serves on, and takes them elsewhere', async () => {
    const { origin, middle } = await scene();
    const [alone, rescued] = [await newChild(origin, [middle]), await newChild(origin, [middle, origin])];
    for (const child of [alone, rescued]) await child.cycle();
    const frozen = new Map<string, HonestAnswer>();
    middle.alter = only('state', (answer, path) => {
      const kept = frozen.get(path) ?? answer;
      frozen.set(path, kept);
      return kept;
    });
    for (const child of [alone, rescued]) expect((await child.cycle()).error).toBeNull();
    for (const { clock } of [origin, alone, rescued]) clock.ahead = 31 * dayMs;
    await origin.publish(after);
    await origin.directory.freshen();
    const result = await alone.cycle();
    expect(result.error?.code).toBe('head-expired');
    expect(said(result)).toMatch(/timestamp metadata of .* expired .* ago, .* somebody withholds what is newer/);
    await keepsWhatItHas(alone);
    expect(await rescued.cycle()).toMatchObject({ outcome: 'applied', error: null });
    expect(await rescued.tree()).toEqual(after);
  });

  it('finds out by the time who withholds a revocation, takes content all the same, and the revocation elsewhere', async () => {
    const { origin, middle } = await scene();
    const [alone, rescued] = [await newChild(origin, [middle]), await newChild(origin, [middle, origin])];
    for (const child of [alone, rescued]) await child.cycle();
    const { signed } = origin.store;
    const company = alone.store.signed.versions('.directory');
    middle.alter = only('state', (answer) => stating(answer, () => ({ company })));
    await origin.directory.revoke([{ serial: 'abc', until: '2099-01-01T00:00:00Z' }]);
    for (const { clock } of [origin, alone, rescued]) clock.ahead = 31 * dayMs;
    await origin.publish(after);
    await origin.directory.freshen();
    expect(signed.versions('.directory')?.timestamp).toBeGreaterThan(company?.timestamp ?? 0);
    const result = await alone.cycle();
    expect(result.error?.code).toBe('head-expired');
    expect(said(result)).toMatch(
      /of the company's directory expired .* ago, .*; what was revoked since is not known here/,
    );
    expect(await alone.tree()).toEqual(after);
    expect((await rescued.cycle()).error).toBeNull();
    expect(rescued.store.company.get(site)?.isRevoked('abc')).toBe(true);
    expect(await rescued.tree()).toEqual(after);
  });

  it('takes the pages where a difference is a compression bomb', async () => {
    const { origin, middle } = await scene();
    const child = await newChild(origin, [middle]);
    await child.cycle();
    await origin.publish(after);
    middle.alter = only('difference', (answer) => sized(answer, compress(Buffer.alloc(256 * 1024 * 1024))));
    expect((await child.cycle()).error).toBeNull();
    expect(await child.tree()).toEqual(after);
  });

  it('keeps a page in a form in which those below it can read it, whatever form it came in', async () => {
    const { origin, middle } = await scene();
    const child = await newChild(origin, [middle]);
    middle.alter = withoutDifferences(only('page', (answer) => sized(answer, withoutLength(decompress(answer.body)))));
    expect((await child.cycle()).error).toBeNull();
    const root = child.store.heads.newest(repository)?.head.root.sha256;
    expect(root === undefined ? undefined : child.store.pages.inspect(root)).toContain('large');
  });
});

/** A frame that does not say how long its content is. */
function withoutLength(text: Buffer): Buffer {
  const compressor = new Compressor();
  compressor.setParameters({ contentSizeFlag: false });
  return compressor.compress(text);
}
