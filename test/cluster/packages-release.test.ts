import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { unzipSync } from 'fflate';
import { expect, it, onTestFinished } from 'vitest';
import type { Depot } from '../harness/depot.js';
import { temporaryCluster } from '../harness/temporary.js';
import { tree } from '../harness/tree.js';
import { control, cycle, pollAll, statusOf } from './chain.js';
import { deskOf, type Desk } from './package-desk.js';
import { unlike } from './unlike.js';

const site = 'enterprise/germany';
const MiB = 1024 ** 2;

interface Pair {
  readonly origin: Depot;
  readonly region: Depot;
  readonly desk: Desk;
  /** The work copy of a package. */
  work(name: string): string;
  /** The revision that clients of a depot get. */
  current(depot: Depot, name: string): Promise<string | null>;
}

/** A master depot of the repository `apps` and a depot below it. */
async function startPair(settings: Readonly<Record<string, unknown>> = {}): Promise<Pair> {
  const cluster = await temporaryCluster(
    (folder) => {
      const apps = { kind: 'packages', context: 'enterprise', work: join(folder, 'apps'), ...settings };
      return {
        origin: { site: 'enterprise', repositories: { apps } },
        region: { site, parent: 'origin' },
      };
    },
    onTestFinished,
    'http',
  );
  const origin = cluster.depot('origin');
  return {
    origin,
    desk: deskOf(origin, 'apps'),
    region: cluster.depot('region'),
    work: (name) => join(cluster.folder, 'apps', name),
    current: (depot, name) => readlink(join(depot.tree('apps'), name, 'current')).catch(() => null),
  };
}

async function create({ desk, work }: Pair, name: string, type: string, files: Record<string, string>): Promise<void> {
  await desk.create(name, type);
  await tree(work(name), files);
}

/** Stands between two depots and lets only so many bytes a second through, until it is opened. */
async function slowRelay(url: string, bytesPerSecond: number) {
  let isOpen = false;
  let seen = 0;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(new URL(url).port), '127.0.0.1');
    sockets.add(near).add(far);
    near.on('error', () => far.destroy()).pipe(far);
    far.on('error', () => near.destroy()).on('end', () => near.end());
    far.on('data', (chunk: Buffer) => {
      seen += chunk.length;
      near.write(chunk);
      if (isOpen) return;
      far.pause();
      setTimeout(() => far.resume(), (chunk.length / bytesPerSecond) * 1000);
    });
  });
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, bytes: () => seen, open: () => void (isOpen = true) };
}

it('switches a release while other content is under way, and goes on with that where it was', async () => {
  const pair = await startPair();
  const { desk, origin, region, work, current } = pair;
  const relay = await slowRelay(origin.url, 4 * MiB);
  await region.configure({ parent: relay.url });
  await region.json('reload');

  await create(pair, 'small', 'app', { a: 'one' });
  await desk.prepare('small');
  await desk.distribute('small', [site]);
  await pollAll(region);

  await create(pair, 'image', 'os', {});
  const size = 24 * MiB;
  await writeFile(join(work('image'), 'disk.img'), randomBytes(size));
  await desk.publish('image', site);
  const before = relay.bytes();
  const fetching = cycle(region, 'apps');
  await expect.poll(() => relay.bytes() - before, { timeout: 10_000 }).toBeGreaterThan(4 * MiB);

  await desk.release('small');
  // Its result is that of a cycle that goes on with the image; it shows the release first.
  const following = cycle(region, 'apps');
  await expect.poll(() => current(region, 'small'), { timeout: 3000 }).toBe('1');
  expect(await fetching).toMatchObject({ outcome: 'interrupted', error: null });
  expect(await current(region, 'image')).toBeNull();
  relay.open();
  expect(await following).toMatchObject({ outcome: 'applied' });
  expect(await current(region, 'image')).toBe('1');
  expect(await unlike(work('image'), join(region.tree('apps'), 'image/1'))).toEqual([]);
  // It travelled as it is, and once.
  expect(relay.bytes() - before).toBeGreaterThan(size);
  expect(relay.bytes() - before).toBeLessThan(size * 1.2);
  expect(await readdir(join(origin.data, 'encodings')).catch(() => [])).toEqual([]);
});

