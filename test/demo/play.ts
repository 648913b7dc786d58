import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../harness/cluster.js';
import { differences } from '../harness/tree.js';
import { places, repository } from './company.js';
import { releases } from './releases.js';
import type { Arrived, Show } from './show.js';
import type { Standing } from './standings.js';
import { round, type Step } from './story.js';
import { control, type Watch } from './watch.js';

export interface Stage {
  readonly cluster: Cluster;
  readonly source: string;
  readonly watch: Watch;
  readonly show: Show;
  /** How long a person gets to look before the next change; none is made after the first round where there is none. */
  readonly pauseMs: number | undefined;
  /** A signal that is aborted when the person wants the next change at once. */
  readonly impatience: () => AbortSignal;
  /** Ends the play: `play` rejects with its reason. */
  readonly signal: AbortSignal;
}

const replicas = places.filter(({ level }) => level !== 'origin');

/** Longer than any change takes on a busy machine. */
export const patienceMs = 120_000;

/**
 * Publishes what is in the source, then changes it again and again, each time until all depots have it or the person is
 * impatient. Without a pause it resolves after one round, with the depots whose copy is not what the source is.
 */
export async function play(stage: Stage): Promise<readonly string[]> {
  const { show, pauseMs } = stage;
  show.step(
    'The origin publishes its first packages',
    'Depots that have nothing yet fetch everything, level by level.',
  );
  let last = await descend(stage);
  let unlike: readonly string[] = [];
  for (let rounds = 0; rounds === 0 || pauseMs !== undefined; rounds += 1) {
    unlike = await releases(stage, rounds);
    for (const step of await round(rounds)) last = await perform(stage, step);
  }
  return [...last, ...unlike];
}

async function perform(stage: Stage, step: Step): Promise<readonly string[]> {
  stage.show.step(step.title, step.watch);
  stage.show.act({ kind: 'changing' });
  await step.change(stage.source);
  return descend(stage);
}

/** Publishes and waits for the wave. @returns the depots whose copy differs; empty where that was not looked at */
async function descend(stage: Stage): Promise<readonly string[]> {
  const { show, watch, pauseMs, signal } = stage;
  const impatience = stage.impatience();
  const generation = await publish(stage);
  const publishedAtMs = Date.now();
  show.act({ kind: 'descending', generation });
  const patience = pauseMs === undefined ? AbortSignal.timeout(patienceMs) : new AbortController().signal;
  try {
    const waiting = AbortSignal.any([signal, impatience, patience]);
    await watch.until((all) => all.every((each) => (each.generation ?? 0) >= generation), waiting);
    const arrived = await look(stage, Date.now() - publishedAtMs);
    if (pauseMs === undefined) {
      show.act({ ...arrived, nextAtMs: undefined });
      return arrived.different;
    }
    // Where a person has to decide, there is time to ask the depots about it.
    const pause = arrived.isHeld ? 2 * pauseMs : pauseMs;
    show.act({ ...arrived, nextAtMs: Date.now() + pause });
    await delay(pause, undefined, { signal: AbortSignal.any([signal, impatience]) });
    return arrived.different;
  } catch (error) {
    signal.throwIfAborted();
    if (impatience.aborted) return [];
    if (patience.aborted) throw new Error(lateWords(watch.standings(), generation), { cause: error });
    throw error;
  }
}

/** @returns the generation that has all that is in the source */
async function publish({ cluster, show, signal }: Stage): Promise<number> {
  show.act({ kind: 'publishing', progress: undefined });
  const result = await control(cluster.depot('origin')).publish(repository, {
    wait: true,
    dryRun: false,
    acceptSource: false,
    signal,
    onEvent: async (event) => {
      if (event.type === 'progress') show.act({ kind: 'publishing', progress: event });
    },
  });
  if (result?.generation == null)
    throw new Error(`the origin published nothing: ${result?.refused ?? 'no reason given'}`);
  return result.generation;
}

async function look({ cluster, source, watch }: Stage, afterMs: number): Promise<Omit<Arrived, 'nextAtMs'>> {
  const different: string[] = [];
  for (const { name } of replicas) {
    if ((await differences(source, cluster.depot(name).tree(repository))) !== '') different.push(name);
  }
  const all = watch.standings();
  const generation = Math.max(...all.map((standing) => standing.generation ?? 0));
  return { kind: 'arrived', generation, afterMs, different, isHeld: all.some(({ held }) => held > 0) };
}

function lateWords(all: readonly Standing[], generation: number): string {
  const late = all.filter((standing) => (standing.generation ?? 0) < generation);
  const depots = late.map(({ place, mark, error }) => `${place.name} (${error ?? mark})`).join(', ');
  return `generation ${generation} is not at all depots after ${patienceMs / 1000} s: ${depots}`;
}
