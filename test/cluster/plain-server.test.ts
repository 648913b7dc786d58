import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { differences } from '../harness/tree.js';
import { begin, repositoryOf, startBelowFiles } from './below-files.js';
import { statusOf } from './chain.js';

it('gets a mirror from a server of plain files, stops at the end of a range when its window closes, and goes on from there when it opens', async () => {
  const size = 1_500_000;
  const { source, server, children } = await startBelowFiles(size, ['1600kbit/s']);
  const [{ depot, line } = { depot: undefined, line: undefined }] = children;
  if (depot === undefined) throw new Error('no child');
  await begin(depot);
  await expect
    .poll(async () => (await repositoryOf(depot))?.cycle?.bytes.done ?? 0, { timeout: 20_000 })
    .toBeGreaterThan(200_000);
  await depot.configure({ network: { otherwise: 'closed' } });
  await depot.cli('reload');
  await expect.poll(async () => (await repositoryOf(depot))?.cycle, { timeout: 5_000 }).toBeNull();
  expect(await repositoryOf(depot)).toMatchObject({ waitsForWindow: true, error: null });
  line.take();
  await delay(1_500);
  expect(line.take().bytes).toBe(0);
  await depot.poll();
  expect(line.take().bytes).toBeLessThan(64 * 1024);

  await depot.configure({ network: { otherwise: '16Mbit/s' } });
  await depot.cli('reload');
  await expect.poll(async () => (await repositoryOf(depot))?.generation, { timeout: 20_000 }).toBe(1);
  expect(await differences(source, depot.tree('tools'))).toBe('');
  expect(await statusOf(depot)).toMatchObject({
    parents: [{ answers: 'yes', error: null }],
    repositories: [{ error: null, trust: { authenticated: true }, damaged: 0 }],
  });
  // Each byte of each file once.
  const files = 'read me'.length + 'tool '.length * 100;
  expect(server.ranges.reduce((a, b) => a + b, 0)).toBe(size + files);
});
