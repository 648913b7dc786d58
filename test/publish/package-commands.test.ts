import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DepotError } from '../../src/model/errors.js';
import { formatPackage, parsePackage, type PackageRecord } from '../../src/model/package.js';
import { heldRevisions, shownRevisions, stateOf, type RevisionState } from '../../src/model/revisions.js';
import { sha256 } from '../../src/model/sha256.js';
import { create, distribute, edit, prepare, remove, revoke } from '../../src/publish/package-commands.js';
import { cancelRelease, expire, release, retire } from '../../src/publish/package-releases.js';

const context = 'enterprise';
const place = { depot: 'munich', site: 'enterprise/germany/munich' };
const pilot = { name: 'pilot', sites: [], depots: ['munich'] };
const day = 86_400_000;
const iso = (ms: number): string => new Date(ms).toISOString();

/** What several administrators ask, in any order, each seeing what the others have done meanwhile. */
type Command =
  | { readonly kind: 'prepare'; readonly content: number }
  | { readonly kind: 'distribute'; readonly to: string | null; readonly except: string | null }
  | { readonly kind: 'release'; readonly revision: number | null; readonly isPilot: boolean; readonly inMs: number }
  | { readonly kind: 'retire'; readonly revision: number | null }
  | { readonly kind: 'revoke' | 'cancel' | 'delete' | 'create' | 'expire' | 'edit' };

const number = fc.option(fc.integer({ min: 1, max: 5 }));
const site = fc.constantFrom('enterprise', 'enterprise/germany', 'enterprise/germany/munich', 'france');
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('prepare' as const), content: fc.nat(6) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('distribute' as const), to: fc.option(site), except: fc.option(site) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('release' as const),
      revision: number,
      isPilot: fc.boolean(),
      inMs: fc.constantFrom(0, 0, day),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('retire' as const), revision: number }) },
  fc.record({ kind: fc.constantFrom('revoke', 'cancel', 'delete', 'create', 'expire', 'edit') }),
);

const facts = { type: 'app', title: 'VLC', vendor: null, version: null };
const terms = { compress: true, delta: true, keep: { releases: 2, days: 1 } };

function frozen(content: number) {
  const manifest = { sha256: sha256(`content ${content}`), length: 10 };
  return { files: 1, bytes: content, manifest, note: null, version: null };
}

function run(record: PackageRecord, by: Command, nowMs: number, generation: number): PackageRecord {
  const at = iso(nowMs);
  switch (by.kind) {
    case 'create':
      return create('vlc', record, facts, terms);
    case 'edit':
      return edit(record, { title: `VLC at ${nowMs}` }, {});
    case 'prepare':
      return prepare(record, frozen(by.content), at, 'apps');
    case 'distribute': {
      const targets = by.to === null ? null : { to: [by.to], except: by.except === null ? [] : [by.except] };
      return distribute(record, targets, context, generation);
    }
    case 'release': {
      const ring = by.isPilot ? pilot : null;
      const order = { revision: by.revision, ring, at: by.inMs === 0 ? null : iso(nowMs + by.inMs) };
      return release(record, { ...order, commandedAt: at, generation });
    }
    case 'cancel':
      return cancelRelease(record, nowMs);
    case 'revoke':
      return revoke(record, at, nowMs);
    case 'retire':
      return retire(record, by.revision, at, nowMs);
    case 'delete':
      return remove(record, at, nowMs);
    case 'expire':
      return expire(record, nowMs);
  }
}

/** The table of src/publish/README.md: where a revision can go from each state. */
const next: Readonly<Record<RevisionState, readonly RevisionState[]>> = {
  prepared: ['distributed', 'revoked', 'retired'],
  distributed: ['released', 'revoked', 'retired'],
  released: ['superseded', 'distributed', 'retired'],
  superseded: ['released', 'retired'],
  revoked: [],
  retired: [],
};

test('whatever several administrators command, no revision changes, no number comes twice, and each refusal names its rule', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(command, fc.nat(2 * day)), { maxLength: 40 }), (commands) => {
      let record = create('vlc', undefined, facts, terms);
      let nowMs = Date.parse('2026-01-01T00:00:00Z');
      let generation = 1;
      for (const [by, waitMs] of commands) {
        nowMs += waitMs;
        generation += 1;
        const before = record;
        try {
          record = run(before, by, nowMs, generation);
        } catch (error) {
          expect(error).toBeInstanceOf(DepotError);
          expect(error).toMatchObject({
            code: 'package-refused',
            message: expect.stringMatching(/\(rule: [a-z-]+\)$/),
          });
          expect(record).toBe(before);
          continue;
        }
        expect(parsePackage('vlc', formatPackage(record))).toEqual(record);
        expectLawful(before, record, nowMs);
      }
    }),
    { numRuns: 400 },
  );
});

