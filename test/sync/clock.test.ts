import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { realHost } from '../../src/host.js';
import type { ReportMessage } from '../../src/protocol/messages.js';
import { Store } from '../../src/store/store.js';
import { isContentTime } from '../../src/sync/content-times.js';
import type { SyncDepot } from '../../src/sync/depot.js';
import type { Parent } from '../../src/sync/parents.js';
import { report } from '../../src/sync/report.js';
import { temporaryFolder } from '../harness/temporary.js';

const hourMs = 3600 * 1000;
const yearMs = 365 * 24 * hourMs;

it('fetches content on where the clock was set back since it was fetched last', () => {
  let nowMs = Date.UTC(2035, 0, 1);
  const depot = {
    board: { contentSoughtAtMs: new Map([['tools', nowMs]]) },
    settings: () => ({ contentEveryMs: () => 12 * hourMs }),
    host: { now: () => nowMs },
  } as unknown as SyncDepot;
  nowMs += hourMs;
  expect(isContentTime(depot, 'tools')).toBe(false);
  nowMs -= 9 * yearMs;
  expect(isContentTime(depot, 'tools')).toBe(true);
});

it('tells its parent all rows each six hours, whatever the clock on the wall says', async () => {
  const store = Store.open(join(await temporaryFolder(), 'data'));
  onTestFinished(() => store.close());
  let [wallMs, sinceStartMs] = [Date.UTC(2035, 0, 1), 5_000];
  const depot = {
    name: 'munich',
    site: 'enterprise/germany/munich',
    version: '0.1.0',
    store,
    host: { ...realHost, now: () => wallMs, monotonic: () => sinceStartMs },
    line: { room: () => Infinity },
    known: { list: () => [] },
    forecasts: async () => new Map(),
    settings: () => ({ follow: [], published: [], whole: [] }),
  } as unknown as SyncDepot;
  const told: ReportMessage[] = [];
  const parent = {
    url: 'http://127.0.0.1:1',
    repositories: null,
    client: {
      report: async (message: ReportMessage) => {
        told.push(message);
        return { demand: 'known' };
      },
    },
    demandHash: undefined,
    reported: new Map(),
    reportedAllAtMs: -Infinity,
    takesReports: true,
  } as unknown as Parent;
  const { signal } = new AbortController();
  await report(depot, parent, signal);
  expect(told).toHaveLength(1);
  wallMs -= 9 * yearMs;
  sinceStartMs += hourMs;
  await report(depot, parent, signal);
  expect(told).toHaveLength(1);
  sinceStartMs += 6 * hourMs;
  await report(depot, parent, signal);
  expect(told.map(({ rows }) => rows.map(({ depot: name }) => name))).toEqual([['munich'], ['munich']]);
});
