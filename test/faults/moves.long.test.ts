import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { cycle, mirror, publish, sites, statusOf } from '../cluster/chain.js';
import { unlike } from '../cluster/unlike.js';
import type { Depot } from '../harness/depot.js';
import { temporaryCluster } from '../harness/temporary.js';
import { tree } from '../harness/tree.js';
import { fromSeed } from './kills.js';

const rounds = 12;

/**
 * A repository goes to and fro between two depots. Each time one of the two, or the one that holds the directory, is killed
 * at a moment of the move. Afterwards it goes on where it was: never are two the master, numbers only grow, and the branch
 * gets what was published last.
 */
it('never has two masters and loses nothing, whoever is killed at whatever moment of a move', async () => {
  const seed = Number(process.env['DEPOTD_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
  console.log(`${rounds} moves: DEPOTD_SEED=${seed}`);
  const random = fromSeed(seed);
  const cluster = await temporaryCluster(async (folder) => {
    await tree(join(folder, 'source-region'), { 'bin/tool': 'v0', 'lib/a': 'a' });
    const pair = (name: string, other: string) => ({
      site: sites.region,
      parent: ['origin', { url: other, repositories: ['tools'] }],
      repositories: { tools: mirror(join(folder, `source-${name}`), sites.region) },
    });
    return {
      origin: { site: sites.origin },
      region: pair('region', 'spare'),
      spare: pair('spare', 'region'),
      branch: { site: sites.branch, parent: ['region', 'spare'] },
    };
  }, onTestFinished);
  const [origin, region, spare, branch] = ['origin', 'region', 'spare', 'branch'].map((name) =>
    cluster.depot(name),
  ) as [Depot, Depot, Depot, Depot];
  const sourceOf = (depot: Depot): string => join(cluster.folder, `source-${depot.name}`);
  await publish(region);
  for (const depot of [spare, spare, region, branch]) await depot.cli('poll', '--wait');
  let [master, next] = [region, spare];
  let generation = 1;

  for (let round = 1; round <= rounds; round += 1) {
    await tree(sourceOf(master), { 'bin/tool': `v${round}` });
    await publish(master);
    for (const depot of [next, branch]) expect((await cycle(depot)).error, `round ${round}: ${depot.name}`).toBeNull();
    await rm(sourceOf(next), { recursive: true, force: true });
    const victim = [master, next, origin][round % 3] ?? master;
    const ended = whole(master, next);
    await delay(random() * 3_000);
    await victim.kill();
    await ended;
    await isOneMaster(master, next, `round ${round}, ${victim.name} is down`);
    await victim.start();

    await until([master, next, origin], async () => {
      await isOneMaster(master, next, `round ${round}`);
      await whole(master, next);
      return (await roleOf(next)).role === 'master' && (await roleOf(master)).role === 'child';
    });
    await expect
      .poll(() => unlike(sourceOf(master), sourceOf(next)).catch(String), {
        timeout: 20_000,
        message: `round ${round}`,
      })
      .toEqual([])
      .catch((error: unknown) => {
        for (const depot of [master, next]) console.log(depot.name, depot.log());
        throw error;
      });
    const taken = (await roleOf(next)).generation ?? 0;
    expect(taken, `round ${round}`).toBeGreaterThan(generation);
    generation = taken;
    for (const depot of [master, branch]) {
      expect(await cycle(depot), `round ${round}: ${depot.name}`).toMatchObject({
        error: null,
        toGeneration: generation,
      });
      expect(await unlike(sourceOf(next), depot.tree('tools'))).toEqual([]);
    }
    [master, next] = [next, master];
  }
});

/** All commands of a move, one after the other; each may fail, or be done already. */
async function whole(master: Depot, next: Depot): Promise<void> {
  said = [];
  const says = async (depot: Depot, ...args: string[]): Promise<void> => {
    const { stdout, stderr } = await depot.cli(...args);
    said.push(`${depot.name}: ${args.join(' ')}\n${stdout}${stderr}`);
  };
  await says(next, 'repository', 'take-over', 'tools');
  await says(master, 'poll', '--wait');
  await says(master, 'repository', 'move', 'tools', '--to', next.name);
  await says(next, 'poll', '--wait');
  await says(master, 'poll', '--wait');
}

/** What the commands of the last attempt said. */
let said: string[] = [];

async function roleOf(depot: Depot) {
  const found = (await statusOf(depot)).repositories.find(({ name }) => name === 'tools');
  if (found === undefined) throw new Error(`${depot.name} knows no tools`);
  return found;
}

/** Of those that run, one at most says that it publishes. */
async function isOneMaster(one: Depot, other: Depot, when: string): Promise<void> {
  const roles = await Promise.all([one, other].map((depot) => roleOf(depot).catch(() => undefined)));
  expect(roles.filter((found) => found?.role === 'master').length, when).toBeLessThanOrEqual(1);
}

async function until(depots: readonly Depot[], isSo: () => Promise<boolean>): Promise<void> {
  for (let attempt = 1; !(await isSo()); attempt += 1) {
    if (attempt > 15) {
      const told = await Promise.all(depots.map(async (depot) => (await depot.cli('status')).stdout));
      throw new Error(`the move does not come to an end\n${told.join('\n')}\n${said.join('\n')}`);
    }
    await delay(500);
  }
}