it('says at a child too which packages there are, and what its own clients get', async () => {
  const pair = await startPair();
  const { desk, region } = pair;
  const says = async (...words: string[]): Promise<string> => (await region.cli(...words)).stdout;
  expect((await region.cli('package', 'list', 'apps')).exitCode).toBe(6);
  await create(pair, 'tool', 'app', { version: '1' });
  await desk.publish('tool', 'enterprise');
  await pollAll(region);
  expect(await says('package', 'list', 'apps')).toMatch(/^tool +app +1 +1 /m);
  const { package: shown, depots } = await control(region).packages.readiness({ repository: 'apps', name: 'tool' });
  expect(shown).toMatchObject({ work: null, revisions: [{ revision: 1, state: 'released' }] });
  expect(depots).toMatchObject([{ depot: 'region', ready: [1], missing: [], current: 1 }]);
  expect(await says('package', 'show', 'apps/tool')).not.toContain('work copy');
  // What changes a package is for the master depot alone.
  const refused = await region.cli('package', 'release', 'apps/tool');
  expect(refused).toMatchObject({ exitCode: 6 });
  expect(refused.stderr).toContain('at its master depot');
});

it('switches everywhere at the time of a release, and not where it was cancelled', async () => {
  const pair = await startPair();
  const { desk, origin, region, current } = pair;
  for (const name of ['in-time', 'cancelled']) {
    await create(pair, name, 'script', { run: name });
    await desk.prepare(name);
    await desk.distribute(name, ['enterprise']);
  }
  const at = new Date(Date.now() + 4000).toISOString().replace(/\.\d+Z$/, 'Z');
  await desk.release('in-time', { at });
  await desk.release('cancelled', { at });
  await pollAll(region);
  await desk.cancel('cancelled');
  await pollAll(region);
  if (Date.now() < Date.parse(at)) expect(await current(region, 'in-time')).toBeNull();
  await expect(desk.revoke('in-time')).rejects.toThrow('(rule: released-stays)');
  // Nobody polls any more.
  for (const depot of [origin, region]) {
    await expect.poll(() => current(depot, 'in-time'), { timeout: 8000 }).toBe('1');
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(at));
    expect(await current(depot, 'cancelled')).toBeNull();
  }
});

it('gives a release to a ring first, and rolls back in it alone', async () => {
  const pair = await startPair({ rings: [{ name: 'pilot', sites: [site] }] });
  const { desk, origin, region, work, current } = pair;
  await create(pair, 'tool', 'app', { version: '1' });
  await desk.publish('tool', 'enterprise');
  await writeFile(join(work('tool'), 'version'), '2');
  await desk.prepare('tool');
  await desk.distribute('tool');
  await desk.release('tool', { ring: 'pilot' });
  await pollAll(region);
  expect([await current(origin, 'tool'), await current(region, 'tool')]).toEqual(['1', '2']);
  await desk.release('tool', { revision: 1, ring: 'pilot' });
  await pollAll(region);
  expect([await current(origin, 'tool'), await current(region, 'tool')]).toEqual(['1', '1']);
  await expect(desk.release('tool', { ring: 'wide' })).rejects.toMatchObject({ hint: 'rings: pilot' });
});

it('drops what a narrower target gives nobody, and finds nothing wrong in what stands', async () => {
  const pair = await startPair({ rings: [{ name: 'pilot', sites: [site] }] });
  const { desk, origin, region } = pair;
  await create(pair, 'tool', 'app', { a: 'x'.repeat(5000), b: 'y' });
  await create(pair, 'other', 'app', { c: 'z' });
  await desk.publish('tool', 'enterprise');
  await desk.publish('other', 'enterprise');
  await pollAll(region);
  await desk.release('tool', { ring: 'pilot' });
  expect(await region.json('plan', 'apps')).toMatchObject({ plans: [{ fetch: { files: 1 } }] });
  await pollAll(region);
  for (const depot of [origin, region]) {
    expect(await depot.json('verify')).toMatchObject({ missing: { count: 0 }, trees: { count: 0 } });
  }
  await desk.distribute('tool', ['enterprise'], [site]);
  await pollAll(region);
  expect(await readdir(region.tree('apps'))).toEqual(['other']);
  const depots = await desk.readiness('tool');
  expect(depots.map(({ depot, targeted }) => [depot, targeted])).toContainEqual(['region', false]);
  expect(await region.json('verify')).toMatchObject({ missing: { count: 0 }, trees: { count: 0 } });
});

