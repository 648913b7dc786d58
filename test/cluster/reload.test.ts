import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freePort } from '../harness/port.js';
import { temporaryCluster } from '../harness/temporary.js';
import { tree } from '../harness/tree.js';
import { control, cycle, mirror, sites, startChain } from './chain.js';

it('takes over an interval, what is followed, parents and the address, and goes on', async () => {
  const { source, origin, region, branch } = await startChain({ 'mac/a': 'a', 'win/b': 'b' });
  await region.poll();
  const fonts = `${source}-fonts`;
  await tree(fonts, { font: 'f' });
  const listen = `http://127.0.0.1:${await freePort()}`;
  await region.configure({ listen, poll: { every: '20m', 'at-start': false, jitter: '0%' }, follow: [] });
  await origin.configure({ repositories: { tools: mirror(source), fonts: mirror(fonts) } });
  await branch.configure({ parent: listen });

  const before = Date.now();
  expect(await region.json('reload')).toEqual({
    changed: expect.arrayContaining(['listen', 'poll.every', 'follow']),
    needsRestart: [],
  });
  const status = await region.status();
  expect(status.listen).toBe(listen);
  expect(status.repositories).toMatchObject([{ name: 'tools', selection: null }]);
  await expect(fetch(`${region.url}/v1/directory`)).rejects.toThrow('fetch failed');
  expect(await branch.json('reload')).toEqual({ changed: ['parent'], needsRestart: [] });
  await branch.poll();
  await cycle(region);
  const [tools] = (await region.status()).repositories;
  expect(Date.parse(tools?.poll?.nextAt ?? '') - before).toBeLessThan(21 * 60_000);

  expect(await origin.json('reload')).toEqual({ changed: ['repositories.fonts'], needsRestart: [] });
  await expect
    .poll(async () => (await control(origin).status({ tree: false })).repositories, { timeout: 10_000 })
    .toMatchObject([
      { name: 'fonts', generation: 1 },
      { name: 'tools', generation: 1 },
    ]);
});

it('does so on SIGHUP too', async () => {
  const { region } = await startChain({ a: 'a' });
  await region.configure({ log: 'debug' });
  region.signal('SIGHUP');
  await expect.poll(() => region.records().at(-1)).toMatchObject({ msg: 'reloaded', changed: ['log'] });
});

it('refuses a broken file with all its problems, and goes on by the old settings', async () => {
  const { region, branch } = await startChain({ a: 'a' });
  await region.configure({ site: 'not a site', listen: 'http://192.0.2.1:80', folow: 'all' });
  const { exitCode, stderr } = await region.cli('reload');
  expect(exitCode).toBe(4);
  for (const word of ['site', 'listen', 'folow']) expect(stderr).toMatch(new RegExp(`depot.yaml:\\d+:\\d+.*${word}`));

  region.signal('SIGHUP');
  await expect.poll(() => region.records().at(-1)).toMatchObject({ level: 'error', code: 'config-invalid' });
  await region.poll();
  expect((await branch.poll()).cycles).toMatchObject([{ outcome: 'applied' }]);

  await region.configure({ site: sites.region, listen: region.url, folow: undefined });
  await appendFile(region.config, 'poll: {every: 1h}\npoll: [');
  expect(await region.cli('reload')).toMatchObject({ exitCode: 4 });
  expect(await region.cli('status')).toMatchObject({ exitCode: 0 });
});

it('says what waits for a restart', async () => {
  const { region } = await startChain({ a: 'a' });
  await region.configure({ site: 'enterprise/france' });
  expect(await region.json('reload')).toEqual({ changed: [], needsRestart: ['site'] });
  expect((await region.status()).site).toBe(sites.region);
});

it('keeps the old address where the new one cannot be had', async () => {
  const { region, branch } = await startChain({ a: 'a' });
  await region.configure({ listen: branch.url });
  expect(await region.cli('reload')).toMatchObject({ exitCode: 14 });
  await region.poll();
  expect((await branch.poll()).cycles).toMatchObject([{ outcome: 'applied' }]);
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
  const generation = async (): Promise<unknown> =>
    (await control(branch).status({ tree: false })).repositories[0]?.generation;
  await expect.poll(generation, { timeout: 20_000 }).toBe(1);
  await tree(join(cluster.folder, 'source'), { b: 'b' });
  await expect.poll(generation, { timeout: 20_000 }).toBe(2);
});
