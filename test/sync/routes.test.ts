import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatEncodingName } from '../../src/model/encoding.js';
import { mostSteps, type Offer, type Offers } from '../../src/model/offer.js';
import { sha256, type Sha256 } from '../../src/model/sha256.js';
import type { TravelForm } from '../../src/model/travel.js';
import { cheapestRoute, isExact, nextRoute, requestBytes, type RouteKnowledge } from '../../src/sync/routes.js';

const objects = ['wanted', 'b', 'c', 'd', 'e', 'f'].map((name) => sha256(name));
const [wantedName = sha256('wanted'), b = sha256('b'), c = sha256('c')] = objects;
const size = 1_000_000;
const wanted = { sha256: wantedName, size, form: 'any' as const, base: null };

const anyTravelForm = fc.constantFrom<TravelForm>('any', 'raw-or-delta', 'raw');
const anyForm = fc.record({
  base: fc.oneof(fc.constant(null), fc.constantFrom(...objects)),
  bytes: fc.oneof(
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 5, arbitrary: fc.integer({ min: 1, max: size }) },
  ),
});
const anyOffers = fc
  .tuple(...objects.map(() => fc.record({ size: fc.nat(6 * size), forms: fc.array(anyForm, { maxLength: 5 }) })))
  .map(
    (offers): Offers => new Map(offers.map((offer, at) => [objects[at] ?? b, { object: objects[at] ?? b, ...offer }])),
  );

const knowing = (offers: Offers, held: readonly Sha256[] = [], tried: readonly string[] = []): RouteKnowledge => ({
  offers,
  isHeld: (object) => held.includes(object),
  isUsable: (name) => !tried.includes(formatEncodingName(name)),
});

/** What each way costs that there is, headers included. */
function* costs(knowledge: RouteKnowledge, form: TravelForm, object = wantedName, steps = 0): Generator<number> {
  if (object === wantedName) yield size + requestBytes;
  if (steps === mostSteps || form === 'raw') return;
  for (const { base, bytes } of knowledge.offers.get(object)?.forms ?? []) {
    const makes = object === wantedName ? size : (knowledge.offers.get(object)?.size ?? 0);
    if (bytes === null || bytes > makes || !knowledge.isUsable({ sha256: object, base })) continue;
    const cost = bytes + requestBytes;
    if (base === null) {
      if (form === 'any') yield cost;
    } else if (base !== wantedName) {
      if (knowledge.isHeld(base)) yield cost;
      else if ((knowledge.offers.get(base)?.size ?? Infinity) <= 4 * size)
        for (const rest of costs(knowledge, form, base, steps + 1)) yield cost + rest;
    }
  }
}

it('finds the cheapest of all ways, whatever is offered, held and tried', () => {
  const held = fc.subarray(objects.slice(1));
  const tried = fc.array(
    fc
      .record({ sha256: fc.constantFrom(...objects), base: fc.oneof(fc.constant(null), fc.constantFrom(...objects)) })
      .map(formatEncodingName),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(anyOffers, held, tried, anyTravelForm, (offers, isHeld, isTried, form) => {
      const knowledge = knowing(offers, isHeld, isTried);
      const { steps, bytes } = cheapestRoute({ ...wanted, form }, knowledge);
      const requests = Math.max(1, steps.length);
      expect(bytes + requests * requestBytes).toBe(Math.min(...costs(knowledge, form)));
      // It can be walked: from what is held, or whole, each form on what the one before makes.
      expect(steps.length).toBeLessThanOrEqual(mostSteps);
      for (const [at, { name }] of steps.entries()) {
        const before = steps[at - 1]?.name.sha256;
        expect(at > 0 ? name.base === before : name.base === null || isHeld.includes(name.base)).toBe(true);
      }
      if (steps.length > 0) expect(steps.at(-1)?.name.sha256).toBe(wantedName);
      expect(steps.reduce((sum, step) => sum + (step.bytes ?? 0), 0)).toBe(steps.length > 0 ? bytes : 0);
    }),
    { numRuns: 500 },
  );
});

const offer = (object: Sha256, ...forms: Offer['forms']): [Sha256, Offer] => [object, { object, size, forms }];

/** The forms that are asked for one after the other where each one turns out not to be there, and what is expected of each. */
function asked(one: Parameters<typeof nextRoute>[0], offers: Offers, held: readonly Sha256[]): string[] {
  const tried: string[] = [];
  for (;;) {
    const route = nextRoute(one, knowing(offers, held, tried));
    const last = route.steps.at(-1);
    if (last === undefined) return tried;
    tried.push(formatEncodingName(last.name));
  }
}

it('asks a parent that says nothing for a delta, then for the compressed file, then as it is', () => {
  const based = { ...wanted, base: { sha256: b, size } };
  expect(asked(based, new Map(), [b])).toEqual([`${wantedName}.from.${b}`, `${wantedName}.zst`]);
  expect(asked({ ...based, form: 'raw-or-delta' }, new Map(), [b])).toEqual([`${wantedName}.from.${b}`]);
  expect(asked({ ...based, form: 'raw' }, new Map(), [b])).toEqual([]);
  expect(asked(based, new Map(), [])).toEqual([`${wantedName}.zst`]);
  const route = nextRoute(based, knowing(new Map(), [b]));
  expect([route.bytes, isExact(route)]).toEqual([size, false]);
});

it('has a delta made only where what is offered is not small, and the parent did not say that it does not pay', () => {
  const based = { ...wanted, base: { sha256: b, size } };
  const zstd = (bytes: number | null) => ({ base: null, bytes });
  const large = new Map([offer(wantedName, zstd(300_000))]);
  expect(asked(based, large, [b])).toEqual([`${wantedName}.from.${b}`, `${wantedName}.zst`]);
  const tiny = new Map([offer(wantedName, zstd(60_000))]);
  expect(nextRoute(based, knowing(tiny, [b]))).toMatchObject({ bytes: 60_000, steps: [{ name: { base: null } }] });
  const declined = new Map([offer(wantedName, zstd(null), { base: b, bytes: null })]);
  const route = nextRoute(based, knowing(declined, [b]));
  expect([route, isExact(route)]).toEqual([{ steps: [], bytes: size }, true]);
});

it('goes by what another revision that is held is offered as, before it has one made', () => {
  const based = { ...wanted, base: { sha256: b, size } };
  const offers = new Map([offer(wantedName, { base: c, bytes: 5_000 }, { base: null, bytes: 300_000 })]);
  expect(nextRoute(based, knowing(offers, [b, c]))).toMatchObject({ bytes: 5_000 });
});

it('chooses among what a parent offers without end as fast as among few, and looks for each object once', () => {
  const others = Array.from({ length: 4_000 }, (_, at) => sha256(`${at}`));
  const forms = (from: number) =>
    Array.from({ length: 17 }, (_, at) => ({ base: others[(from * 17 + at) % others.length] ?? b, bytes: at + 1 }));
  const offers = new Map([offer(wantedName, ...forms(0)), ...others.map((each, at) => offer(each, ...forms(at + 1)))]);
  const sought: Sha256[] = [];
  const isHeld = (object: Sha256): boolean => sought.push(object) < 0;
  expect(cheapestRoute(wanted, { ...knowing(offers), isHeld })).toEqual({ steps: [], bytes: size });
  expect(new Set(sought).size).toBe(sought.length);
  // Of each of 32 chains at each step, and of the object itself.
  expect(sought.length).toBeLessThanOrEqual(17 * (1 + 3 * 32));
});
