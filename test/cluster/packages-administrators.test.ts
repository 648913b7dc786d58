import { setTimeout as delay } from 'node:timers/promises';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { DepotError } from '../../src/model/errors.js';
import type { PackageStatus, RevisionStatus } from '../../src/model/package-status.js';
import type { PackagesApi } from '../../src/serve/packages-api.js';
import { afterTheLast } from '../harness/temporary.js';
import type { Depot } from '../harness/depot.js';
import { control } from './chain.js';
import { startPackages } from './package-desk.js';

const whenDone = afterTheLast();
let origin: Depot;
let region: Depot;
let work: string;
let rules: ReadonlySet<string>;

beforeAll(async () => {
  const rings = [{ name: 'pilot', sites: ['enterprise/germany'] }];
  const settings = { apps: { rings }, region: { poll: { every: '1s' } } };
  ({ origin, region, work } = await startPackages(whenDone, settings));
  const text = await readFile(new URL('../../src/publish/README.md', import.meta.url), 'utf8');
  rules = new Set(
    [...text.slice(text.indexOf('| rule ')).matchAll(/^\| `([a-z-]+)` +\|/gm)].map(([, rule = '']) => rule),
  );
});

type Command =
  | { readonly kind: 'create' | 'cancel' | 'revoke' | 'delete' }
  | { readonly kind: 'write' | 'prepare'; readonly content: number }
  | { readonly kind: 'distribute'; readonly to: string | null }
  | {
      readonly kind: 'release';
      readonly revision: number | null;
      readonly ring: string | null;
      readonly later: boolean;
    }
  | { readonly kind: 'retire'; readonly revision: number | null };

const some = fc.option(fc.integer({ min: 1, max: 5 }), { nil: null });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ kind: 'create' } as const) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('write' as const), content: fc.nat(9) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('prepare' as const), content: fc.nat(9) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('distribute' as const),
      to: fc.constantFrom(null, null, 'enterprise', 'enterprise/germany', 'elsewhere'),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('release' as const),
      revision: some,
      ring: fc.constantFrom(null, null, null, 'pilot', 'none'),
      later: fc.constantFrom(false, false, true),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('retire' as const), revision: some }) },
  { weight: 3, arbitrary: fc.constantFrom({ kind: 'cancel' } as const, { kind: 'revoke' } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'delete' } as const) },
);

const beginning: readonly Command[] = [
  { kind: 'create' },
  { kind: 'write', content: 0 },
  { kind: 'prepare', content: 1 },
  { kind: 'distribute', to: 'enterprise' },
  { kind: 'release', revision: null, ring: null, later: false },
];

const quietly = { signal: new AbortController().signal, onEvent: async () => undefined };

/** What is known of a package from all that anybody was told: it must never turn out otherwise. */
class Witness {
  /** By package and number, the hash of the manifest. */
  private readonly manifests = new Map<string, string>();
  private readonly made = new Set<string>();
  private readonly read = new Map<string, string>();

  told({ name, revisions }: PackageStatus): void {
    for (const [at, { revision, manifest }] of revisions.entries()) {
      expect(revision).toBe(at + 1);
      this.never(this.manifests, `${name}/${revision}`, manifest);
    }
  }

  prepared(name: string, { revision, manifest }: RevisionStatus): void {
    const unit = `${name}/${revision}`;
    expect(this.made, `the number of ${unit} was given twice`).not.toContain(unit);
    this.made.add(unit);
    this.never(this.manifests, unit, manifest);
  }

  /** What a client of a depot finds in a revision. */
  async look(depot: Depot): Promise<void> {
    for (const name of await names(depot.tree('apps'))) {
      for (const number of await names(join(depot.tree('apps'), name))) {
        if (!/^\d+$/.test(number)) continue;
        const content = await contentOf(join(depot.tree('apps'), name, number));
        if (content !== undefined) this.never(this.read, `${name}/${number}`, content);
      }
    }
  }

  get seen(): number {
    return this.read.size;
  }

