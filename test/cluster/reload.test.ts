import { appendFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { answers } from '../harness/daemon.js';
import { freePort } from '../harness/port.js';
import { afterTheLast, temporaryCluster } from '../harness/temporary.js';
import { tree } from '../harness/tree.js';
import { cycle, mirror, pollAll, sites, startChain, startPair, statusOf, type Pair } from './chain.js';

it('takes over an interval, what is followed, parents, repositories and the address, and goes on', async () => {
  const { source, origin, region, branch } = await startChain({ 'mac/a': 'a', 'win/b': 'b' });
  await pollAll(region);
  const fonts = `${source}-fonts`;
  await tree(fonts, { font: 'f' });
  const listen = `https://127.0.0.1:${await freePort()}`;
  await region.configure({ listen, poll: { every: '20m', 'at-start': false, jitter: '0%' }, follow: [] });
  await origin.configure({ repositories: { tools: mirror(source), fonts: mirror(fonts) } });
  await branch.configure({ parent: listen });

  const before = Date.now();
  expect(await region.json('reload')).toEqual({
    changed: expect.arrayContaining(['listen', 'poll.every', 'follow']),
    needsRestart: [],
    certificate: null,
  });
  expect(await statusOf(region)).toMatchObject({ listen, repositories: [{ name: 'tools', selection: null }] });
  expect(await answers(region.url)).toBe(false);
  expect(await branch.json('reload')).toEqual({ changed: ['parent'], needsRestart: [], certificate: null });
  await pollAll(branch);
  await cycle(region);
  const [tools] = (await statusOf(region)).repositories;
  expect(Date.parse(tools?.poll?.nextAt ?? '') - before).toBeLessThan(21 * 60_000);

  expect(await origin.json('reload')).toEqual({ changed: ['repositories.fonts'], needsRestart: [], certificate: null });
  await expect
    .poll(async () => (await statusOf(origin)).repositories, { timeout: 20_000 })
    .toMatchObject([
      { name: 'fonts', generation: 1 },
      { name: 'tools', generation: 1 },
    ]);
});

describe('a file that', () => {
  let pair: Pair;
  const whenDone = afterTheLast();
  beforeAll(async () => {
    pair = await startPair({ a: 'a' }, {}, whenDone);
  });

  it('was changed is read on SIGHUP', async () => {
    const { region } = pair;
    await region.configure({ log: 'debug' });
    region.signal('SIGHUP');
    await expect
      .poll(() => region.records().at(-1), { timeout: 20_000 })
      .toMatchObject({ msg: 'reloaded', changed: ['log'] });
  });

  it('is broken is refused with all its problems, and the old settings stay', async () => {
    const { region } = pair;
    const { listen, site } = { listen: region.url, site: sites.region };
    onTestFinished(() => region.configure({ listen, site, folow: undefined }));
    await region.configure({ site: 'not a site', listen: 'http://192.0.2.1:80', folow: 'all' });
    const { exitCode, stderr } = await region.cli('reload');
    expect(exitCode).toBe(4);
    for (const word of ['site', 'listen', 'folow']) expect(stderr).toMatch(new RegExp(`depot.yaml:\\d+:\\d+.*${word}`));

    region.signal('SIGHUP');
    const last = (): unknown => region.records().at(-1);
    await expect.poll(last, { timeout: 20_000 }).toMatchObject({ level: 'error', code: 'config-invalid' });
    expect(await pollAll(region)).toMatchObject([{ outcome: 'applied' }]);

    await appendFile(region.config, 'poll: [');
    expect(await region.cli('reload')).toMatchObject({ exitCode: 4 });
    expect(await region.cli('status')).toMatchObject({ exitCode: 0 });
    await writeFile(region.config, '');
    expect(await region.cli('reload')).toMatchObject({ exitCode: 4 });
  });

  it('changes what only a start can take over says so', async () => {
    const { region } = pair;
    onTestFinished(() => region.configure({ site: sites.region }));
    await region.configure({ site: 'enterprise/france' });
    expect(await region.json('reload')).toEqual({ changed: [], needsRestart: ['site'], certificate: null });
    expect((await statusOf(region)).site).toBe(sites.region);
  });

  it('names an address that cannot be had leaves the old one in use', async () => {
    const { region } = pair;
    const taken = createServer();
    onTestFinished(() => void taken.close());
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    await region.configure({ listen: `https://127.0.0.1:${(taken.address() as AddressInfo).port}` });
    expect(await region.cli('reload')).toMatchObject({ exitCode: 14 });
    expect((await statusOf(region)).listen).toBe(region.url);
    expect(await answers(region.url)).toBe(true);
  });
});

it('takes up the polls at start, by itself, at the interval', async () => {
  const cluster = await temporaryCluster(async (folder) => {
    const source = join(folder, 'source');
    await tree(source, { a: 'a' });
    const poll = { every: '1s', jitter: '0%' };
    return {
      origin: { site: sites.origin, repositories: { tools: { ...mirror(source), settle: '100ms' } } },
      region: { site: sites.region, parent: 'origin', poll },
      branch: { site: sites.branch, parent: 'region', poll },
    };
  });
  const branch = cluster.depot('branch');
  const generation = async (): Promise<unknown> => (await statusOf(branch)).repositories[0]?.generation;
  await expect.poll(generation, { timeout: 30_000 }).toBe(1);
  await tree(join(cluster.folder, 'source'), { b: 'b' });
  await expect.poll(generation, { timeout: 30_000 }).toBe(2);
});
