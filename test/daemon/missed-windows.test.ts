import { expect, it, onTestFinished } from 'vitest';
import { MissedWindows } from '../../src/daemon/missed-windows.js';
import type { LinePlan } from '../../src/model/forecast.js';
import { ordinary } from '../../src/model/priority.js';
import { sha256 } from '../../src/model/sha256.js';
import { inlineJobs } from '../../src/store/job.js';
import { Store } from '../../src/store/store.js';
import { surveyLeftPlan } from '../../src/sync/left-job.js';
import { temporaryFolder } from '../harness/temporary.js';

const hour = 3_600_000;
const day = 24 * hour;
const start = Date.parse('2026-11-23T12:00:00Z');
/** From 20:00 to 22:00. */
const night = { dates: null, days: null, fromMinute: 1200, toMinute: 1320, rate: 1000 };

/** A depot with one repository, of which a plan is in force or not; its daemon is restarted with each `depot`. */
async function setting() {
  const data = await temporaryFolder();
  const plan: { -readonly [Key in keyof LinePlan]: LinePlan[Key] } = {
    windows: { zone: 'UTC', list: [night], otherwise: 'closed' },
    order: null,
    urgent: 'closed',
  };
  const clock = { now: start };
  const warnings: string[] = [];
  const ignore = (): void => undefined;
  const depot = () => {
    const store = Store.open(data, { now: () => clock.now });
    onTestFinished(() => (store.isOpen ? store.close() : undefined));
    const run = inlineJobs(store);
    const missed = new MissedWindows(
      {
        store,
        host: { now: () => clock.now },
        log: { debug: ignore, info: ignore, warn: (_fields, message) => void warnings.push(message), error: ignore },
        repositories: () => ['tools'],
        left: async (repository) => {
          if (store.transfers.totals(repository) === undefined) return [];
          return [{ ...ordinary, bytes: await run(surveyLeftPlan, { repository }), units: [] }];
        },
      },
      { plan: () => plan },
    );
    return {
      store,
      windows: () => store.missedWindows.get('tools')?.windows ?? null,
      look: () => missed.look(),
      want: () => {
        const wanted = { sha256: sha256('large'), size: 50_000_000, mtimeMs: 0, executable: false, relay: false };
        store.transfers.replace('tools', 1, [[{ ...wanted, base: null, form: 'any' }]]);
      },
    };
  };
  return { plan, clock, warnings, depot };
}

it('counts windows that close one after the other before all has come, over restarts, and says so once', async () => {
  const { clock, warnings, depot } = await setting();
  const first = depot();
  first.want();
  await first.look();
  expect(first.windows()).toBe(0);
  for (const expected of [1, 2]) {
    clock.now += day;
    await first.look();
    await first.look();
    expect(first.windows()).toBe(expected);
  }
  expect(warnings).toEqual([]);
  first.store.close();

  const second = depot();
  clock.now += day;
  await second.look();
  expect(second.windows()).toBe(3);
  expect(warnings).toEqual(['tools: not all of it had come when its window closed, 3 times running']);
  second.store.close();
  const third = depot();
  await third.look();
  clock.now += 2 * day;
  await third.look();
  // Both windows passed while nobody looked; it was one time more that it was not done.
  expect(third.windows()).toBe(4);
  expect(warnings).toHaveLength(1);
  third.store.transfers.clear('tools');
  await third.look();
  expect(third.windows()).toBeNull();
});

it('does not count a window that had closed before anything was missing, nor one that a person closed', async () => {
  const { clock, plan, depot } = await setting();
  const { want, look, windows } = depot();
  clock.now = Date.parse('2026-11-23T23:00:00Z');
  want();
  await look();
  clock.now += hour;
  await look();
  expect(windows()).toBe(0);
  plan.order = { windows: { zone: 'UTC', list: [], otherwise: 'closed' }, untilMs: null };
  clock.now += day;
  await look();
  expect(windows()).toBe(0);
  plan.windows = { zone: 'UTC', list: [], otherwise: 5000 };
  plan.order = null;
  clock.now += day;
  await look();
  expect(windows()).toBe(0);
});
