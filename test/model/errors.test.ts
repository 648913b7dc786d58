import { unlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { asDepotError } from '../../src/model/errors.js';

test('what the system refuses is told with the place and the remedy, and is no fault of depotd', () => {
  try {
    // Nobody may, root neither.
    unlinkSync('/proc/version');
    expect.unreachable();
  } catch (thrown) {
    const error = asDepotError(thrown, 'job apply-tree');
    expect(error).toMatchObject({ code: 'data-unusable', retry: 'later', hint: expect.stringContaining('chown') });
    expect(error.message).toMatch(/^job apply-tree: E(PERM|ACCES).*\/proc\/version/);
  }
});

test('a mistake of the program stays one', () => {
  expect(asDepotError(new TypeError('x is undefined'), 'plan')).toMatchObject({
    code: 'internal',
    message: 'plan: x is undefined',
  });
});