  private never(known: Map<string, string>, unit: string, now: string): void {
    expect(now, `${unit} is not what it was`).toBe(known.get(unit) ?? now);
    known.set(unit, now);
  }
}

async function names(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

/** Undefined where it is taken away meanwhile. */
async function contentOf(folder: string): Promise<string | undefined> {
  try {
    const files = (await readdir(folder)).sort();
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    return createHash('sha256')
      .update(JSON.stringify([files, texts]))
      .digest('hex');
  } catch {
    return undefined;
  }
}

/** @returns what the package is then; undefined where the command has no such answer */
async function carryOut(packages: PackagesApi, name: string, order: Command, witness: Witness): Promise<void> {
  const of = { repository: 'apps', name };
  const facts = { type: 'app', title: null, vendor: null, version: null, keep: null };
  switch (order.kind) {
    case 'create':
      return witness.told((await packages.create(of, facts)).package);
    case 'write':
      await mkdir(join(work, name), { recursive: true });
      await writeFile(join(work, name, `file-${order.content % 3}`), `content ${order.content}\n`.repeat(2000));
      return;
    case 'prepare': {
      const how = { note: null, version: String(order.content), dryRun: order.content === 0 };
      const result = await packages.prepare(of, { ...quietly, ...how });
      const made = result.package.revisions.find(({ revision }) => revision === result.revision);
      if (made !== undefined) witness.prepared(name, made);
      return witness.told(result.package);
    }
    case 'distribute':
      return witness.told((await packages.distribute(of, order.to === null ? [] : [order.to], [])).package);
    case 'release': {
      const at = order.later ? new Date(Date.now() + 300).toISOString() : null;
      return witness.told((await packages.release(of, { revision: order.revision, ring: order.ring, at })).package);
    }
    case 'cancel':
      return witness.told((await packages.cancelRelease(of)).package);
    case 'revoke':
      return witness.told((await packages.revoke(of)).package);
    case 'retire':
      return witness.told((await packages.retire(of, order.revision)).package);
    case 'delete':
      return witness.told((await packages.remove(of)).package);
  }
}

it('never alters a revision, gives no number twice, and names the rule of each refusal, whoever commands what at once', async () => {
  const administrator = fc.array(fc.tuple(fc.constantFrom('a', 'b'), command), { minLength: 5, maxLength: 14 });
  const refused = new Map<string, number>();
  let [run, done, seen] = [0, 0, 0];
  await fc.assert(
    fc.asyncProperty(fc.array(administrator, { minLength: 2, maxLength: 4 }), async (administrators) => {
      run += 1;
      const witness = new Witness();
      const ended = new AbortController();
      const clients = [origin, region].map(async (depot) => {
        while (!ended.signal.aborted) {
          await witness.look(depot);
          await delay(20);
        }
      });
      const full = (name: string): string => `run${run}-${name}`;
      for (const order of beginning) await carryOut(control(origin).packages, full('a'), order, witness);
      await Promise.all(
        administrators.map(async (orders) => {
          const { packages } = control(origin);
          for (const [name, order] of orders) {
            try {
              await carryOut(packages, full(name), order, witness);
              done += 1;
            } catch (error) {
              if (!(error instanceof DepotError)) throw error;
              if (error.code === 'work-refused') continue;
              expect(error).toMatchObject({ code: 'package-refused', rule: expect.any(String) });
              expect(rules).toContain(error.rule);
              expect(error.message).toContain(`(rule: ${error.rule})`);
              refused.set(error.rule ?? '', (refused.get(error.rule ?? '') ?? 0) + 1);
            }
          }
        }),
      );
      for (const status of await control(origin).packages.list('apps')) witness.told(status);
      ended.abort();
      await Promise.all(clients);
      seen += witness.seen;
    }),
    { numRuns: 12, endOnFailure: true },
  );
  // It was worth looking.
  expect(done).toBeGreaterThan(50);
  expect(seen).toBeGreaterThan(15);
  expect(refused.size).toBeGreaterThan(6);
  expect(await origin.json('verify')).toMatchObject({ damaged: { count: 0 }, missing: { count: 0 } });
});
