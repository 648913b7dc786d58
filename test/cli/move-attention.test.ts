import { expect, test } from 'vitest';
import { moveLines } from '../../src/cli/move-attention.js';
import type { RepositoryStatus } from '../../src/model/status.js';

const now = Date.UTC(2026, 10, 21, 12);
const dayMs = 86_400_000;

function lines(facts: Partial<RepositoryStatus>): string[] {
  const repository = { name: 'tools', master: 'munich-1', moved: null, move: null, ...facts } as RepositoryStatus;
  return [...moveLines(repository, now)].flatMap(({ kind, text, help }) => [
    `${kind}: ${text}`,
    ...(help === null ? [] : [help]),
  ]);
}

const movedAt = (ms: number) => ({ from: 'origin', generation: 41, at: new Date(ms).toISOString() });

test('tells for 30 days that a repository has another master depot', () => {
  const told = 'note: master of tools is now munich-1 (moved from origin 24 h ago, at generation 41)';
  expect(lines({ moved: movedAt(now - dayMs) })).toEqual([told]);
  expect(lines({ moved: movedAt(now - 31 * dayMs) })).toEqual([]);
  expect(lines({})).toEqual([]);
});

test.each([
  ['asked-for', 'note', 'depot repository move tools --to munich-1'],
  ['asks', 'note', 'at munich-1: depot repository move tools'],
  ['signed', 'warn', 'depot repository keep tools'],
  ['incomplete', 'warn', 'depot poll tools --wait'],
  ['without-keys', 'stop', 'restore keys/tools'],
  ['elsewhere', 'note', 'depot repository take-over tools'],
] as const)('says what to do about a move that is %s', (state, kind, command) => {
  const [first, help] = lines({ move: { state, depot: 'munich-1', source: '/srv/tools' } });
  expect(first?.startsWith(`${kind}: `)).toBe(true);
  expect(help).toContain(command);
});
