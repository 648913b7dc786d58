import { randomBytes } from 'node:crypto';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { afterTheLast } from '../harness/temporary.js';
import { makeDepot } from '../harness/depot.js';
import { freePort } from '../harness/port.js';
import { tree } from '../harness/tree.js';
import { cycle, pollAll, publish, sites, startChain, statusOf, type Chain } from './chain.js';
import { lineBetween, type Line, type Meddling } from './line.js';
import { unlike } from './unlike.js';

const mebi = 1024 * 1024;

let chain: Chain;
let line: Line;

const whenDone = afterTheLast();
beforeAll(async () => {
  line = await lineBetween(
    () => chain.branch,
    () => chain.region,
    whenDone,
  );
  chain = await startChain({ first: '1' }, { branch: { parent: line.url } }, whenDone);
  await pollAll(chain.region);
  await pollAll(chain.branch);
});

/** A generation with a large file and two small ones that are new, at the region; the branch polls for it next. */
beforeEach(async () => {
  const { source, origin, region } = chain;
  const one = randomBytes(8).toString('hex');
  await tree(source, { small: `small ${one}`, other: `other ${one}` });
  await writeFile(join(source, 'large'), randomBytes(8 * mebi));
  await publish(origin);
  await cycle(region);
  line.forget();
  line.meddle(slowly);
});

afterEach(async () => {
  line.meddle(undefined);
});

/** Objects come at some megabytes a second. */
const slowly: Meddling = async function* (body, { path }) {
  for await (const chunk of body) {
    if (path.includes('/objects/')) await delay(chunk.length / (4 * 1024));
    yield chunk;
  }
};

it('keeps what came of a transfer when it is stopped, and fetches only the rest after its start', async () => {
  const { source, branch } = chain;
  await branch.cli('poll');
  await expect.poll(() => largest(), { timeout: 20_000 }).toBeGreaterThan(mebi);
  const stoppedAt = Date.now();
  expect(await branch.stop()).toEqual({ code: 0, signal: null });
  expect(Date.now() - stoppedAt).toBeLessThan(5_000);
  const partials = await Promise.all(
    (await readdir(join(branch.data, 'staging'))).map((name) => stat(join(branch.data, 'staging', name))),
  );
  const [partial] = partials.map(({ size }) => size);
  expect(partial).toBeGreaterThan(mebi / 2);

  line.meddle(undefined);
  line.forget();
  await branch.start();
  expect(await cycle(branch)).toMatchObject({ outcome: 'applied' });
  expect(await unlike(source, branch.tree('tools'))).toEqual([]);
  // What was in the catalogue is not asked for again; of the large file only the rest is.
  expect(line.passed('/objects/')).toMatchObject([{ status: 206, bytes: 8 * mebi - (partial ?? 0) }]);
});

it('goes on where it was when the daemon is killed in a transfer', async () => {
  const { source, branch } = chain;
  await branch.cli('poll');
  await expect.poll(() => largest(), { timeout: 20_000 }).toBeGreaterThan(mebi);
  await branch.kill();
  line.meddle(undefined);
  line.forget();
  await branch.start();
  await cycle(branch);
  expect(await unlike(source, branch.tree('tools'))).toEqual([]);
  expect(line.passed('/objects/').filter(({ bytes }) => bytes > 100)).toMatchObject([{ status: 206 }]);
  expect(largest()).toBeLessThan(7.5 * mebi);
});

it('lets a transfer go on while the parent and the child are reloaded', async () => {
  const { source, region, branch } = chain;
  const polled = cycle(branch);
  await expect.poll(() => largest(), { timeout: 20_000 }).toBeGreaterThan(mebi);
  for (const depot of [region, branch]) {
    await depot.configure({ log: 'debug', poll: { every: '2h', 'at-start': false } });
    await depot.json('reload');
  }
  expect(await polled).toMatchObject({ outcome: 'applied' });
  expect(await unlike(source, branch.tree('tools'))).toEqual([]);
  expect(line.passed('/objects/').filter(({ bytes }) => bytes > mebi)).toMatchObject([{ status: 200 }]);
});

it('ends a second daemon on the same data directory with 5, and names the first', async () => {
  const { cluster, region } = chain;
  const listen = `https://127.0.0.1:${await freePort()}`;
  const second = await makeDepot(join(cluster.folder, 'second'), {
    depot: 'second',
    site: sites.region,
    data: region.data,
    listen,
  });
  await expect(second.start()).rejects.toThrow(`in use by another daemon, process ${region.pid()}`);
  expect(second.log()).toContain('depot status');
  expect((await statusOf(region)).depot).toBe('region');
});

function largest(): number {
  return Math.max(0, ...line.passed('/objects/').map(({ bytes }) => bytes));
}
