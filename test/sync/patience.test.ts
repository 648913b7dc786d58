import { expect, it } from 'vitest';
import type { Host } from '../../src/host.js';
import { DepotError } from '../../src/model/errors.js';
import { patiently } from '../../src/sync/patience.js';

it('does not rush at a busy parent that asks for no peace at all', async () => {
  let nowMs = 0;
  const sleep = async (ms: number): Promise<void> => void (nowMs += ms);
  const host: Host = { now: () => nowMs, monotonic: () => nowMs, sleep, random: () => 0 };
  let asked = 0;
  const answer = patiently(host, new AbortController().signal, async () => {
    asked += 1;
    if (asked > 2_000) throw new Error('it is asked without a pause');
    throw new DepotError('parent-busy', 'busy', { retryAfterMs: 0 });
  });
  await expect(answer).rejects.toMatchObject({ code: 'parent-busy' });
  expect(asked).toBeLessThanOrEqual(1_000);
});
