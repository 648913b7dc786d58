import { expect, it } from 'vitest';
import { sha256, type Sha256 } from '../../src/model/sha256.js';
import { limits } from '../../src/protocol/limits.js';
import { makeEncoding } from '../../src/store/make-encoding.js';
import { inlineJobs } from '../../src/store/job.js';
import { noise } from '../encoding/noise.js';
import { hosted } from './hosted.js';

/** A file that shrinks to a half, in versions that differ a little. */
const version = (number: number): Buffer =>
  Buffer.from(`version ${number}${Buffer.from(noise(200_000, 9, 200_000)).toString('hex')}`);
const versions = [0, 1, 2, 3, 4, 5, 6].map(version);
const names = versions.map((content) => sha256(content));

async function withChain() {
  const depot = await hosted();
  await depot.publish('tools', Object.fromEntries(versions.map((content, at) => [`v${at}`, content])));
  const make = (object: Sha256 | undefined, base: Sha256 | null | undefined) => {
    if (object === undefined || base === undefined) throw new Error('no such version');
    return inlineJobs(depot.store)(makeEncoding, { sha256: object, base });
  };
  for (let at = 1; at < names.length; at += 1) expect(await make(names[at], names[at - 1])).toBe('ready');
  return { ...depot, make };
}

it('name what is ready of an object, and of the bases of its deltas as far back as a chain goes', async () => {
  const { child, make } = await withChain();
  expect(await make(names[6], null)).toBe('ready');
  const offers = (await child().offers('tools', [names[6] ?? expect.fail()])) ?? expect.fail();
  expect(offers.map(({ object }) => names.indexOf(object))).toEqual([6, 5, 4, 3]);
  const [last] = offers;
  expect(last).toMatchObject({ size: versions[6]?.length, forms: [{ base: null }, { base: names[5] }] });
  const [zstd, delta] = last?.forms ?? [];
  const body = await child().encoding('tools', { sha256: names[6] ?? expect.fail(), base: null }, 500_000, 0);
  let length = 0;
  for await (const chunk of body?.chunks ?? []) length += chunk.length;
  expect(zstd?.bytes).toBe(length);
  expect(delta?.bytes).toBeLessThan(1_000);
});

it('say nothing of what another repository has, not even as a base', async () => {
  const { child, publish, make } = await withChain();
  const foreign = Buffer.from(`of another ${version(1).toString()}`);
  await publish('bavaria', { foreign });
  expect(await make(names[6], sha256(foreign))).toBe('ready');
  expect(await make(sha256(foreign), names[6])).toBe('ready');
  const offers = (await child().offers('tools', [sha256(foreign), names[6] ?? expect.fail()])) ?? expect.fail();
  expect(JSON.stringify(offers)).not.toContain(sha256(foreign));
  expect(offers[0]?.object).toBe(names[6]);
  await expect(child().offers('paris', [names[6] ?? expect.fail()])).resolves.toBeUndefined();
});

it('say what does not pay, which is made once and never again', async () => {
  const { child, publish, store } = await hosted();
  const dense = Buffer.from(noise(400_000, 3, 400_000));
  await publish('tools', { dense });
  const client = child();
  const object = sha256(dense);
  expect(await client.offers('tools', [object])).toEqual([]);
  expect(await client.encoding('tools', { sha256: object, base: null }, dense.length, 0)).toBeUndefined();
  expect(await client.offers('tools', [object])).toEqual([
    { object, size: dense.length, forms: [{ base: null, bytes: null }] },
  ]);
  expect(await inlineJobs(store)(makeEncoding, { sha256: object, base: null })).toBe('declined');
  expect(await client.encoding('tools', { sha256: object, base: null }, dense.length, 0)).toBeUndefined();
});

it('are refused to questions that are none', async () => {
  const { url } = await hosted();
  const ask = async (body: string): Promise<number> => {
    const headers = { 'depotd-depot': 'munich-1', 'depotd-site': 'enterprise/germany/munich' };
    return (await fetch(`${url}/v1/repositories/tools/offers`, { method: 'POST', headers, body })).status;
  };
  const many = Array.from({ length: limits.offersAsked + 1 }, (_, at) => sha256(`${at}`));
  for (const body of ['', '{}', '{"objects":[]}', '{"objects":["x"]}', JSON.stringify({ objects: many })]) {
    expect(await ask(body)).toBe(400);
  }
  expect(await ask(`{"objects":["${'0'.repeat(64)}"],"more":"${'x'.repeat(limits.offersRequestBytes)}"}`)).toBe(400);
  expect(await ask(`{"objects":["${'0'.repeat(64)}"]}`)).toBe(200);
});

it('are found for one question of a child at a time, and for no question that nobody waits for', async () => {
  let [underWay, most, found] = [0, 0, 0];
  const depot = await hosted({}, (run) => async (job, input, options) => {
    if (job.name !== 'find-offers') return run(job, input, options);
    found += 1;
    underWay += 1;
    most = Math.max(most, underWay);
    await new Promise((resolve) => setTimeout(resolve, 100));
    underWay -= 1;
    return run(job, input, options);
  });
  await depot.publish('tools', { a: '1' });
  const asked = [sha256('1')];
  const impatient = new AbortController();
  const client = depot.child();
  const questions = Array.from({ length: 4 }, () => client.offers('tools', asked));
  const left = client.offers('tools', asked, impatient.signal).catch(() => 'left');
  await expect.poll(() => found).toBeGreaterThan(0);
  impatient.abort();
  expect(await Promise.all(questions)).toEqual([[], [], [], []]);
  expect(await left).toBe('left');
  expect(most).toBe(1);
  await client.offers('tools', asked);
  expect(found).toBe(5);
});
