import { expect, it } from 'vitest';
import { OwnCopies } from '../../src/daemon/own-copies.js';
import type { SyncDepot } from '../../src/sync/depot.js';
import { scriptedHost } from './scripted-host.js';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const hourMs = 3600 * 1000;

it('looks at a scheduled release by the clock on the wall, also where that is set while it is waited for', async () => {
  const scripted = scriptedHost();
  let aheadMs = 0;
  const host = { ...scripted, now: () => scripted.now() + aheadMs };
  const looked: string[] = [];
  const copies = new OwnCopies({} as SyncDepot, async (repository) => void looked.push(repository), host, silent);
  copies.onDue('early', host.now() + 10 * hourMs);
  copies.onDue('late', host.now() + 20 * hourMs);
  await scripted.advance(hourMs);
  expect(looked).toEqual([]);
  aheadMs = 10 * hourMs;
  await scripted.advance(60_000);
  expect(looked).toEqual(['early']);
  aheadMs = -hourMs;
  await scripted.advance(20 * hourMs);
  expect(looked).toEqual(['early', 'late']);
  copies.stop();
});
