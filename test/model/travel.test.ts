import { expect, test } from 'vitest';
import { sameTravel, travelForms, travelFreely } from '../../src/model/travel.js';

test('a file travels as the rules say that its path matches; the stricter one counts', () => {
  const formOf = travelForms({ raw: ['**/*.msi'], rawOrDelta: ['images/**', '.hidden'] });
  const forms = ['setup.msi', 'a/b.msi', 'images/x.msi', 'images/x', '.hidden', 'x'].map((path) => formOf({ path }));
  expect(forms).toEqual(['raw', 'raw', 'raw', 'raw-or-delta', 'raw-or-delta', 'any']);
  expect(travelForms(travelFreely)({ path: 'a.msi' })).toBe('any');
});

test('rules are the same when they say the same in the same words', () => {
  expect(sameTravel(travelFreely, { raw: [], rawOrDelta: [] })).toBe(true);
  expect(sameTravel({ raw: ['a'], rawOrDelta: [] }, { raw: [], rawOrDelta: ['a'] })).toBe(false);
});
