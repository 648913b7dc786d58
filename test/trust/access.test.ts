import { describe, expect, test } from 'vitest';
import { mayBeParent, mayEnrol, mayInvite } from '../../src/trust/access.js';

const sites = ['enterprise', 'enterprise/germany', 'enterprise/germany/munich', 'enterprise/germany-2', 'other'];

/** What a depot at the site in front may reach of the site above; `a` above it, `=` its own, `b` below it, `-` neither. */
const places = {
  enterprise: '=bbb-',
  'enterprise/germany': 'a=b--',
  'enterprise/germany/munich': 'aa=--',
  'enterprise/germany-2': 'a--=-',
  other: '----=',
};

const matrix = Object.entries(places).flatMap(([site, row]) =>
  sites.map((other, at) => ({ site, other, place: row.charAt(at) })),
);

describe.each(matrix)('a depot at $site, and $other ($place)', ({ site, other, place }) => {
  const depot = { depot: 'this-1', site };
  const above = place === 'a' || place === '=';

  test('takes content from depots at its own site and above', () => {
    expect(mayBeParent({ depot: 'that-1', site: other }, depot)).toBe(above);
  });

  test('publishes at its own site, and above with the consent of a person', () => {
    expect(mayEnrol(depot, other)).toBe(place === '=' ? 'yes' : place === 'a' ? 'approval' : 'no');
  });

  test('brings in depots at its own site and below', () => {
    expect(mayInvite(depot, other)).toBe(place === 'b' || place === '=');
  });
});
