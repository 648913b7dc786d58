import { performance } from 'node:perf_hooks';
import picocolors from 'picocolors';
import { expect, test } from 'vitest';
import { treeView } from '../../src/cli/tree-view.js';
import type { ReportRow } from '../../src/model/report-row.js';
import { tallyOf } from '../../src/model/report-state.js';
import type { DepotStatus } from '../../src/model/status.js';

const now = '2026-11-21T12:00:00.000Z';
const colours = picocolors.createColors(false);

function row(depot: string, parent: string, repositories: number, behind = 0): ReportRow {
  return {
    depot,
    site: 'enterprise',
    parent,
    version: '0.1.0',
    at: now,
    repositories: Array.from({ length: repositories }, (_, at) => ({
      name: `repository-${String(at).padStart(2, '0')}`,
      role: 'child' as const,
      generation: 100 - behind,
      newest: 100,
      unitsComplete: 1,
      units: 1,
      bytesLeft: 0,
      held: 0,
      lagSeconds: behind * 3600,
      error: null,
    })),
  };
}

function status(below: readonly ReportRow[]): DepotStatus {
  const empty = {
    parents: [],
    line: null,
    given: null,
    repositories: [],
    directory: null,
    certificate: null,
    children: [],
    rejoined: [],
    process: null,
  } as const;
  const facts = { version: '0.1.0', running: true, now, startedAt: now, listen: null, data: '/data' } as const;
  return {
    schema: 1,
    depot: 'origin',
    site: 'enterprise',
    ...facts,
    ...empty,
    below,
    tally: tallyOf(below, new Map(), Date.parse(now)),
  };
}

test('repositories that do not fit are summed up in one column', () => {
  const below = [row('a', 'origin', 12), row('b', 'origin', 12, 2)];
  const text = treeView(status(below), { colours, width: 80 }, false);
  const lines = text.split('\n');
  expect(lines[0]).toMatch(/^DEPOT +HEARD OF {2}repository-00 {2}repository-01 {2}.* 9 MORE$/);
  expect(lines[2]).toMatch(/current$/);
  expect(lines[3]).toMatch(/98 \(-2, 2 h\).* late$/);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
});

test('what is piped keeps all columns', () => {
  const text = treeView(status([row('a', 'origin', 12)]), { colours, width: Infinity }, false);
  expect(text).toContain('repository-11');
});

test('5,000 depots are drawn at once, also on a busy machine', () => {
  const below = Array.from({ length: 5000 }, (_, at) =>
    row(`depot-${at}`, at < 100 ? 'origin' : `depot-${at % 100}`, 5, at % 7 === 0 ? 1 : 0),
  );
  const started = performance.now();
  const lines = treeView(status(below), { colours, width: 100 }, false).split('\n');
  expect(performance.now() - started).toBeLessThan(3000);
  expect(lines.filter((line) => /─ depot-/.test(line))).toHaveLength(5000);
  const late = treeView(status(below), { colours, width: 100 }, true);
  expect(late.split('\n')).toContain('5,001 depots: 4,286 current, 715 late');
});
