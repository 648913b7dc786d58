import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { PlanSummary } from '../../src/model/plan-status.js';
import { noise } from '../encoding/noise.js';
import type { Depot } from '../harness/depot.js';
import { bytes, differences } from '../harness/tree.js';
import { cycle, mirror, pollAll, publish, sites, startPair } from './chain.js';
import { lineBetween, type Line } from './line.js';

const size = 1_000_000;
/** In each generation another part of a file that does not shrink is new. */
const changed = 60_000;
const first = noise(size, 1, size);

function inGeneration(generation: number): Buffer {
  const content = Buffer.from(first);
  for (let each = 2; each <= generation; each += 1) {
    content.set(noise(changed, each, changed), each * 2 * changed);
  }
  return content;
}

async function startLined(): Promise<{ origin: Depot; region: Depot; source: string; line: Line }> {
  const depots: Depot[] = [];
  const [child, parent] = [0, 1].map((at) => () => depots[at] ?? expect.fail());
  const line = await lineBetween(child ?? expect.fail, parent ?? expect.fail);
  const { region, origin, source } = await startPair({ disk: bytes(first) }, { region: { parent: line.url } });
  depots.push(region, origin);
  await origin.configure({ repositories: { tools: { ...mirror(source, sites.origin), 'delta-generations': 1 } } });
  await origin.cli('reload');
  return { origin, region, source, line };
}

async function planOf(depot: Depot): Promise<PlanSummary> {
  const { plans } = await depot.json<{ plans: PlanSummary[] }>('plan', 'tools');
  return plans[0] ?? expect.fail();
}

/** Bodies of content that went over the line. */
function contentBytes(line: Line): number {
  const content = [...line.passed('/objects/'), ...line.passed('/bundle')].filter(({ status }) => status < 300);
  return content.reduce((sum, passed) => sum + passed.bytes, 0);
}

it('plans the very bytes of an update that then cross the line, asking once', async () => {
  const { origin, region, source, line } = await startLined();
  await pollAll(region);
  await writeFile(join(source, 'disk'), inGeneration(2));
  await publish(origin);
  line.forget();
  const plan = await planOf(region);
  expect(plan).toMatchObject({ fetch: { files: 1, bytes: size }, wire: { exact: true } });
  expect(plan.wire.bytes).toBeGreaterThan(changed);
  expect(plan.wire.bytes).toBeLessThan(1.1 * changed);
  const came = await cycle(region);
  expect(came).toMatchObject({ outcome: 'applied', wire: plan.wire.bytes, error: null });
  expect(contentBytes(line)).toBe(plan.wire.bytes);
  expect(line.passed('/offers')).toHaveLength(1);
  expect(await differences(source, region.tree('tools'))).toBe('');
});

it('takes a chain of deltas where the parent makes none for a child that is far behind', async () => {
  const { origin, region, source, line } = await startLined();
  await pollAll(region);
  for (const generation of [2, 3, 4]) {
    await writeFile(join(source, 'disk'), inGeneration(generation));
    await publish(origin);
  }
  line.forget();
  const plan = await planOf(region);
  console.log(plan);
  const direct = (path: string): boolean => path.includes('.from.') && line.passed('.from.').length === 0;
  line.refuse(direct);
  const came = await cycle(region);
  console.log(came, line.passed());
  expect(await differences(source, region.tree('tools'))).toBe('');
});
