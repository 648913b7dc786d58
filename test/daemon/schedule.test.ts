import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Schedule, type ScheduleSettings } from '../../src/daemon/schedule.js';
import { DepotError } from '../../src/model/errors.js';
import type { CycleResult } from '../../src/model/cycle-status.js';
import { scriptedHost, type ScriptedHost } from './scripted-host.js';

const second = 1000;
const minute = 60 * second;
const settings: ScheduleSettings = { everyMs: 15 * minute, jitter: 0, atStart: false, repositories: {} };

/** A depot that only notes what it is asked to do, and takes as long for a cycle as the test wants. */
function depot(host: ScriptedHost, changes: Partial<ScheduleSettings> = {}) {
  const begun: string[] = [];
  const under = new Map<string, number>();
  const lines: string[] = [];
  const script = {
    names: ['tools'],
    searching: false,
    cycleMs: 0,
    most: 0,
    search: async (): Promise<void> => undefined,
    cycle: async (_name: string, _signal: AbortSignal): Promise<void> => undefined,
  };
  const log = (level: string) => (_fields: object, message: string) => void lines.push(`${level} ${message}`);
  const schedule = new Schedule(
    {
      repositories: () => script.names,
      isSearching: () => script.searching,
      async discover() {
        begun.push('(search)');
        await script.search();
      },
      async cycle(repository, signal) {
        begun.push(repository);
        under.set(repository, (under.get(repository) ?? 0) + 1);
        script.most = Math.max(script.most, under.get(repository) ?? 0);
        try {
          if (script.cycleMs > 0) await host.sleep(script.cycleMs, signal);
          await script.cycle(repository, signal);
          return resultOf(repository);
        } finally {
          under.set(repository, (under.get(repository) ?? 0) - 1);
        }
      },
    },
    { ...settings, ...changes },
    host,
    { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
  );
  return { schedule, script, begun, lines };
}

function resultOf(repository: string): CycleResult {
  const none = { fromGeneration: null, toGeneration: null, added: 0, replaced: 0, deleted: 0, held: 0, error: null };
  return { repository, outcome: 'unchanged', fetched: { files: 0, bytes: 0 }, wire: 0, ...none };
}

describe('the schedule', () => {
  it('polls at the interval, and at once at the start where that is set', async () => {
    const host = scriptedHost();
    const { schedule, begun } = depot(host, { atStart: true });
    schedule.start();
    await host.advance(0);
    expect(begun).toEqual(['tools']);
    await host.advance(15 * minute - 1);
    expect(begun).toHaveLength(1);
    await host.advance(1);
    expect(begun).toHaveLength(2);
    await host.advance(45 * minute);
    expect(begun).toHaveLength(5);
  });

  it('shortens no wait by chance below what the company sets', async () => {
    const chances = [0, 0.25, 0.999];
    const host = scriptedHost(() => chances.shift() ?? 0.5);
    const { schedule, begun } = depot(host, { jitter: 0.4, atLeastMs: 14 * minute });
    schedule.start();
    await host.advance(14 * minute - 1);
    expect(begun).toEqual([]);
    await host.advance(1);
    await host.advance(14 * minute - 1);
    expect(begun).toHaveLength(1);
    await host.advance(1);
    expect(begun).toHaveLength(2);
    await host.advance(20.9 * minute);
    expect(begun).toHaveLength(2);
    await host.advance(0.2 * minute);
    expect(begun).toHaveLength(3);
  });

  it('waits for the first interval where it is not to ask at the start', async () => {
    const host = scriptedHost();
    const { schedule, begun } = depot(host);
    schedule.start();
    expect(schedule.nextPollAtMs('tools')).toBe(host.now() + 15 * minute);
    await host.advance(15 * minute - 1);
    expect(begun).toEqual([]);
    await host.advance(1);
    expect(begun).toEqual(['tools']);
  });

  it('gives a repository the interval that is its own', async () => {
    const host = scriptedHost();
    const { schedule, script, begun } = depot(host, { repositories: { fonts: { everyMs: 5 * minute } } });
    script.names = ['fonts', 'tools'];
    schedule.start();
    await host.advance(15 * minute);
    expect(begun.filter((name) => name === 'fonts')).toHaveLength(3);
    expect(begun.filter((name) => name === 'tools')).toHaveLength(1);
  });

  it('counts the interval from the end of a cycle, and says nothing of a next poll during one', async () => {
    const host = scriptedHost();
    const { schedule, script, begun } = depot(host);
    script.cycleMs = 40 * minute;
    schedule.start();
    await host.advance(16 * minute);
    expect(schedule.nextPollAtMs('tools')).toBeNull();
    await host.advance(38 * minute);
    expect(begun).toHaveLength(1);
    await host.advance(minute);
    expect(schedule.nextPollAtMs('tools')).toBe(host.now() + 15 * minute);
  });

  it('moves each poll by no more than the jitter, and uses all of it', () =>
    fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        async (chance, jitter) => {
          const host = scriptedHost(() => chance);
          const { schedule } = depot(host, { jitter });
          schedule.start();
          const [wait = NaN] = host.sleeping();
          expect(wait).toBeGreaterThanOrEqual(settings.everyMs * (1 - jitter) - 1);
          expect(wait).toBeLessThanOrEqual(settings.everyMs * (1 + jitter) + 1);
          expect(wait).toBeCloseTo(settings.everyMs * (1 - jitter + 2 * jitter * chance), 3);
          await schedule.stop();
        },
      ),
    ));

  it('lets a repository whose cycle takes long keep no other waiting', async () => {
    const host = scriptedHost();
    const { schedule, script, begun } = depot(host);
    script.names = ['fonts', 'tools'];
    script.cycle = (name) => (name === 'fonts' ? host.sleep(1000 * minute) : Promise.resolve());
    schedule.start();
    await host.advance(60 * minute);
    expect(begun.filter((name) => name === 'fonts')).toHaveLength(1);
    expect(begun.filter((name) => name === 'tools')).toHaveLength(4);
  });

  it('keeps nothing of the requests of a thousand cycles that ended', async () => {
    const host = scriptedHost();
    const { schedule, script, begun } = depot(host);
    const most = { listeners: 0, signals: new Set<AbortSignal>() };
    script.cycle = async (_name, signal) => {
      signal.addEventListener('abort', () => undefined, { once: true });
      most.listeners = Math.max(most.listeners, getEventListeners(signal, 'abort').length);
      most.signals.add(signal);
    };
    schedule.start();
    for (let poll = 0; poll < 1_000; poll += 1) await host.advance(15 * minute);
    expect(begun).toHaveLength(1_000);
    expect(most.listeners).toBe(1);
    expect(most.signals.size).toBe(1_000);
    await schedule.stop();
    expect([...most.signals].some(({ aborted }) => aborted)).toBe(false);
  });

  it('goes on after a cycle that threw', async () => {
    const host = scriptedHost();
    const { schedule, script, begun, lines } = depot(host);
    script.cycle = () => Promise.reject(new Error('out of order'));
    schedule.start();
    await host.advance(30 * minute);
    expect(begun).toHaveLength(2);
    expect(lines).toEqual(Array.from({ length: 2 }, () => 'warn poll for tools: out of order'));
  });
});

