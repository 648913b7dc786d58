import { readdir } from 'node:fs/promises';
import { compress } from 'zstd-napi';
import { expect, it } from 'vitest';
import { mostSteps, type Offer } from '../../src/model/offer.js';
import { sha256, type Sha256 } from '../../src/model/sha256.js';
import { limits } from '../../src/protocol/limits.js';
import { noise } from '../encoding/noise.js';
import type { Tree } from '../harness/tree.js';
import { only } from './attacks.js';
import { middleDepot, newChild, newOrigin, type Altering, type Answer, type HonestAnswer } from './fixture.js';
import { sized } from './manipulations.js';

/** Large enough to travel by itself, and to be worth a delta. */
const text = (seed: number): string => Buffer.from(noise(300_000, seed, 300_000)).toString('hex');
const before: Tree = { large: text(1) };
const content = text(5);
const after: Tree = { large: content };
const [wanted, held, unknown] = [sha256(content), sha256(text(1)), sha256('nobody has this')];
const { length: size } = content;

const sent = (answer: HonestAnswer, body: Buffer): Answer =>
  sized({ ...answer, status: 200, headers: { 'content-type': 'application/octet-stream' } }, body);

/** Offers in place of the true ones, and bodies in place of those of some forms. */
const lying =
  (offers: readonly Offer[], bodies: Readonly<Record<string, Buffer>> = {}): Altering =>
  (path, answer) => {
    if (path.endsWith('/offers')) return told(answer, JSON.stringify({ offers }));
    const body = bodies[path.slice(path.lastIndexOf('/') + 1)];
    return body === undefined ? answer : sent(answer, body);
  };

const told = (answer: HonestAnswer, json: string): Answer =>
  sized({ ...answer, status: 200, headers: { 'content-type': 'application/json' } }, Buffer.from(json));

const offer = (object: Sha256, ...forms: Offer['forms']): Offer => ({ object, size, forms });

async function* endless(): AsyncGenerator<Uint8Array> {
  for (const chunk = Buffer.alloc(64 * 1024, '{"offers":['); ;) yield chunk;
}

const bomb = compress(Buffer.alloc(200 * 1024 * 1024));
const many = Array.from({ length: 40 }, (_, at) => sha256(`link ${at}`));

const lies: Readonly<Record<string, Altering>> = {
  'a size that is too small': lying([offer(wanted, { base: null, bytes: 10 })]),
  'a delta on what is held that is none': lying([offer(wanted, { base: held, bytes: 40 })], {
    [`${wanted}.from.${held}`]: Buffer.alloc(40, 'delta'),
  }),
  'a base that nobody has': lying([offer(wanted, { base: unknown, bytes: 10 })]),
  'a way over an object that there is not': lying([
    offer(wanted, { base: unknown, bytes: 10 }),
    offer(unknown, { base: null, bytes: 10 }, { base: held, bytes: 10 }),
  ]),
  'a way round in a circle': lying([
    offer(wanted, { base: unknown, bytes: 10 }, { base: wanted, bytes: 1 }),
    offer(unknown, { base: wanted, bytes: 1 }, { base: unknown, bytes: 1 }),
  ]),
  'a bomb on the way': lying(
    [offer(wanted, { base: unknown, bytes: 10 }), offer(unknown, { base: null, bytes: bomb.length })],
    {
      [`${unknown}.zst`]: bomb,
      [`${wanted}.from.${unknown}`]: Buffer.alloc(10, 'x'),
    },
  ),
  'an object on the way that is larger than any disk': lying([
    offer(wanted, { base: unknown, bytes: 10 }),
    { object: unknown, size: 2 ** 50, forms: [{ base: null, bytes: 10 }] },
  ]),
  'an object on the way that is smaller than its form': lying([
    offer(wanted, { base: unknown, bytes: 10 }),
    { object: unknown, size: 1, forms: [{ base: null, bytes: 100_000 }] },
  ]),
  'ways without number': lying([
    offer(wanted, ...many.slice(0, limits.offeredForms).map((base) => ({ base, bytes: 1 }))),
    ...many.map((object) => offer(object, ...many.slice(0, limits.offeredForms).map((base) => ({ base, bytes: 1 })))),
  ]),
  'forms without number': only('offers', (answer) =>
    told(answer, JSON.stringify({ offers: [offer(wanted, ...many.map((base) => ({ base, bytes: 1 })))] })),
  ),
  'an answer without end': only('offers', (answer) => {
    const { 'content-length': _, ...headers } = answer.headers;
    return { ...answer, headers, body: endless() };
  }),
  'sizes below nothing': only('offers', (answer) =>
    told(answer, JSON.stringify({ offers: [offer(wanted, { base: null, bytes: -1 })] })),
  ),
  'a web page': only('offers', (answer) =>
    sized({ ...answer, headers: { 'content-type': 'text/html' } }, Buffer.from('<html>')),
  ),
};

it.each(Object.entries(lies))('%s, offered by a parent, costs bytes at most', async (_, alter) => {
  const origin = await newOrigin();
  await origin.publish(before);
  const middle = await middleDepot(origin);
  const child = await newChild(origin, [middle]);
  expect((await child.cycle()).error).toBeNull();
  await origin.publish(after);
  middle.asked.length = 0;
  middle.alter = alter;
  const result = await child.cycle();
  expect(result).toMatchObject({ outcome: 'applied', error: null });
  expect(await child.tree()).toEqual(after);
  // Each form is tried once: the offered ones, then a delta, the compressed file, and the file itself.
  const asked = middle.asked.filter((path) => path.includes('/objects/'));
  expect(new Set(asked).size).toBe(asked.length);
  expect(asked.length).toBeLessThanOrEqual(4 * mostSteps + 3);
  expect(result.wire).toBeLessThan(bomb.length + 2 * size);
  // Nothing of what was made up is kept.
  expect(child.store.objects.has(unknown)).toBe(false);
  expect(await readdir(child.store.layout.staging)).toEqual([]);
});

it('takes no form that is made for it where another one that is offered is smaller', async () => {
  const origin = await newOrigin();
  await origin.publish(before);
  const middle = await middleDepot(origin);
  const child = await newChild(origin, [middle]);
  await child.cycle();
  await origin.publish(after);
  // It shrinks to a half.
  middle.alter = lying([offer(wanted, { base: null, bytes: 400_000 })], {
    [`${wanted}.from.${held}`]: Buffer.alloc(500_000, 'delta'),
  });
  const result = await child.cycle();
  expect(result).toMatchObject({ outcome: 'applied', error: null });
  expect(result.wire).toBeLessThan(400_000);
  expect(await child.tree()).toEqual(after);
});
