import { expect, it, onTestFinished } from 'vitest';
import type { DepotStatus } from '../../src/model/status.js';
import type { ReportRow } from '../../src/model/report-row.js';
import { Store } from '../../src/store/store.js';
import { countedLine, type CountedLine } from '../bench/counted-line.js';
import type { Depot } from '../harness/depot.js';
import { freePorts } from '../harness/port.js';
import { temporaryCluster } from '../harness/temporary.js';
import { tree } from '../harness/tree.js';
import { control, cycle, mirror, pollAll, publish, sites, statusOf } from './chain.js';

const mostBytes = 64 * 1024;

/** Two levels whose line is counted as it is on the wire: TLS, handshakes and headers included. */
async function start(): Promise<{ origin: Depot; region: Depot; line: CountedLine }> {
  const [parentPort = 0, linePort = 0] = await freePorts(2);
  const line = await countedLine(parentPort, undefined, linePort);
  onTestFinished(() => line.close());
  const cluster = await temporaryCluster(async (folder) => {
    const source = `${folder}/source`;
    await tree(source, { a: 'a' });
    return {
      origin: {
        site: sites.origin,
        listen: `https://127.0.0.1:${parentPort}`,
        repositories: { tools: mirror(source) },
      },
      region: { site: sites.region, parent: `https://127.0.0.1:${linePort}` },
    };
  });
  const [origin, region] = [cluster.depot('origin'), cluster.depot('region')];
  await publish(origin);
  await pollAll(region);
  return { origin, region, line };
}

/** One poll on a closed line; gives what crossed it. */
async function pollClosed(region: Depot, line: CountedLine) {
  line.take();
  const result = await cycle(region);
  const { bytes } = line.take();
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThanOrEqual(mostBytes);
  return { result, bytes };
}

it('brings reports that are too long for a closed line in parts, poll by poll, and loses no row', async () => {
  const { origin, region, line } = await start();
  await region.stop();
  const names = Array.from({ length: 700 }, (_, at) => `branch-${String(at).padStart(3, '0')}`);
  report(region, names, 1);
  await region.configure({ network: { otherwise: 'closed' } });
  await region.start();
  const arrived: number[] = [];
  while (arrived.at(-1) !== names.length && arrived.length < 20) {
    await pollClosed(region, line);
    arrived.push((await below(origin)).size);
  }
  expect(arrived.length).toBeGreaterThan(3);
  expect(arrived.at(-1)).toBe(names.length);

  // Those that have news at each poll do not keep the others from their turn.
  report(region, names, 2);
  for (let polls = 1; polls <= arrived.length + 1; polls += 1) {
    report(region, names.slice(0, 200), 2 + polls);
    await pollClosed(region, line);
  }
  for (const generation of (await below(origin)).values()) expect(generation).toBeGreaterThanOrEqual(2);
});

it('lets a directory that is too long for a closed line wait for its opening, says so, and takes over nothing before', async () => {
  const { origin, region, line } = await start();
  await region.configure({ network: { otherwise: 'closed' } });
  await region.cli('reload');
  const priority = Object.fromEntries(Array.from({ length: 4_000 }, (_, at) => [`repository-${at}`, 'low']));
  await origin.configure({ sites: { [sites.region]: { network: { priority } } } });
  const { signed } = await control(origin).reload();
  expect(signed).toBeGreaterThan(0);

  for (let polls = 0; polls < 3; polls += 1) {
    const { result } = await pollClosed(region, line);
    expect(result).toMatchObject({ outcome: 'waiting', error: { code: 'window-closed' } });
    expect(result.error?.message).toContain("the company's directory is longer than what passes a closed line");
  }
  expect(await statusOf(region)).toMatchObject({
    directory: { waitsForWindow: true, error: null },
    given: null,
    repositories: [{ generation: 1, error: null, waitsForWindow: true }],
  });
  expect((await region.cli('status')).stdout).toContain("the company's directory waits for the window");

  await region.configure({ network: undefined });
  await region.cli('reload');
  await expect.poll(async () => (await statusOf(region)).given?.generation, { timeout: 20_000 }).toBe(signed);
  expect((await statusOf(region)).directory).toMatchObject({ waitsForWindow: false, error: null });
  expect((await region.cli('status')).stdout).not.toContain("the company's directory waits");
});

/** What depots below the region would have told it, each of its own. */
function report(region: Depot, names: readonly string[], generation: number): void {
  const store = Store.open(region.data, { now: () => Date.now() });
  const figures = { units: 1, unitsComplete: 1, bytesLeft: 0, held: 0, lagSeconds: 0, error: null };
  const at = new Date().toISOString();
  const rows = names.map((depot): ReportRow => {
    const repositories = [{ name: 'tools', role: 'child' as const, generation, newest: generation, ...figures }];
    return { depot, site: `${sites.region}/${depot}`, parent: 'region', version: '0.1.0', at, repositories };
  });
  store.reports.put(rows, { depot: 'region', site: sites.region });
  store.close();
}

/** The generation that each depot below the origin is said to have, but for the region. */
async function below(origin: Depot): Promise<ReadonlyMap<string, number | null>> {
  const { below: rows } = await origin.json<DepotStatus>('status', '--tree');
  return new Map(
    (rows ?? [])
      .filter(({ depot }) => depot !== 'region')
      .map(({ depot, repositories }) => [depot, repositories[0]?.generation ?? null]),
  );
}
