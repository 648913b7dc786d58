import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { makeDepot, type Depot } from '../harness/depot.js';
import { freePorts } from '../harness/port.js';
import { temporaryFolder } from '../harness/temporary.js';
import { tree } from '../harness/tree.js';
import { control, cycle, mirror, pollAll, publish } from './chain.js';

vi.setConfig({ testTimeout: 180_000 });

const poll = { every: '1h', 'at-start': false };

/** The fingerprints that a depot trusts, and the root that its own certificate was renewed under. */
async function trusted(depot: Depot): Promise<{ anchors: readonly string[]; serial: string }> {
  const { anchors, own } = await control(depot).trust.certificates();
  return { anchors: anchors.map(({ fingerprint }) => fingerprint), serial: own?.serial ?? '' };
}

it('rotates the CA under running depots: both roots count, all renew, and depots join meanwhile', async () => {
  const folder = await temporaryFolder();
  const [one, two, three] = await freePorts(3);
  const url = (port: number | undefined) => `https://127.0.0.1:${port ?? 0}`;
  const made = async (name: string, site: string, listen: string, more: object): Promise<Depot> => {
    const settings = { depot: name, site, listen, data: join(folder, name, 'data'), poll, ...more };
    const depot = await makeDepot(join(folder, name), settings);
    onTestFinished(async () => void (await depot.stop()));
    return depot;
  };
  const joins = async (above: Depot, depot: Depot, site: string): Promise<void> => {
    const { token } = await control(above).trust.invite(depot.name, site, { ttlMs: 600_000, urls: [above.url] });
    const file = join(folder, `${depot.name}.token`);
    await writeFile(file, token);
    const joined = await depot.cli(
      'join',
      '--token-file',
      file,
      '--data',
      depot.data,
      '--listen',
      depot.url,
      '--force',
    );
    expect(joined).toMatchObject({ exitCode: 0 });
    await depot.configure({});
    await depot.start();
  };

  const source = join(folder, 'source');
  await tree(source, { 'bin/tool': 'v1' });
  const origin = await made('origin', 'enterprise', url(one), { repositories: { tools: mirror(source) } });
  expect(await origin.cli('ca', 'init', '--company', 'Example')).toMatchObject({ exitCode: 0 });
  await origin.start();
  await publish(origin);
  const region = await made('region', 'enterprise/germany', url(two), { parent: url(one) });
  await joins(origin, region, 'enterprise/germany');
  expect(await pollAll(region)).toMatchObject([{ outcome: 'applied' }]);
  expect((await region.status()).repositories).toMatchObject([{ trust: { authenticated: true } }]);

  const before = { origin: await trusted(origin), region: await trusted(region) };
  const rotated = await origin.json<{ anchors: string[]; fingerprint: string }>('ca', 'rotate');
  expect(rotated.anchors).toEqual([...before.origin.anchors, rotated.fingerprint]);
  await expect.poll(async () => (await trusted(origin)).serial, { timeout: 20_000 }).not.toBe(before.origin.serial);

  // The region knows only the old root, and its parent shows a certificate of the new one already.
  await tree(source, { 'bin/tool': 'v2' });
  await publish(origin);
  expect(await cycle(region)).toMatchObject({ outcome: 'applied', toGeneration: 2, error: null });
  expect((await trusted(region)).anchors).toEqual(rotated.anchors);
  await expect.poll(async () => (await trusted(region)).serial, { timeout: 20_000 }).not.toBe(before.region.serial);

  const branch = await made('branch', 'enterprise/germany/munich', url(three), { parent: url(two) });
  await joins(region, branch, 'enterprise/germany/munich');
  expect(await pollAll(branch)).toMatchObject([{ outcome: 'applied', toGeneration: 2 }]);

  // The directory's own keys are rotated by the same command, and depots follow.
  expect((await origin.cli('status')).stdout).toContain('root key of .directory is on this machine');
  expect(await origin.json('keys', 'rotate', '.directory')).toMatchObject({ root: 2, generation: null });
  expect(await pollAll(region)).toMatchObject([{ outcome: 'unchanged' }]);
  expect((await region.status()).directory).toMatchObject({ trust: { rootKey: null }, error: null });
  expect(await readdir(join(region.data, 'metadata/.directory'))).toContain('2.root.json');

  const early = await origin.cli('ca', 'rotate', '--finish');
  expect(early).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('2 valid certificates lead to the root of before'),
  });
  expect(early.stderr).toMatch(/region \(until/);
});
