import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkCode } from '../../src/cli/status-check.js';
import type { ErrorCode } from '../../src/model/errors.js';
import type { DepotStatus, RepositoryStatus } from '../../src/model/status.js';
import { depotStatus } from '../../src/serve/status.js';
import { afterTheLast, temporaryFolder } from '../harness/temporary.js';
import { liveFacts, sampleApi, sampleDepot, serveSample, type Sample } from './fixture.js';
import { depot } from './recorder.js';

const now = Date.UTC(2026, 10, 21, 12);
let sample: Sample;
let fine: DepotStatus;
let repository: RepositoryStatus;

const whenDone = afterTheLast();
beforeAll(async () => {
  sample = await sampleDepot(await temporaryFolder(whenDone), now);
  const full = depotStatus(sample.store, sample.facts, liveFacts(now), { nowMs: now, tree: false });
  const [first] = full.repositories;
  if (first === undefined) throw new Error('the sample has no repository');
  repository = { ...first, error: null, damaged: 0, holds: [], source: null };
  fine = { ...full, parents: [], children: [], repositories: [repository], tally: { ...full.tally, silent: 0 } };
});

afterAll(() => sample.store.close());

function failing(...codes: readonly ErrorCode[]): Pick<DepotStatus, 'repositories'> {
  const at = new Date(now).toISOString();
  return {
    repositories: codes.map((code) => ({ ...repository, error: { code, message: 'it failed', hint: null, at } })),
  };
}

test.each<[string, () => Partial<DepotStatus>, number]>([
  ['nothing', () => ({}), 0],
  ['a daemon that is down, above all', () => ({ ...failing('disk-full'), running: false }), 3],
  ['a full disk above an unreachable parent', () => failing('parent-unreachable', 'disk-full'), 13],
  ['damage', () => ({ repositories: [{ ...repository, damaged: 2 }] }), 11],
  ['an unreadable source', () => failing('source-unreadable'), 8],
  ['an unreachable parent', () => failing('parent-unreachable'), 10],
  ['a depot below that is not heard of', () => ({ tally: { ...fine.tally, silent: 1 } }), 1],
  ['a fault', () => failing('internal'), 1],
])('status --check ends with the code of %s', (_name, change, code) => {
  expect(checkCode({ ...fine, ...change() })).toBe(code);
});

test('status --check prints only what needs a person, running or not', async () => {
  const run = () => depot(['--config', sample.config, 'status', '--check'], { now: () => now });
  const server = await serveSample(
    sample,
    sampleApi(sample, liveFacts(now), () => now),
  );
  const live = await run();
  await server.close();
  expect(live.exitCode).toBe(10);
  expect(live.stdout).toMatch(/^! /);
  expect(live.stdout).not.toContain('REPOSITORY');
  const down = await run();
  expect(down.exitCode).toBe(3);
  expect(down.stdout).toContain('the deletion of 1,184 files');
});