it('goes on where the catalogues were lost, at the master depot and below it', async () => {
  const pair = await startPair();
  const { desk, origin, region, work, current } = pair;
  await create(pair, 'tool', 'app', { version: '1' });
  await desk.publish('tool', 'enterprise');
  await pollAll(region);
  for (const depot of [origin, region]) {
    await depot.stop();
    for (const suffix of ['', '-wal', '-shm']) await rm(join(depot.data, `state.db${suffix}`), { force: true });
    await depot.start();
  }
  await writeFile(join(work('tool'), 'version'), '2');
  await desk.publish('tool');
  await pollAll(region);
  expect(await current(region, 'tool')).toBe('2');
  expect((await readdir(join(region.tree('apps'), 'tool'))).sort()).toEqual([
    '1',
    '2',
    'current',
    'depot-package.json',
  ]);
});

it('takes a package away that is deleted while it is fetched', async () => {
  const pair = await startPair();
  const { desk, origin, region, work, current } = pair;
  const relay = await slowRelay(origin.url, 4 * MiB);
  await region.configure({ parent: relay.url });
  await region.json('reload');
  await create(pair, 'image', 'os', {});
  await mkdir(work('image'), { recursive: true });
  await writeFile(join(work('image'), 'disk.img'), randomBytes(12 * MiB));
  await desk.prepare('image');
  await desk.distribute('image', [site]);
  const fetching = pollAll(region);
  await expect.poll(() => relay.bytes(), { timeout: 10_000 }).toBeGreaterThan(2 * MiB);
  await desk.remove('image');
  const following = cycle(region, 'apps');
  await delay(100);
  relay.open();
  await fetching;
  expect((await following).error).toBeNull();
  expect(await current(region, 'image')).toBeNull();
  const [apps] = (await statusOf(region)).repositories;
  expect(apps).toMatchObject({ error: null, lag: { generations: 0 } });
  expect(await control(origin).packages.list('apps')).toEqual([]);
});

it('switches a release through a line that is closed for content', async () => {
  const pair = await startPair();
  const { desk, region, work, current } = pair;
  await create(pair, 'tool', 'app', { version: '1' });
  await desk.prepare('tool');
  await desk.distribute('tool', [site]);
  await pollAll(region);
  await region.json('pause');
  await desk.release('tool');
  await writeFile(join(work('tool'), 'version'), '2');
  await desk.prepare('tool');
  await desk.distribute('tool');
  expect(await cycle(region, 'apps')).toMatchObject({ outcome: 'waiting', error: { code: 'window-closed' } });
  expect(await current(region, 'tool')).toBe('1');
  // It polls by itself then.
  await region.json('resume');
  await expect.poll(async () => (await statusOf(region)).repositories[0]?.waitsForWindow).toBe(false);
  expect((await cycle(region, 'apps')).error).toBeNull();
});

it('exports a revision as a zip file', async () => {
  const pair = await startPair();
  const { desk, region, work } = pair;
  await create(pair, 'tool', 'app', { 'bin/a': 'a'.repeat(10_000), 'ä ö': 'umlauts' });
  await chmod(join(work('tool'), 'bin/a'), 0o755);
  await desk.publish('tool', site);
  await pollAll(region);
  const file = join(work('tool'), '../tool.zip');
  expect(await region.json('package', 'export', 'apps/tool@1', '--zip', file)).toMatchObject({ revision: 1, files: 2 });
  const unzipped = unzipSync(await readFile(file));
  expect(Object.keys(unzipped)).toEqual(['bin/a', 'ä ö']);
  expect(Buffer.from(unzipped['bin/a'] ?? '').toString()).toBe('a'.repeat(10_000));
  expect((await region.cli('package', 'export', 'apps/tool', '--zip', file)).exitCode).toBe(2);
  expect((await region.cli('package', 'export', 'apps/tool@7', '--zip', `${file}.2`)).exitCode).toBe(6);
});