function expectLawful(before: PackageRecord, after: PackageRecord, nowMs: number): void {
  const numbers = after.revisions.map(({ revision }) => revision);
  expect(numbers).toEqual(numbers.map((_, at) => at + 1));
  for (const old of before.revisions) {
    const now = after.revisions[old.revision - 1];
    if (now === undefined) throw new Error(`revision ${old.revision} is gone`);
    const { manifest, files, bytes, preparedAt } = old;
    expect(now).toMatchObject({ manifest, files, bytes, preparedAt });
    const [from, to] = [stateOf(before, old, nowMs), stateOf(after, now, nowMs)];
    if (from !== to) expect(next[from], `${from} to ${to}`).toContain(to);
  }
  const held = new Set(heldRevisions(after).map(({ revision }) => revision));
  for (const { revision } of after.releases) expect(held).toContain(revision);
  const [shown] = shownRevisions(after, place, nowMs, () => true);
  if (shown !== undefined) expect(stateOf(after, shown.revision, nowMs)).toBe('released');
}

function commanded(...commands: Command[]): PackageRecord {
  let nowMs = Date.parse('2026-01-01T00:00:00Z');
  return commands.reduce(
    (record, by, at) => run(record, by, (nowMs += 1000), at + 2),
    create('vlc', undefined, facts, terms),
  );
}

const toAll: Command = { kind: 'distribute', to: 'enterprise', except: null };
const asBefore: Command = { kind: 'distribute', to: null, except: null };
const releaseOf = (revision: number | null, isPilot = false): Command => ({
  kind: 'release',
  revision,
  isPilot,
  inMs: 0,
});

test('a second revision needs the first to be distributed, and the refusal names the command', () => {
  const act = (): PackageRecord => commanded({ kind: 'prepare', content: 1 }, { kind: 'prepare', content: 2 });
  expect(act).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('depot package distribute apps/vlc') as string }),
  );
});

test('the same work copy makes no second revision', () => {
  const act = (): PackageRecord => commanded({ kind: 'prepare', content: 1 }, { kind: 'prepare', content: 1 });
  expect(act).toThrow('the work copy of vlc is what revision 1 is (rule: unchanged)');
});

test('a ring sees its release before the others, and the older one after a way back in it', () => {
  const begun: Command[] = [
    ...[{ kind: 'prepare', content: 1 } as const, toAll, releaseOf(null)],
    ...[{ kind: 'prepare', content: 2 } as const, asBefore, releaseOf(null, true)],
  ];
  const record = commanded(...begun);
  const seenBy = (of: PackageRecord, depot: string): number | undefined =>
    shownRevisions(of, { ...place, depot }, Date.parse('2026-02-01T00:00:00Z'), () => true)[0]?.revision.revision;
  expect([seenBy(record, 'munich'), seenBy(record, 'stuttgart')]).toEqual([2, 1]);
  const back = commanded(...begun, releaseOf(1, true));
  expect([seenBy(back, 'munich'), seenBy(back, 'stuttgart')]).toEqual([1, 1]);
  const wide = commanded(...begun, releaseOf(2));
  expect([seenBy(wide, 'munich'), seenBy(wide, 'stuttgart')]).toEqual([2, 2]);
});

test('a depot where a release is not whole yet shows the one before', () => {
  const record = commanded(
    ...[{ kind: 'prepare', content: 1 } as const, toAll, releaseOf(null)],
    ...[{ kind: 'prepare', content: 2 } as const, asBefore, releaseOf(null)],
  );
  const now = Date.parse('2026-02-01T00:00:00Z');
  const shown = shownRevisions(record, place, now, ({ revision }) => revision === 1);
  expect(shown.map(({ revision }) => revision.revision)).toEqual([1]);
});

test('keeps the last two releases, and older ones until their days are over', () => {
  const record = commanded(
    ...[{ kind: 'prepare', content: 1 } as const, toAll, releaseOf(null)],
    ...[{ kind: 'prepare', content: 2 } as const, asBefore, releaseOf(null)],
    ...[{ kind: 'prepare', content: 3 } as const, asBefore, releaseOf(null)],
  );
  const since = Date.parse('2026-01-01T00:00:00Z');
  const left = (ms: number): number[] => heldRevisions(expire(record, since + ms)).map(({ revision }) => revision);
  expect(left(day / 2)).toEqual([1, 2, 3]);
  expect(left(2 * day)).toEqual([2, 3]);
  expect(left(100 * day)).toEqual([2, 3]);
});
