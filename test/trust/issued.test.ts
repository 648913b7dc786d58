import { expect, test } from 'vitest';
import { requireIssued } from '../../src/trust/issued.js';
import { enrol, germany, munich, newAuthority, nowMs } from './fixture.js';

const authority = await newAuthority();
const [ours, others] = [await enrol(authority, munich), await enrol(authority, germany)];
const context = { anchors: [authority.rootCertificate], nowMs };

test('the certificate that was asked for is taken', () => {
  expect(() => requireIssued(ours.chain, ours.key, munich, context)).not.toThrow();
});

test.each([
  ['of another depot', others.chain, others.key],
  ['for another key', ours.chain, others.key],
])('a certificate %s is refused', (_, chain, key) => {
  expect(() => requireIssued(chain, key, munich, context)).toThrow('is not for this depot, munich-1');
});

test('a certificate of another CA is refused', async () => {
  const foreign = await enrol(await newAuthority(), munich);
  expect(() => requireIssued(foreign.chain, foreign.key, munich, context)).toThrow();
});
