import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import type { CyclePhase } from '../../src/model/cycle-status.js';
import { control, cycle, pollAll, publish, startChain, statusOf, type Chain } from '../cluster/chain.js';
import { unlike } from '../cluster/unlike.js';
import type { Depot } from '../harness/depot.js';
import { runsTypeScript } from '../harness/typescript.js';
import { Allowed, putVersion, snapshot, type Snapshot } from './versions.js';

/** A chain, every version that was published on it, and the moments of the kills, all from one seed. */
interface Trial {
  readonly chain: Chain;
  readonly versions: Map<number, Snapshot>;
  readonly allowed: Allowed;
  readonly random: () => number;
}

/**
 * Kills the region again and again, each time at another moment of a cycle, and starts it again. All the while a process
 * reads the files of its installation copy. After each start the copy is one whole version, and so is what the branch
 * below gets.
 */
export async function killChild(rounds: number): Promise<void> {
  const trial = await startTrial('of a cycle', rounds);
  const { chain, allowed, random } = trial;
  const { source, origin, region, branch } = chain;
  await pollAll(region);
  await pollAll(branch);
  const reader = startReader(region.tree('tools'), allowed.file);

  await region.stop();
  await region.start();
  await nextVersion(trial);
  const startedAt = performance.now();
  await cycle(region);
  const cycleMs = performance.now() - startedAt;

  const met = { transfers: 0, switches: 0 };
  for (let round = 1; round <= rounds; round += 1) {
    await nextVersion(trial);
    let isOver = false;
    const polling = cycle(region)
      .catch(() => undefined)
      .finally(() => (isOver = true));
    // The switch of the installation copy is short, so some moments are sought in it.
    if (round % 3 === 2) await begins('apply', region, () => isOver);
    await delay(random() * (round % 3 === 2 ? 0.1 : 1.1) * cycleMs);
    await region.kill();
    await polling;
    if ((await readdir(join(region.data, 'staging'))).length > 0) met.transfers += 1;
    await region.start();

    const outcome = (await cycle(branch)).outcome;
    expect(['applied', 'unchanged', 'waiting'], `round ${round}: the branch`).toContain(outcome);
    for (const depot of [region, branch]) await isOneVersion(trial, depot);
    // Every third time the cycle is let through; else the next one has more to do.
    if (round % 3 === 0) expect((await cycle(region)).error).toBeNull();
  }
  met.switches = region.records().filter(({ msg }) => msg === 'finished what a crash had interrupted').length;
  console.log(`killed ${rounds} times within ${Math.round(cycleMs)} ms: ${JSON.stringify(met)}`);

  await publish(origin);
  for (const depot of [region, branch]) {
    expect((await cycle(depot)).error).toBeNull();
    expect(await unlike(source, depot.tree('tools'))).toEqual([]);
  }
  const { files, problems } = await reader.stop();
  expect(problems).toEqual([]);
  expect(files).toBeGreaterThan(rounds * 100);
  expect(
    await control(region).verify(null, { signal: new AbortController().signal, onEvent: async () => undefined }),
  ).toMatchObject({ damaged: { count: 0 }, missing: { count: 0 }, pages: { count: 0 }, trees: { count: 0 } });
}

/** Kills the origin at moments of a publish. What the region gets is one whole version, and generations only grow. */
export async function killMaster(rounds: number): Promise<void> {
  const trial = await startTrial('of a publish', rounds);
  const { chain, versions, allowed, random } = trial;
  const { source, origin, region } = chain;
  await pollAll(region);
  await putVersion(source, 2);
  const startedAt = performance.now();
  const second = await publish(origin);
  const publishMs = performance.now() - startedAt;
  versions.set(second, await snapshot(source));

  let generation = second;
  for (let round = 1; round <= rounds; round += 1) {
    await putVersion(source, round + 2);
    await allowed.add(await snapshot(source));
    const publishing = publish(origin).catch(() => undefined);
    await delay(random() * 1.1 * publishMs);
    await origin.kill();
    await publishing;
    await origin.start();
    expect((await cycle(region)).error, `round ${round}: the region`).toBeNull();
    const next = await publish(origin);
    expect(next).toBeGreaterThan(generation);
    generation = next;
    expect(await cycle(region)).toMatchObject({ error: null, toGeneration: generation });
    expect(await unlike(source, region.tree('tools'))).toEqual([]);
  }
}

async function startTrial(moments: string, rounds: number): Promise<Trial> {
  const seed = Number(process.env['DEPOTD_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
  console.log(`${rounds} moments ${moments}: DEPOTD_SEED=${seed}`);
  const none = { deletions: { 'hold-above': 'none' } };
  const chain = await startChain((source) => putVersion(source, 1), { region: none, branch: none });
  const allowed = new Allowed(join(chain.cluster.folder, 'allowed.json'));
  const first = await snapshot(chain.source);
  await allowed.add(first);
  return { chain, versions: new Map([[1, first]]), allowed, random: fromSeed(seed) };
}

async function nextVersion({ chain, versions, allowed }: Trial): Promise<void> {
  await putVersion(chain.source, versions.size + 1);
  const version = await snapshot(chain.source);
  await allowed.add(version);
  versions.set(await publish(chain.origin), version);
}

/** Resolves when the cycle has come to that phase, or is over. */
async function begins(phase: CyclePhase, depot: Depot, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const { repositories } = await statusOf(depot);
    if (repositories.some(({ cycle: under }) => under?.phase === phase)) return;
  }
}

/** What a depot says that it has applied stands in its installation copy, and nothing else. */
async function isOneVersion({ versions }: Trial, depot: Depot): Promise<void> {
  const [repository] = (await statusOf(depot)).repositories;
  const version = versions.get(repository?.generation ?? 0);
  expect(await snapshot(depot.tree('tools')), `${depot.name}, generation ${repository?.generation}`).toEqual(version);
}

interface Reader {
  /** How many files it read, and which of them were not whole. */
  stop(): Promise<{ files: number; problems: string[] }>;
}

function startReader(tree: string, table: string): Reader {
  const program = fileURLToPath(new URL('reader.ts', import.meta.url));
  const child = spawn(process.execPath, [...runsTypeScript, program, tree, table], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  return {
    async stop() {
      child.stdin.end();
      await once(child, 'close');
      return JSON.parse(said) as { files: number; problems: string[] };
    },
  };
}

/** Numbers from 0 to below 1 that the seed decides (mulberry32). */
export function fromSeed(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
