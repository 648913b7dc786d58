import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { putPackage, type PackageName } from '../harness/packages.js';
import { temporaryCluster } from '../harness/temporary.js';
import { relayTo } from '../protocol/misbehaving.js';
import { pollAll, sites } from './chain.js';
import { deskOf } from './package-desk.js';
import { unlike } from './unlike.js';

it('brings two versions of real packages through three levels, the second as a fraction of the first', async () => {
  const cluster = await temporaryCluster(
    (folder) => ({
      origin: {
        site: sites.origin,
        repositories: { apps: { kind: 'packages', context: sites.origin, work: join(folder, 'work') } },
      },
      region: { site: sites.region, parent: 'origin' },
      branch: { site: sites.branch, parent: 'region' },
    }),
    onTestFinished,
    'http',
  );
  const [origin, region, branch] = [cluster.depot('origin'), cluster.depot('region'), cluster.depot('branch')];
  const relay = await relayTo(region.url);
  await branch.configure({ parent: relay.url });
  await branch.json('reload');
  const desk = deskOf(origin, 'apps');
  const work = join(cluster.folder, 'work');
  const names: PackageName[] = ['highlight', 'lodash', 'ramda'];
  await pollAll(branch);
  await pollAll(region);

  const bytes: Record<string, number[]> = { highlight: [], lodash: [], ramda: [] };
  for (const [at, version] of (['a', 'b'] as const).entries()) {
    for (const name of names) {
      if (at === 0) await desk.create(name);
      await putPackage(work, name, version);
      const { change } = await desk.prepare(name);
      await desk.distribute(name, ['enterprise']);
      await desk.release(name);
      const before = relay.bytes();
      await pollAll(region);
      await pollAll(branch);
      const onTheWire = relay.bytes() - before;
      bytes[name]?.push(onTheWire);
      for (const depot of [origin, region, branch]) {
        expect(await unlike(join(work, name), join(depot.tree('apps'), name, String(at + 1)))).toEqual([]);
      }
      // What was foretold is about what came.
      expect(onTheWire).toBeLessThan((change?.wireBytes ?? 0) * 1.5 + 100_000);
    }
  }
  for (const [first = 0, second = 0] of Object.values(bytes)) expect(second).toBeLessThan(first * 0.35);
});
