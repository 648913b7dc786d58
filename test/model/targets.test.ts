import { expect, test } from 'vitest';
import { isTargeted } from '../../src/model/targets.js';

test('a package goes to the sites that are named and all below', () => {
  const targets = { to: ['enterprise/germany'], except: [] };
  expect(isTargeted(targets, 'enterprise/germany')).toBe(true);
  expect(isTargeted(targets, 'enterprise/germany/munich')).toBe(true);
  expect(isTargeted(targets, 'enterprise/germany-2')).toBe(false);
  expect(isTargeted(targets, 'enterprise')).toBe(false);
  expect(isTargeted(null, 'enterprise')).toBe(false);
});

test('where a site is named and excepted, the longer name decides', () => {
  const targets = { to: ['enterprise', 'enterprise/germany/munich'], except: ['enterprise/germany'] };
  expect(isTargeted(targets, 'enterprise/france')).toBe(true);
  expect(isTargeted(targets, 'enterprise/germany/stuttgart')).toBe(false);
  expect(isTargeted(targets, 'enterprise/germany/munich/hall-2')).toBe(true);
});