describe('a poll by hand', () => {
  it('runs at once, and the interval begins anew', async () => {
    const host = scriptedHost();
    const { schedule, begun } = depot(host);
    schedule.start();
    await host.advance(10 * minute);
    expect(await schedule.pollNow(null)).toEqual([resultOf('tools')]);
    expect(schedule.nextPollAtMs('tools')).toBe(host.now() + 15 * minute);
    await host.advance(14 * minute);
    expect(begun).toHaveLength(1);
  });

  it('during a cycle is another one after it', async () => {
    const host = scriptedHost();
    const { schedule, script, begun } = depot(host);
    script.cycleMs = minute;
    schedule.start();
    await host.advance(15 * minute);
    const polled = schedule.pollNow(['tools']);
    await host.advance(30 * second);
    expect(begun).toEqual(['tools']);
    await host.advance(30 * second);
    expect(begun).toEqual(['tools', 'tools']);
    await host.advance(minute);
    expect(await polled).toEqual([resultOf('tools')]);
  });

  it('never makes two cycles of one repository run at once, however polls fall', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(3 * minute), fc.constantFrom('poll', 'between', 'configure', 'refresh', 'forget'))),
        fc.integer({ min: 1, max: 3 * minute }),
        async (steps, cycleMs) => {
          const host = scriptedHost();
          const { schedule, script } = depot(host, { everyMs: minute });
          script.cycleMs = cycleMs;
          let beside = 0;
          schedule.start();
          for (const [ms, what] of steps) {
            await host.advance(ms);
            if (what === 'poll') void schedule.pollNow(['tools']);
            else if (what === 'configure') schedule.configure({ ...settings, everyMs: 30 * second });
            else if (what === 'refresh') schedule.refresh(0);
            else if (what === 'forget') script.names = script.names.length === 0 ? ['tools'] : [];
            else {
              void schedule.between('tools', async () => {
                beside += 1;
                expect(beside).toBe(1);
                await host.sleep(second);
                beside -= 1;
              });
            }
          }
          await host.advance(10 * minute);
          expect(script.most).toBeLessThanOrEqual(1);
          const stopped = schedule.stop();
          await host.advance(10 * minute);
          await stopped;
        },
      ),
      { numRuns: 60 },
    ));

  it('tells of each cycle as it ends', async () => {
    const host = scriptedHost();
    const { schedule, script } = depot(host);
    script.names = ['fonts', 'tools'];
    script.cycle = (name) => host.sleep(name === 'fonts' ? 2 * second : second);
    schedule.start();
    const ended: string[] = [];
    const polled = schedule.pollNow(null, ({ repository }) => void ended.push(repository));
    await host.advance(second);
    expect(ended).toEqual(['tools']);
    await host.advance(second);
    expect((await polled).map(({ repository }) => repository)).toEqual(['tools', 'fonts']);
  });
});

