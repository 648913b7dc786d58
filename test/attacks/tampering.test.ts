import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundaryLevel } from '../../src/manifest/boundary.js';
import { readEntries } from '../../src/manifest/read.js';
import { asDepotError, type DepotError, type ErrorCode } from '../../src/model/errors.js';
import { everything } from '../../src/model/selection.js';
import { sha256 } from '../../src/model/sha256.js';
import { hashFile } from '../../src/store/hash-file.js';
import { discover } from '../../src/sync/directory.js';
import type { Tree } from '../harness/tree.js';
import { repository } from '../sync/fixture.js';
import { middleDepot, newChild, newOrigin, site, type ChildDepot, type Origin } from './fixture.js';
import { anyManipulation, delayed, manipulate } from './manipulations.js';
import { Wire, type MessageKind } from './wire.js';

/** What a failure that a parent brings about may be called. */
const named: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'parent-unreachable',
  'parent-answer',
  'parent-busy',
  'transfer-cut',
  'not-found',
  'not-allowed',
  'head-refused',
  'manifest-damaged',
  'object-damaged',
  'object-missing',
  'path-refused',
]);

/** Each of them ends a page of a manifest, so that a few files make several pages. */
const pageEnds = Array.from({ length: 2_000 }, (_, n) => `page-${n}`).filter((path) => boundaryLevel(path) >= 0);

/** Small and large files that change, come and go. */
function contentOf(generation: number): Tree {
  const ends = pageEnds.slice(generation % 4, 6 + (generation % 4));
  return {
    ...Object.fromEntries(ends.map((path) => [path, `${path} ${generation >> 1}`])),
    small: `small ${generation}`,
    large: `large ${generation} `.padEnd(11, '.').repeat(3_000),
    constant: 'constant',
    [`file-${generation}`]: 'comes and goes',
  };
}

async function world(): Promise<{ origin: Origin; wire: Wire; middle: { readonly url: string } }> {
  const origin = await newOrigin();
  await origin.publish(contentOf(1));
  const middle = await middleDepot(origin);
  return { origin, middle, wire: new Wire(middle) };
}

/** Upper-case digits of a signature, and space at the end, change nothing that is signed: the envelope itself is not. */
function asSaid(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString()
    .replaceAll(/"sig": "[0-9A-Fa-f]+"/g, (signature) => signature.toLowerCase())
    .replace(/\s*$/, '\n');
}

/** What the child has and serves was said by the origin, and is whole. @returns its newest complete generation */
function requireGood({ store }: ChildDepot, origin: Origin, wire: Wire): number {
  const signed: Record<string, Uint8Array> = { ...store.signed.held(repository) };
  for (const [role, bytes] of Object.entries(signed)) expect([...wire.said], role).toContain(sha256(asSaid(bytes)));
  const complete = store.heads.newestComplete(repository, [everything]);
  if (complete === undefined) return 0;
  expect(complete.sha256).toBe(origin.store.heads.get(repository, complete.head.generation)?.sha256);
  for (const entry of readEntries(complete.head.root, store.pages.read)) {
    if (entry.type === 'file') expect(hashFile(store.layout.objectFile(entry.object)).sha256).toBe(entry.object);
  }
  return complete.head.generation;
}

function requireNamed(error: Pick<DepotError, 'code' | 'message'> | null): void {
  if (error !== null) expect([...named], error.message).toContain(error.code);
}

const usual: MessageKind[] = [
  'state',
  'timestamp',
  'snapshot',
  'targets',
  'directory metadata',
  'directory document',
  'difference',
  'page',
  'many pages',
  'object',
  'bundle',
  'answer to a report',
];

describe('a parent that tampers with a newer generation and a revocation', () => {
  it.each(usual)('in each %s, is told of, hides nothing for longer than that, and harms nothing', async (kind) => {
    const { origin, middle, wire } = await world();
    const child = await newChild(origin, [middle]);
    await child.cycle();
    let generation = 1;

    async function attack(alter: Parameters<Wire['tamper']>[1]): Promise<void> {
      generation += 1;
      const [before, after] = [contentOf(generation - 1), contentOf(generation)];
      await origin.publish(after);
      const serial = generation.toString(16);
      await origin.directory.revoke([{ serial, until: '2099-01-01T00:00:00Z' }]);
      wire.tamper(kind, alter);
      requireNamed((await child.cycle()).error);
      expect([before, after]).toContainEqual(await child.tree());
      expect(requireGood(child, origin, wire)).toBeGreaterThanOrEqual(generation - 1);
      wire.behave();
      await child.cycle();
      expect((await child.cycle()).error).toBeNull();
      expect(await child.tree()).toEqual(after);
      expect(requireGood(child, origin, wire)).toBe(generation);
      expect(child.store.company.get(site)?.isRevoked(serial)).toBe(true);
    }

    const property = fc.asyncProperty(anyManipulation, (chosen) =>
      attack((answer, memory) => manipulate(answer, memory, chosen)),
    );
    // One generation follows the other, so a failure cannot be made smaller.
    await fc.assert(property, { numRuns: 6, endOnFailure: true });
    await attack((answer) => delayed(answer, 20));
    expect(wire.altered).toBeGreaterThan(0);
  });
});

describe('a parent that tampers with the first that it ever says', () => {
  it.each<MessageKind>([...usual, 'root', 'list of repositories'])(
    'in each %s, harms nothing, and is believed nothing afterwards',
    async (kind) => {
      const { origin, middle, wire } = await world();
      const property = fc.asyncProperty(anyManipulation, async (chosen) => {
        const child = await newChild(origin, [middle]);
        wire.tamper(kind, (answer, memory) => manipulate(answer, memory, chosen));
        const discovery = discover(child.depot, AbortSignal.timeout(10_000));
        await discovery.catch((thrown: unknown) => requireNamed(asDepotError(thrown, 'discover')));
        requireNamed((await child.cycle()).error);
        expect([{}, contentOf(1)]).toContainEqual(await child.tree());
        requireGood(child, origin, wire);
        wire.behave();
        await child.cycle();
        expect((await child.cycle()).error).toBeNull();
        expect(await child.tree()).toEqual(contentOf(1));
        expect(requireGood(child, origin, wire)).toBe(1);
      });
      await fc.assert(property, { numRuns: 3, endOnFailure: true });
    },
  );
});
