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