describe('a search for repositories', () => {
  it('happens while a parent has not said which there are, and what it finds is polled at once', async () => {
    const host = scriptedHost();
    const { schedule, script, begun } = depot(host);
    script.names = [];
    script.searching = true;
    schedule.start();
    await host.advance(15 * minute);
    expect(begun).toEqual(['(search)']);
    script.search = async () => {
      script.names = ['tools'];
      script.searching = false;
    };
    await host.advance(15 * minute);
    expect(begun).toEqual(['(search)', '(search)', 'tools']);
    await host.advance(15 * minute);
    expect(begun).toEqual(['(search)', '(search)', 'tools', 'tools']);
  });

  it('goes on beside the polls for what is known, and keeps none waiting', async () => {
    const host = scriptedHost();
    const { schedule, script, begun } = depot(host, { atStart: true });
    script.searching = true;
    script.search = () => host.sleep(10 * second);
    schedule.start();
    await host.advance(0);
    expect(begun.sort()).toEqual(['(search)', 'tools']);
  });

  it('by hand says why nothing is known, and warns once', async () => {
    const host = scriptedHost();
    const { schedule, script, lines } = depot(host);
    script.names = [];
    script.searching = true;
    script.search = () => Promise.reject(new DepotError('parent-unreachable', 'no parent'));
    schedule.start();
    await expect(schedule.pollNow(null)).rejects.toThrow('no parent');
    await host.advance(30 * minute);
    expect(lines).toEqual(['warn no parent', 'debug no parent', 'debug no parent']);
    script.search = async () => undefined;
    expect(await schedule.pollNow(null)).toEqual([]);
  });
});

describe('new settings', () => {
  it('move a poll that waits for longer than they allow', async () => {
    const host = scriptedHost();
    const { schedule, begun } = depot(host);
    schedule.start();
    await host.advance(minute);
    schedule.configure({ ...settings, everyMs: 2 * minute });
    await host.advance(2 * minute);
    expect(begun).toEqual(['tools']);
  });

  it('leave a poll that waits for less where it is', async () => {
    const host = scriptedHost();
    const { schedule, begun } = depot(host);
    schedule.start();
    await host.advance(minute);
    schedule.configure({ ...settings, everyMs: 60 * minute });
    await host.advance(14 * minute);
    expect(begun).toEqual(['tools']);
    await host.advance(59 * minute);
    expect(begun).toEqual(['tools']);
  });

  it('take up repositories that are new, and drop those that are gone', async () => {
    const host = scriptedHost();
    const { schedule, script, begun } = depot(host);
    schedule.start();
    script.names = ['fonts'];
    schedule.configure(settings);
    expect(schedule.nextPollAtMs('tools')).toBeNull();
    await host.advance(15 * minute);
    expect(begun).toEqual(['fonts']);
  });
});

describe('the end', () => {
  it('interrupts what is under way, waits for it, and begins nothing more', async () => {
    const host = scriptedHost();
    const { schedule, script, begun, lines } = depot(host);
    script.names = ['fonts', 'tools'];
    script.cycleMs = 60 * minute;
    schedule.start();
    const byHand = schedule.pollNow(['tools']);
    await host.advance(16 * minute);
    const again = schedule.pollNow(['tools']);
    await schedule.stop();
    expect(begun.sort()).toEqual(['fonts', 'tools']);
    expect([await byHand, await again]).toEqual([[], []]);
    await host.advance(600 * minute);
    expect(begun).toHaveLength(2);
    expect(host.sleeping()).toEqual([]);
    expect(lines).toEqual([]);
    expect(await schedule.pollNow(null)).toEqual([]);
  });

  it('waits for other work on a repository too', async () => {
    const host = scriptedHost();
    const { schedule } = depot(host);
    schedule.start();
    let isDone = false;
    const between = schedule.between('tools', async () => {
      await host.sleep(minute);
      isDone = true;
    });
    const stopped = schedule.stop().then(() => expect(isDone).toBe(true));
    await host.advance(minute);
    await Promise.all([between, stopped]);
  });
});
