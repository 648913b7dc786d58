import fc from 'fast-check';
import { expect, test } from 'vitest';
import { treeOf } from '../../src/cli/tree-order.js';
import { stateOf } from '../../src/model/report-state.js';
import type { ReportRepository, ReportRow } from '../../src/model/report-row.js';

const now = Date.UTC(2026, 10, 21, 12);

function row(depot: string, parent: string | null, repositories: readonly ReportRepository[] = []): ReportRow {
  return {
    depot,
    site: `enterprise/${depot}`,
    parent,
    version: '0.1.0',
    at: new Date(now).toISOString(),
    repositories,
  };
}

const tools: ReportRepository = {
  name: 'tools',
  role: 'child',
  generation: 7,
  newest: 7,
  unitsComplete: 1,
  units: 1,
  bytesLeft: 0,
  held: 0,
  lagSeconds: 0,
  error: null,
};

const known = new Map([['tools', 7]]);

function drawn(rows: readonly ReportRow[], only?: ReadonlySet<string>): string[] {
  return [...treeOf(rows, only)].map(({ lead, row: { depot } }) => lead + depot);
}

test('every depot stands below its parent, siblings by name', () => {
  const rows = [row('top', null), row('b', 'top'), row('a', 'top'), row('b2', 'b'), row('b1', 'b'), row('a1', 'a')];
  expect(drawn(rows)).toEqual(['top', '├─ a', '│  └─ a1', '└─ b', '   ├─ b1', '   └─ b2']);
});

test('a depot whose parent is not heard of stands below the top', () => {
  expect(drawn([row('top', null), row('lost', 'http://127.0.0.1:1')])).toEqual(['top', '└─ lost']);
});

test('with a choice, only those and the depots above them', () => {
  const rows = [row('top', null), row('a', 'top'), row('a1', 'a'), row('a2', 'a'), row('b', 'top')];
  expect(drawn(rows, new Set(['a2']))).toEqual(['top', '└─ a', '   └─ a2']);
  expect(drawn(rows, new Set())).toEqual([]);
});

test('draws every depot once, whatever parents the rows claim', () => {
  const names = ['top', 'a', 'b', 'c', 'd', 'e'];
  const parents = fc.array(fc.constantFrom(...names, 'elsewhere', null), { minLength: 5, maxLength: 5 });
  fc.assert(
    fc.property(parents, (claimed) => {
      const rows = [row('top', null), ...claimed.map((parent, at) => row(names[at + 1] ?? '', parent))];
      const placed = [...treeOf(rows)].map((branch) => branch.row.depot);
      expect(placed.toSorted()).toEqual(names.toSorted());
    }),
  );
});

test.each<[string, Partial<ReportRepository>, string]>([
  ['current where nothing newer is known', {}, 'current'],
  ['late where a newer generation is known', { newest: 8 }, 'late'],
  ['late where the depot that was asked knows a newer one', { generation: 6, newest: 6 }, 'late'],
  ['late where nothing is there yet', { generation: null }, 'late'],
  ['late where something is held', { held: 3 }, 'late'],
  ['late where an error is reported', { error: 'disk full' }, 'late'],
])('a depot is %s', (_name, change, state) => {
  expect(stateOf(row('a', 'top', [{ ...tools, ...change }]), known, now)).toBe(state);
});

test('a depot that was not heard of for a day is silent, whatever it said then', () => {
  const old = { ...row('a', 'top', [tools]), at: new Date(now - 25 * 3_600_000).toISOString() };
  expect(stateOf(old, known, now)).toBe('silent');
});
