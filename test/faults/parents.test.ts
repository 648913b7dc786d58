import { randomBytes } from 'node:crypto';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { afterTheLast } from '../harness/temporary.js';
import { sha256 } from '../../src/model/sha256.js';
import type { DepotStatus } from '../../src/model/status.js';
import { asks } from '../cluster/certificate.js';
import { control, cycle, pollAll, publish, sites, startChain, statusOf, type Chain } from '../cluster/chain.js';
import { lineBetween, type Line, type Meddling } from '../cluster/line.js';
import { unlike } from '../cluster/unlike.js';
import { selfSigned } from '../harness/certificates.js';
import type { Depot } from '../harness/depot.js';
import { readTree, tree, type Tree } from '../harness/tree.js';
import { answering } from '../protocol/misbehaving.js';

let chain: Chain;
let line: Line;
/** What the branch has; and the generation that the region has meanwhile. */
let before: Tree;
let complete: number | null | undefined;
let generation: number;

const whenDone = afterTheLast();
beforeAll(async () => {
  line = await lineBetween(
    () => chain.branch,
    () => chain.region,
    whenDone,
  );
  chain = await startChain({ small: '0', large: '0', kept: 'kept' }, { branch: { parent: line.url } }, whenDone);
  await pollAll(chain.region);
  await pollAll(chain.branch);
});

/**
 * A generation that is new at the region: a small file, one that was not there, and one of 700,000 bytes that do not shrink,
 * which travels alone and as it is.
 */
beforeEach(async () => {
  const { source, origin, region, branch } = chain;
  before = await readTree(branch.tree('tools'));
  complete = (await statusOf(branch)).repositories[0]?.generation;
  const now = `${Object.keys(before).length}`;
  await tree(source, {
    small: `small ${now}`,
    [`new-${now}`]: now,
  });
  await writeFile(join(source, 'large'), randomBytes(700_000));
  generation = await publish(origin);
  await cycle(region);
  line.forget();
});

/** What `depot poll --wait` says at the branch, which keeps what it has and serves it on. */
async function fails(exitCode: number, ...said: string[]): Promise<void> {
  const { branch, region } = chain;
  const poll = await branch.cli('poll', '--wait');
  for (const words of said) expect(poll.stdout).toContain(words);
  expect(poll.exitCode).toBe(exitCode);
  expect(await readTree(branch.tree('tools'))).toEqual(before);
  const state = await asks(region, `${branch.url}/v1/repositories/tools/state`);
  expect(state).toMatchObject({ complete: { generation: complete } });
}

/** Has the branch ask there, until the test ends. */
async function askAt(url: string): Promise<void> {
  const { branch } = chain;
  await branch.configure({ parent: url });
  await branch.json('reload');
  onTestFinished(async () => {
    await branch.configure({ parent: line.url });
    await branch.json('reload');
  });
}

/** The next poll through a line that behaves brings the generation, and says how many objects and bundles it took. */
async function recovers(): Promise<[objects: number, bundles: number]> {
  line.meddle(undefined);
  line.forget();
  const { source, branch } = chain;
  expect(await cycle(branch)).toMatchObject({ outcome: 'applied', toGeneration: generation, error: null });
  expect(await unlike(source, branch.tree('tools'))).toEqual([]);
  expect((await statusOf(branch)).repositories).toMatchObject([{ generation, error: null }]);
  return [line.passed('/objects/').length, line.passed('/bundle').length];
}

