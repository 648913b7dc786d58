import { expect, it } from 'vitest';
import { sha256 } from '../../src/model/sha256.js';
import { KnownOffers } from '../../src/sync/known-offers.js';

const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => sha256(name));
const names = [a, b, c, d].flatMap((name) => name ?? []);
const minuteMs = 60_000;

it('asks a parent again only about what it was not asked about for a while, also where it had nothing', () => {
  const known = new KnownOffers();
  expect(known.unknown('tools', names, 0, false)).toEqual(names);
  known.learn('tools', names.slice(0, 2), [{ object: names[0] ?? sha256(''), size: 1, forms: [] }], 0);
  expect(known.unknown('tools', names, minuteMs, false)).toEqual(names.slice(2));
  expect(known.unknown('other', names, minuteMs, false)).toEqual(names);
  expect(known.unknown('tools', names, 11 * minuteMs, false)).toEqual(names);
  expect(known.unknown('tools', names, 11 * minuteMs, true)).toEqual(names.slice(2));
});

it('leaves a parent alone for an hour that tells nobody what it has', () => {
  const known = new KnownOffers();
  known.fellSilent('tools', 0);
  expect(known.unknown('tools', names, 59 * minuteMs, false)).toEqual([]);
  expect(known.unknown('other', names, 0, false)).toEqual(names);
  expect(known.unknown('tools', names, 61 * minuteMs, false)).toEqual(names);
});

it('asks no second time while a line is closed that the answer does not pass, and at once when it is open', () => {
  const known = new KnownOffers();
  known.tooLong('tools', names);
  expect(known.unknown('tools', names, 0, true)).toEqual([]);
  expect(known.unknown('tools', names, 0, false)).toEqual(names);
});

it('gives what leads to an object, round circles too, and forgets what an object no longer has', () => {
  const known = new KnownOffers();
  const [first = sha256(''), second = sha256(''), third = sha256('')] = names;
  const offer = (object: typeof first, base: typeof first) => ({ object, size: 9, forms: [{ base, bytes: 1 }] });
  known.learn('tools', [first], [offer(first, second), offer(second, first), offer(third, first)], 0);
  expect([...known.leadingTo('tools', [first]).keys()]).toEqual([first, second]);
  known.learn('tools', [first], [], 1);
  expect([...known.leadingTo('tools', [first]).keys()]).toEqual([]);
});

it('keeps of an answer only what deltas lead to from what was asked, those of earlier answers among them', () => {
  const known = new KnownOffers();
  const [first = sha256(''), second = sha256(''), third = sha256(''), fourth = sha256('')] = names;
  const offer = (object: typeof first, base: typeof first) => ({ object, size: 9, forms: [{ base, bytes: 1 }] });
  known.learn('tools', [first], [offer(first, second), offer(second, third), offer(fourth, first)], 0);
  expect([...known.of('tools').keys()]).toEqual([first, second]);
  known.learn('tools', [fourth], [offer(fourth, second), offer(third, first)], 0);
  expect(new Set(known.of('tools').keys())).toEqual(new Set(names));
});

it.each([
  ['a parent that has nothing', 0],
  ['one that offers all forms of each', 17],
])('remembers so much of %s, then begins anew', (_, forms) => {
  const known = new KnownOffers();
  const bases = Array.from({ length: forms }, (_, at) => ({ base: sha256(`base ${at}`), bytes: 1 }));
  let learnt = 0;
  for (; !known.isFull('tools') && learnt < 1_000_000; learnt += 500) {
    const asked = Array.from({ length: 500 }, (_, at) => sha256(`${learnt + at}`));
    known.learn('tools', asked, forms === 0 ? [] : asked.map((object) => ({ object, size: 1, forms: bases })), 0);
    // What is said again takes no more room.
    known.learn('tools', asked, forms === 0 ? [] : asked.map((object) => ({ object, size: 1, forms: bases })), 0);
  }
  expect(learnt).toBe(forms === 0 ? 150_000 : 8_000);
  expect(known.unknown('tools', names, 0, false)).toEqual(names);
  expect(known.isFull('tools')).toBe(false);
});