describe('a parent', () => {
  it('that is down', async () => {
    const { region, branch } = chain;
    await askAt(region.url);
    await region.stop();
    await fails(10, `at ${region.url}: connect ECONNREFUSED`, 'is the parent running, and is this its address?');
    const status = await branch.cli('status');
    expect(status.exitCode).toBe(0);
    expect(status.stdout).toContain('connect ECONNREFUSED');
    const warnings = (): number => branch.records().filter(({ level }) => level === 'warn').length;
    const warned = warnings();
    await cycle(branch);
    expect(warnings()).toBe(warned);
    await region.start();
    expect(await recovers()).toEqual([0, 0]);
  });

  it('that is not of the company, as the sign-in page of a network is not', async () => {
    const page = '<!DOCTYPE html><title>Sign in</title>';
    const own = await selfSigned('region', sites.region, []);
    const url = await answering(
      (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page),
      own,
    );
    const { branch, region } = chain;
    await askAt(url);
    await fails(10, 'certificate of the parent');
    expect((await statusOf(branch)).parents).toMatchObject([
      { url, answers: 'no', error: { code: 'certificate-refused' } },
    ]);
    await askAt(region.url);
    await recovers();
  });

  it('whose bodies end early: what came is kept', async () => {
    line.meddle(cutAt([200_000, 1000], '/objects/'));
    // A cycle gives up where three attempts in a row bring hardly anything.
    await fails(10, 'tools: failed');
    expect(line.passed('/objects/').filter(({ status }) => status === 206)).toHaveLength(2);
    const kept = await staged(chain.branch);
    expect(kept).toBeGreaterThan(200_000);
    expect(await recovers()).toEqual([1, 0]);
    expect(line.passed('/objects/')).toMatchObject([{ status: 206, bytes: 700_000 - kept }]);
  });

  it('whose bodies end early, but bring something each time: all comes in one cycle, each byte once', async () => {
    line.meddle(cutAt([100_000], '/objects/'));
    expect(await cycle(chain.branch)).toMatchObject({ outcome: 'applied', toGeneration: generation, error: null });
    const parts = line.passed('/objects/').filter(({ status }) => status < 300);
    expect(parts.length).toBeGreaterThan(4);
    expect(parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(700_000);
    expect(await unlike(chain.source, chain.branch.tree('tools'))).toEqual([]);
  });

  it('whose encodings end early: what came is gone on with', async () => {
    const { object, wholeBytes } = await publishPacked();
    line.meddle(cutAt([300_000, 1000], '.zst'));
    await fails(10, 'tools: failed');
    expect(line.passed('.zst').filter(({ status }) => status === 206)).toHaveLength(2);
    const kept = await staged(chain.branch);
    expect(kept).toBeGreaterThan(300_000);
    await recovers();
    expect(line.passed(`${object}.zst`)).toMatchObject([{ status: 206, bytes: wholeBytes - kept }]);
  });

  it('whose encodings are not what they should be: the object is asked for as it is', async () => {
    const { object } = await publishPacked();
    line.meddle(tampering('.zst'));
    expect(await cycle(chain.branch)).toMatchObject({ outcome: 'applied', toGeneration: generation, error: null });
    expect(line.passed(object).map(({ path, status }) => [path.split('.')[1], status])).toEqual([
      ['zst', 200],
      [undefined, 200],
    ]);
    expect(await unlike(chain.source, chain.branch.tree('tools'))).toEqual([]);
  });

  it('whose bundles end early: the files that came whole are kept, and only the rest is asked for again', async () => {
    const { source, origin, region } = chain;
    const many = Array.from(
      { length: 100 },
      (_, at) => [`many/${at}`, randomBytes(20_000).toString('base64')] as const,
    );
    await tree(source, Object.fromEntries(many));
    generation = await publish(origin);
    await cycle(region);
    line.forget();
    line.meddle(cutAt([500_000], '/bundle'));
    await fails(10, 'tools: failed');
    expect(line.passed('/bundle')).toHaveLength(3);
    expect(await recovers()).toEqual([0, 1]);
    // Of two million bytes the three attempts brought 500,000 each.
    expect(line.passed('/bundle')[0]?.bytes).toBeLessThan(1_000_000);
  });

  it('whose bundles are not what was asked for: each object is asked for by its name', async () => {
    line.meddle(tampering('/bundle'));
    expect(await cycle(chain.branch)).toMatchObject({ outcome: 'applied', toGeneration: generation, error: null });
    expect(line.passed('/bundle')).toHaveLength(1);
    expect(line.passed('/objects/').length).toBeGreaterThan(1);
    expect(await unlike(chain.source, chain.branch.tree('tools'))).toEqual([]);
  });

  it('whose objects are not what their names say: nothing of them is seen, or kept', async () => {
    const { region, origin } = chain;
    line.meddle(tampering('/objects/'));
    await fails(11, 'is not what its name says', 'depot verify');
    await cycle(region);
    const { below } = await control(origin).status({ tree: true });
    expect(errorOf(below, 'branch')).toContain('is not what its name says');
    await recovers();
  });

  it('whose head is not the one that it announced', async () => {
    line.meddle(tampering('/metadata/'));
    await fails(10, 'tools: failed');
    await recovers();
  });

  it('whose difference stream and pages are damaged', async () => {
    line.meddle(async function* (body, passed) {
      yield* tampering('/manifests/')(tampering('/pages/')(body, passed), passed);
    });
    await fails(11, 'tools: failed');
    expect(line.passed('/pages/').length).toBeGreaterThan(0);
    await recovers();
  });

  it('whose difference stream is damaged, while its pages are not', async () => {
    line.meddle(tampering('/manifests/'));
    expect(await cycle(chain.branch)).toMatchObject({ outcome: 'applied', toGeneration: generation });
    expect(chain.branch.records()).toContainEqual(
      expect.objectContaining({ level: 'warn', msg: expect.stringContaining('taking the pages instead') }),
    );
    expect(await unlike(chain.source, chain.branch.tree('tools'))).toEqual([]);
  });
});

/** A generation with one more file, of two million characters that shrink by a quarter, at the region. */
async function publishPacked(): Promise<{ readonly object: string; readonly wholeBytes: number }> {
  const { source, origin, region } = chain;
  const content = randomBytes(1_500_000).toString('base64');
  await writeFile(join(source, `packed.${randomBytes(4).toString('base64url')}`), content);
  generation = await publish(origin);
  await cycle(region);
  line.forget();
  const object = sha256(content);
  return { object, wholeBytes: (await stat(join(region.data, 'encodings', `${object}.zst`))).size };
}

/** Lets so many bytes of each body of that kind through; what the child has not read by then goes with the connection. */
/** Cuts the first of such bodies after so many bytes, and so on; the last number counts for all that follow. */
function cutAt(bytes: readonly number[], part: string): Meddling {
  let count = 0;
  return async function* (body, { path, status }) {
    const isMeant = path.includes(part) && status < 300;
    if (isMeant) count += 1;
    let left = isMeant ? (bytes[count - 1] ?? bytes.at(-1) ?? Infinity) : Infinity;
    for await (const chunk of body) {
      yield chunk.subarray(0, left);
      left -= chunk.length;
      if (left > 0) continue;
      await delay(200);
      throw new Error('cut');
    }
  };
}

/** Bytes of partial transfers at a depot. */
async function staged(depot: Depot): Promise<number> {
  const folder = join(depot.data, 'staging');
  const sizes = (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** Turns one bit in the middle of each body of that kind. */
function tampering(part: string): Meddling {
  return async function* (body, { path }) {
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(chunk);
    const whole = Buffer.concat(chunks);
    const middle = whole.length >> 1;
    if (path.includes(part) && whole.length > 0) whole[middle] = (whole[middle] ?? 0) ^ 1;
    yield whole;
  };
}

function errorOf(below: DepotStatus['below'], depot: string): string | null {
  return below?.find((row) => row.depot === depot)?.repositories[0]?.error ?? null;
}
